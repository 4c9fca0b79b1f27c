// A hidden page, whose timers the browser throttles: the call continues.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startFaultProxy } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const PING = 1000;
const PONG = 3000;

/** How long the page is hidden. After five minutes Chromium throttles most pages further, to one timer a minute. */
const HIDDEN = Number(process.env.VIDEOCALLS_HIDDEN ?? 6) * 1000;
const ROUND = 30_000;

describe('a hidden page', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startFaultProxy('--ping', String(PING), '--pong', String(PONG));
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const join = async (browser) => (await fixtures.join(browser, site.origin, { signaling: server.socket('/rooms'), room })).page;
  const changes = (page, type, since) =>
    page.run((type, since) => globalThis.log.filter((entry) => entry.type === type && entry.at >= since), type, since);

  for (const kind of ['chromium', 'firefox']) {
    test(`F48 a hidden page stays in the call, and reconnects to the server (${kind})`, async () => {
      const a = await join(fixtures.browser('chromium', ann));
      const browser = await fixtures.browser(kind, bob, { throttled: true });
      const b = await join(browser);
      await inCall(a, b, REMOTE);
      const cover = await browser.cover();
      await b.until(() => document.hidden);
      // Firefox does not throttle a page with a call.
      if (kind === 'chromium') assert.ok((await b.run(longestTimeout)) > 900, 'timers are throttled');

      const since = Date.now();
      const before = await b.run(allOfTheCall);
      await within(500, { row: 'F48', browser: kind, what: `longest gap of the media of a page that is hidden for ${HIDDEN / 1000} s` }, () =>
        longestGap(a),
      );
      assert.equal(await b.run(() => document.hidden), true);
      assert.deepEqual(await b.run(allOfTheCall), before, 'the same seat, socket, links and tracks');
      assert.deepEqual(await changes(b, 'state-changed', since), []);
      assert.deepEqual(await changes(a, 'participant-changed', since), []);

      await within(2000, { row: 'F48', browser: kind, what: 'signaling of a hidden page reconnects' }, async () => {
        const cut = await b.run(() => {
          for (const socket of globalThis.__e2e.sockets()) socket.close();
          return Date.now();
        });
        const back = await b.until(
          (cut) => globalThis.log.find(({ type, state, at }) => type === 'state-changed' && state === 'connected' && at >= cut),
          cut,
          patience(10_000, 'the call to reconnect'),
        );
        return back.at - cut;
      });
      await cover.close();
      await b.until(() => !document.hidden);
      await inCall(a, b, REMOTE);
      assert.deepEqual(await changes(a, 'participant-left', since), []);
    });
  }
});

/** Measures in rounds, because a page must answer within a minute. */
async function longestGap(page) {
  let longest = 0;
  for (let left = HIDDEN; left > 0; left -= ROUND) {
    const watch = await gaps(page);
    longest = Math.max(longest, await watch.longest(Math.min(left, ROUND)));
  }
  return longest;
}

/** The id of a call and the numbers of all that it has made. Runs in the page. */
function allOfTheCall() {
  return { id: globalThis.call.id, ...globalThis.__e2e.made };
}

/** The longest of three timeouts of 20 ms. Runs in the page. */
async function longestTimeout() {
  const times = [];
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    times.push(performance.now() - began);
  }
  return Math.max(...times);
}
