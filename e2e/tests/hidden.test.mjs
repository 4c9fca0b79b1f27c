// A page that nobody looks at, whose timers the browser slows: the call goes on.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startFaultProxy } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const PING = 1000;
const PONG = 3000;

/** How long the page is hidden. After five minutes Chromium slows most pages further, to a timer a minute. */
const HIDDEN = Number(process.env.VIDEOCALLS_HIDDEN ?? 6) * 1000;
const ROUND = 30_000;

describe('a page that nobody looks at', () => {
  const scene = fixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startFaultProxy('--ping', String(PING), '--pong', String(PONG));
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const enter = async (browser) => (await scene.join(browser, site.origin, { signaling: server.socket('/rooms'), room })).page;
  const changes = (page, type, since) =>
    page.run((type, since) => globalThis.log.filter((entry) => entry.type === type && entry.at >= since), type, since);

  for (const kind of ['chromium', 'firefox']) {
    test(`F48 it is in the call all the time, and finds the server again (${kind})`, async () => {
      const a = await enter(scene.browser('chromium', ann));
      const browser = await scene.browser(kind, bob, { drowsy: true });
      const b = await enter(browser);
      await inCall(a, b, REMOTE);
      const cover = await browser.cover();
      await b.until(() => document.hidden);
      // Firefox does not slow a page that has a call.
      if (kind === 'chromium') assert.ok((await b.run(longestNap)) > 900, 'timers are slowed');

      const since = Date.now();
      const before = await b.run(held);
      await within(500, { row: 'F48', browser: kind, what: `longest gap of what a page sends that is hidden for ${HIDDEN / 1000} s` }, () =>
        longestGap(a),
      );
      assert.equal(await b.run(() => document.hidden), true);
      assert.deepEqual(await b.run(held), before, 'the same seat, socket, links and tracks');
      assert.deepEqual(await changes(b, 'state-changed', since), []);
      assert.deepEqual(await changes(a, 'participant-changed', since), []);

      await within(2000, { row: 'F48', browser: kind, what: 'signaling of a hidden page is back' }, async () => {
        const cut = await b.run(() => {
          for (const socket of globalThis.__e2e.sockets()) socket.close();
          return Date.now();
        });
        const back = await b.until(
          (cut) => globalThis.log.find(({ type, state, at }) => type === 'state-changed' && state === 'connected' && at >= cut),
          cut,
          patience(10_000, 'the way back to the server'),
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

/** In rounds, since no answer of a page may take longer than a minute. */
async function longestGap(page) {
  let longest = 0;
  for (let left = HIDDEN; left > 0; left -= ROUND) {
    const watch = await gaps(page);
    longest = Math.max(longest, await watch.longest(Math.min(left, ROUND)));
  }
  return longest;
}

/** What a call has, and all that it ever had. */
function held() {
  return { id: globalThis.call.id, ...globalThis.__e2e.made };
}

/** How long the longest of three timers takes that are to take 20 ms. */
async function longestNap() {
  const naps = [];
  for (let nap = 0; nap < 3; nap += 1) {
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    naps.push(performance.now() - began);
  }
  return Math.max(...naps);
}
