// Pages that crash, are closed, are reloaded, or are open twice.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const GRACE = 5;

describe('the life of a page', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startServer('--seat-grace', String(GRACE));
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const options = () => ({ signaling: server.socket('/rooms'), room });
  const join = (kind, person) => fixtures.join(fixtures.browser(kind, person), site.origin, options());
  const twoInCall = async (kind) => {
    const pair = [await join('chromium', ann), await join(kind, bob)];
    await inCall(pair[0].page, pair[1].page, REMOTE);
    // Silence means a loss only once media has arrived for a while.
    await pair[0].page.until((selector) => document.querySelector(selector).currentTime > 2, REMOTE, patience(5000, 'two seconds of media'));
    return pair.map(({ page }) => page);
  };
  const start = (page) => page.run((options) => globalThis.start(options), { name: page.person.name, ...options() });
  const joinsAndLeaves = (page) =>
    page.run(() => globalThis.log.filter(({ type }) => /^participant-(joined|left)$/.test(type)).map(({ type }) => type));
  const logged = (page, type, since, timeout) =>
    page.until(
      (type, since) => globalThis.log.find((entry) => entry.type === type && entry.at >= since),
      type,
      since,
      patience(timeout, type),
    );

  for (const kind of ['chromium', 'firefox']) {
    test(`F29 a page is reloaded: it has the same seat and is still muted, and nobody joins or leaves (${kind})`, async () => {
      const [a, b] = await twoInCall(kind);
      const id = await b.run(() => {
        globalThis.call.toggleTrack('audio', false);
        return globalThis.call.id;
      });
      await a.until(() => globalThis.call.participants[0]?.tracks.microphone.state === 'muted');
      const watch = await gaps(a);
      await b.raw.reload({ waitUntil: 'load' });
      await prepare(b);
      assert.deepEqual(await start(b), { id });
      await sees(a, bob, REMOTE);
      await within(3000, { row: 'F29', browser: kind, what: 'gap of the media at the other end' }, () => watch.longest(500));
      await sees(b, ann, REMOTE);
      await b.until(() => globalThis.call.local.tracks.microphone.state === 'muted');
      const { name, tracks, away } = await a.run(() => globalThis.call.participants[0]);
      assert.deepEqual([name, tracks.microphone.state, away], [bob.name, 'muted', false]);
      assert.deepEqual(await joinsAndLeaves(a), ['participant-joined']);
    });

    test(`F30 a page is closed: the other is notified at once, and again when its seat is lost (${kind})`, async () => {
      const [a, b] = await twoInCall(kind);
      const since = Date.now();
      await b.goto(`${site.origin}/?elsewhere`);
      // A page in the back/forward cache leaves at once; another one is away, because it may be reloading.
      const noticed = await a.until(
        (since) =>
          globalThis.log.find(({ type, participant, at }) => at >= since && (participant?.away || type === 'participant-left')),
        since,
        patience(3000, 'the other to be away or to leave'),
      );
      await within(300, { row: 'F30', browser: kind, what: 'the other is notified' }, () => noticed.at - since);
      const { at, reason } = await logged(a, 'participant-left', since, 8000);
      await within(5000, { row: 'F30', browser: kind, what: 'left' }, () => at - since);
      assert.equal(reason, 'bye');
    });

    test(`F28 a browser is killed: it is away at once, and leaves when its seat is lost (${kind})`, async () => {
      const [a, b] = await twoInCall(kind);
      const since = Date.now();
      await fixtures.kill(kind, bob, b);
      await within(1000, { row: 'F28', browser: kind, what: 'shown as interrupted' }, async () => {
        await a.until(() => globalThis.call.participants[0]?.connection === 'interrupted', patience(5000, 'an interrupted connection'));
        return Date.now() - since;
      });
      assert.equal(await a.run(() => globalThis.call.participants[0].away), true);
      const { at, reason } = await logged(a, 'participant-left', since, 20_000);
      await within(GRACE * 1000 + 1000, { row: 'F28', browser: kind, what: `left after a grace period of ${GRACE} s` }, () => at - since);
      assert.equal(reason, 'lost');
    });
  }

  test('F28 a tab crashes: it is away at once', async () => {
    const [a, b] = await twoInCall('chromium');
    const session = await b.raw.createCDPSession();
    const since = Date.now();
    session.send('Page.crash').catch(() => {});
    await within(1000, { row: 'F28', browser: 'chromium', what: 'a crashed tab is shown as interrupted' }, async () => {
      await a.until(() => globalThis.call.participants[0]?.connection === 'interrupted', patience(5000, 'an interrupted connection'));
      return Date.now() - since;
    });
    await fixtures.kill('chromium', bob, b);
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`a duplicated tab joins as another participant and the first tab keeps its seat (${kind})`, async () => {
      const [a, b] = await twoInCall(kind);
      const id = await b.run(() => globalThis.call.id);
      const storage = await b.run(() => ({ ...sessionStorage }));
      const copy = await fixtures.open(fixtures.browser(kind, bob), site.origin, {
        before: `Object.assign(sessionStorage, ${JSON.stringify(storage)})`,
      });
      await prepare(copy);
      const joined = await start(copy);
      assert.notEqual(joined.id, id);
      await a.until(() => globalThis.call.participants.length === 2);
      assert.equal(await b.run(() => globalThis.call.state), 'connected');
      assert.deepEqual(await joinsAndLeaves(a), ['participant-joined', 'participant-joined']);
    });
  }
});
