// A page that the browser keeps for the way back, and a machine that sleeps: awake, it is in the call again. For
// the machine stands a browser that is stopped, whose clock alone goes on.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { callSite, prepare } from '../lib/calls.mjs';
import { limit, within } from '../lib/faults.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall, sees } from '../lib/media-probe.mjs';
import { startFaultProxy } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const LOCAL = '#localVideoElement';
const REMOTE = '#remoteVideoElement';
const GRACE = 3;

/** What a browser writes to its console when a socket fails that a script has opened. */
const SOCKET_FAILED = /WebSocket|can.t establish a connection|connection to ws\S+ was interrupted/i;

describe('asleep and awake again', () => {
  const scene = fixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startFaultProxy('--ping', '1000', '--pong', '3000', '--seat-grace', String(GRACE));
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const options = () => ({ signaling: server.socket('/rooms'), room });
  const two = async (kind) => {
    const enter = (browser) => scene.join(browser, site.origin, options());
    const pair = [await enter(scene.browser('chromium', ann)), await enter(scene.browser(kind, bob))];
    const [a, b] = pair.map(({ page }) => page);
    b.expectFault(SOCKET_FAILED);
    await inCall(a, b, REMOTE);
    return [a, b];
  };
  const noted = (page, type, since, timeout = 15_000) =>
    page.until(
      (type, since) => globalThis.log.find((entry) => entry.type === type && entry.at >= since),
      type,
      since,
      patience(timeout, type),
    );

  /** Each sees the other, and holds nobody else to be there; gives the time. */
  const together = async (a, b) => {
    await Promise.all([sees(a, bob, REMOTE), sees(b, ann, REMOTE), knows(a, b), knows(b, a)]);
    return Date.now();
  };
  const knows = async (page, other) => {
    const end = Date.now() + 10_000;
    let [id, others] = [];
    do {
      id = await other.run(() => globalThis.call.state === 'connected' && globalThis.call.id);
      others = await page.run(() => globalThis.call.participants.map(({ id, connection, away }) => ({ id, connection, away })));
      if (isDeepStrictEqual(others, [{ id, connection: 'connected', away: false }])) return;
    } while (Date.now() < end);
    assert.fail(`${page.person.name} knows ${JSON.stringify(others)}, and ${other.person.name} is ${id}`);
  };
  /** What was on its way when the machine fell asleep may come by a link that is dead: nothing stops after it. */
  const remain = async (a, b) => {
    const longest = await (await gaps(a, b)).longest(3000);
    assert.ok(longest < limit(1000), `nothing came in for ${longest} ms, after all was well`);
    await inCall(a, b, REMOTE);
  };

  const goesElsewhere = async (page) => {
    const [, since] = await Promise.all([
      page.raw.waitForNavigation(),
      page.run(() => {
        location.href = '/?elsewhere';
        return Date.now();
      }),
    ]);
    return since;
  };

  const goesBack = (page) => Promise.all([page.raw.waitForNavigation(), page.run(() => history.back())]);

  test('F49 Chromium keeps the page for the way back: it leaves with nothing, and is in the call again', async () => {
    const [a, b] = await two('chromium');
    const held = await b.run(() => {
      addEventListener('pagehide', () => Object.assign(globalThis, { heldAsleep: globalThis.__e2e.holdings() }));
      addEventListener('pageshow', ({ persisted }) => globalThis.log.push({ type: 'pageshow', persisted, at: Date.now() }));
      return globalThis.__e2e.holdings();
    });
    const since = await goesElsewhere(b);
    const left = await noted(a, 'participant-left', since);
    assert.equal(left.reason, 'bye');
    await within(300, { row: 'F49', browser: 'chromium', what: 'the others know that the page is left' }, () => left.at - since);

    await goesBack(b);
    const shown = await b.until(() => globalThis.log?.find(({ type }) => type === 'pageshow'), patience(5000, 'the page of before'));
    assert.equal(shown.persisted, true);
    const what = 'in the call again on the way back';
    await within(3000, { row: 'F49', browser: 'chromium', what }, async () => (await together(a, b)) - shown.at);
    assert.deepEqual(await b.run(() => globalThis.heldAsleep), { tracks: 0, sockets: 0, links: 0 });
    assert.deepEqual(await b.run(() => globalThis.__e2e.holdings()), held);
    await sees(b, bob, LOCAL);
    await remain(a, b);
  });

  test('F49 Firefox keeps no page with a call: it is loaded anew, and takes the same seat', async () => {
    const [a, b] = await two('firefox');
    const id = await b.run(() => globalThis.call.id);
    await goesElsewhere(b);
    await goesBack(b);
    assert.equal(await b.run(() => typeof globalThis.call), 'undefined');
    await within(3000, { row: 'F49', browser: 'firefox', what: 'in the call again on the way back, by a start anew' }, async () => {
      const began = Date.now();
      await prepare(b);
      assert.deepEqual(await b.run((options) => globalThis.start(options), { name: bob.name, ...options() }), { id });
      return (await together(a, b)) - began;
    });
    await remain(a, b);
  });

  /** Puts a browser to sleep until the other page's log has such an entry; gives the time of its waking. */
  const sleepsUntil = async (kind, page, type) => {
    const browser = await scene.browser(kind, bob);
    const since = Date.now();
    browser.sleep();
    try {
      await page.until(
        (type, since) =>
          globalThis.log.some(({ type: told, participant, at }) => at >= since && told === type && participant.away),
        type,
        since,
        patience(20_000, type),
      );
    } finally {
      browser.wake();
    }
    return Date.now();
  };

  const SLEEPS = {
    'while the seat is held': 'participant-changed',
    'when the seat is gone': 'participant-left',
  };

  for (const kind of ['chromium', 'firefox']) {
    for (const [when, told] of Object.entries(SLEEPS)) {
      test(`F49 a machine wakes ${when}: it is in the call again, as who it was (${kind})`, async () => {
        const [a, b] = await two(kind);
        const id = await b.run(() => globalThis.call.id);
        const awake = await sleepsUntil(kind, a, told);
        const what = `in the call again, awake ${when}`;
        await within(3000, { row: 'F49', browser: kind, what }, async () => (await together(a, b)) - awake);
        assert.equal(await b.run(() => globalThis.call.id), id);
        await remain(a, b);
      });
    }
  }
});
