// A page in the back/forward cache, and a computer that sleeps: afterwards they are in the call again. A
// sleeping computer is a browser whose processes are stopped.

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
import { createFixtures } from '../lib/fixtures.mjs';

const LOCAL = '#localVideoElement';
const REMOTE = '#remoteVideoElement';
const GRACE = 3;

/** What browsers write to the console when a WebSocket fails. */
const SOCKET_FAILED = /WebSocket|can.t establish a connection|connection to ws\S+ was interrupted/i;

describe('sleep', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startFaultProxy('--ping', '1000', '--pong', '3000', '--seat-grace', String(GRACE));
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const options = () => ({ signaling: server.socket('/rooms'), room });
  const twoInCall = async (kind) => {
    const join = (browser) => fixtures.join(browser, site.origin, options());
    const pair = [await join(fixtures.browser('chromium', ann)), await join(fixtures.browser(kind, bob))];
    const [a, b] = pair.map(({ page }) => page);
    b.expectFault(SOCKET_FAILED);
    await inCall(a, b, REMOTE);
    return [a, b];
  };
  const logged = (page, type, since, timeout = 15_000) =>
    page.until(
      (type, since) => globalThis.log.find((entry) => entry.type === type && entry.at >= since),
      type,
      since,
      patience(timeout, type),
    );

  /** Waits until each sees the other and knows of nobody else; resolves to the time. */
  const reunited = async (a, b) => {
    await Promise.all([sees(a, bob, REMOTE), sees(b, ann, REMOTE), knowsOnly(a, b), knowsOnly(b, a)]);
    return Date.now();
  };
  const knowsOnly = async (page, other) => {
    const end = Date.now() + 10_000;
    let [id, others] = [];
    do {
      id = await other.run(() => globalThis.call.state === 'connected' && globalThis.call.id);
      others = await page.run(() => globalThis.call.participants.map(({ id, connection, away }) => ({ id, connection, away })));
      if (isDeepStrictEqual(others, [{ id, connection: 'connected', away: false }])) return;
    } while (Date.now() < end);
    assert.fail(`${page.person.name} knows ${JSON.stringify(others)}, but ${other.person.name} is ${id}`);
  };
  /** Packets that were on their way before the sleep may arrive late by a dead link: no gap follows them. */
  const noGapFollows = async (a, b) => {
    const longest = await (await gaps(a, b)).longest(3000);
    assert.ok(longest < limit(1000), `nothing was received for ${longest} ms after the return`);
    await inCall(a, b, REMOTE);
  };

  const navigateAway = async (page) => {
    const [, since] = await Promise.all([
      page.raw.waitForNavigation(),
      page.run(() => {
        location.href = '/?elsewhere';
        return Date.now();
      }),
    ]);
    return since;
  };

  const navigateBack = (page) => Promise.all([page.raw.waitForNavigation(), page.run(() => history.back())]);

  test('F49 Chromium restores a page from its cache: it had released everything, and is in the call again', async () => {
    const [a, b] = await twoInCall('chromium');
    const before = await b.run(() => {
      addEventListener('pagehide', () => Object.assign(globalThis, { heldInCache: globalThis.__e2e.holdings() }));
      addEventListener('pageshow', ({ persisted }) => globalThis.log.push({ type: 'pageshow', persisted, at: Date.now() }));
      return globalThis.__e2e.holdings();
    });
    const since = await navigateAway(b);
    const left = await logged(a, 'participant-left', since);
    assert.equal(left.reason, 'bye');
    await within(300, { row: 'F49', browser: 'chromium', what: 'the others are notified that the page was left' }, () => left.at - since);

    await navigateBack(b);
    const shown = await b.until(() => globalThis.log?.find(({ type }) => type === 'pageshow'), patience(5000, 'the page from the cache'));
    assert.equal(shown.persisted, true);
    const what = 'in the call again from the cache';
    await within(3000, { row: 'F49', browser: 'chromium', what }, async () => (await reunited(a, b)) - shown.at);
    assert.deepEqual(await b.run(() => globalThis.heldInCache), { tracks: 0, sockets: 0, links: 0 });
    assert.deepEqual(await b.run(() => globalThis.__e2e.holdings()), before);
    await sees(b, bob, LOCAL);
    await noGapFollows(a, b);
  });

  test('F49 Firefox reloads a page with a call: it takes the same seat', async () => {
    const [a, b] = await twoInCall('firefox');
    const id = await b.run(() => globalThis.call.id);
    await navigateAway(b);
    await navigateBack(b);
    assert.equal(await b.run(() => typeof globalThis.call), 'undefined');
    await within(3000, { row: 'F49', browser: 'firefox', what: 'in the call again after the reload' }, async () => {
      const began = Date.now();
      await prepare(b);
      assert.deepEqual(await b.run((options) => globalThis.start(options), { name: bob.name, ...options() }), { id });
      return (await reunited(a, b)) - began;
    });
    await noGapFollows(a, b);
  });

  /** Stops a browser until the other page's log has an entry of this type; resolves to the time at which it goes on. */
  const sleepUntil = async (kind, page, type) => {
    const browser = await fixtures.browser(kind, bob);
    const since = Date.now();
    browser.sleep();
    try {
      await page.until(
        (type, since) =>
          globalThis.log.some((entry) => entry.at >= since && entry.type === type && entry.participant.away),
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
    'while its seat is kept': 'participant-changed',
    'after its seat is lost': 'participant-left',
  };

  for (const kind of ['chromium', 'firefox']) {
    for (const [when, event] of Object.entries(SLEEPS)) {
      test(`F49 a computer wakes ${when}: it is in the call again with the same id (${kind})`, async () => {
        const [a, b] = await twoInCall(kind);
        const id = await b.run(() => globalThis.call.id);
        const awake = await sleepUntil(kind, a, event);
        const what = `in the call again, woken ${when}`;
        await within(3000, { row: 'F49', browser: kind, what }, async () => (await reunited(a, b)) - awake);
        assert.equal(await b.run(() => globalThis.call.id), id);
        await noGapFollows(a, b);
      });
    }
  }
});
