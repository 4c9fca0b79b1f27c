// Pages that crash, are closed, are loaded anew, or are open twice.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const GRACE = 5;

describe('the life of a page', () => {
  const scene = fixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startServer('--seat-grace', String(GRACE));
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const options = () => ({ signaling: server.socket('/rooms'), room });
  const enter = (kind, person) => scene.join(scene.browser(kind, person), site.origin, options());
  const two = async (kind) => {
    const pair = [await enter('chromium', ann), await enter(kind, bob)];
    await inCall(pair[0].page, pair[1].page, REMOTE);
    return pair.map(({ page }) => page);
  };
  const started = (page) => page.run((options) => globalThis.start(options), { name: page.person.name, ...options() });
  const moved = (page) =>
    page.run(() => globalThis.log.filter(({ type }) => /^participant-(joined|left)$/.test(type)).map(({ type }) => type));
  const noted = (page, type, since, timeout) =>
    page.until(
      (type, since) => globalThis.log.find((entry) => entry.type === type && entry.at >= since),
      type,
      since,
      patience(timeout, type),
    );

  for (const kind of ['chromium', 'firefox']) {
    test(`F29 a page is loaded anew: the same seat, the same mute, nobody comes or goes (${kind})`, async () => {
      const [a, b] = await two(kind);
      const id = await b.run(() => {
        globalThis.call.toggleTrack('audio', false);
        return globalThis.call.id;
      });
      await a.until(() => globalThis.call.participants[0]?.audio === 'muted');
      const watch = await gaps(a);
      await b.raw.reload({ waitUntil: 'load' });
      await prepare(b);
      assert.deepEqual(await started(b), { id });
      await sees(a, bob, REMOTE);
      await within(3000, { row: 'F29', browser: kind, what: 'gap of the media for the other one' }, () => watch.longest(500));
      await sees(b, ann, REMOTE);
      await b.until(() => globalThis.call.microphone === 'muted');
      const { name, audio, away } = await a.run(() => globalThis.call.participants[0]);
      assert.deepEqual({ name, audio, away }, { name: bob.name, audio: 'muted', away: false });
      assert.deepEqual(await moved(a), ['participant-joined']);
    });

    test(`F30 a page is closed: the other knows within 300 ms, and it is gone if it does not come back (${kind})`, async () => {
      const [a, b] = await two(kind);
      const since = Date.now();
      await b.goto(`${site.origin}/?elsewhere`);
      // A page that the browser keeps for the way back leaves at once; another may only be loaded anew.
      const told = await a.until(
        (since) =>
          globalThis.log.find(({ type, participant, at }) => at >= since && (participant?.away || type === 'participant-left')),
        since,
        patience(3000, 'that the other is away or gone'),
      );
      await within(300, { row: 'F30', browser: kind, what: 'the other knows' }, () => told.at - since);
      const { at, reason } = await noted(a, 'participant-left', since, 8000);
      await within(5000, { row: 'F30', browser: kind, what: 'gone' }, () => at - since);
      assert.equal(reason, 'bye');
    });

    test(`F28 a browser is killed: grey within a second, gone after the grace (${kind})`, async () => {
      const [a, b] = await two(kind);
      const since = Date.now();
      await scene.kill(kind, bob, b);
      await within(1000, { row: 'F28', browser: kind, what: 'the tile is grey' }, async () => {
        await a.until(() => globalThis.call.participants[0]?.connection === 'interrupted', patience(5000, 'grey'));
        return Date.now() - since;
      });
      assert.equal(await a.run(() => globalThis.call.participants[0].away), true);
      const { at, reason } = await noted(a, 'participant-left', since, 20_000);
      await within(GRACE * 1000 + 1000, { row: 'F28', browser: kind, what: `gone after a grace of ${GRACE} s` }, () => at - since);
      assert.equal(reason, 'lost');
    });
  }

  test('F28 a tab crashes: grey within a second', async () => {
    const [a, b] = await two('chromium');
    const session = await b.raw.createCDPSession();
    const since = Date.now();
    session.send('Page.crash').catch(() => {});
    await within(1000, { row: 'F28', browser: 'chromium', what: 'the tile of a crashed tab is grey' }, async () => {
      await a.until(() => globalThis.call.participants[0]?.connection === 'interrupted', patience(5000, 'grey'));
      return Date.now() - since;
    });
    await scene.kill('chromium', bob, b);
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`a duplicated tab joins as another participant and the first tab keeps its seat (${kind})`, async () => {
      const [a, b] = await two(kind);
      const id = await b.run(() => globalThis.call.id);
      const storage = await b.run(() => ({ ...sessionStorage }));
      const copy = await scene.open(scene.browser(kind, bob), site.origin, {
        before: `Object.assign(sessionStorage, ${JSON.stringify(storage)})`,
      });
      await prepare(copy);
      const joined = await started(copy);
      assert.notEqual(joined.id, id);
      await a.until(() => globalThis.call.participants.length === 2);
      assert.equal(await b.run(() => globalThis.call.state), 'connected');
      assert.deepEqual(await moved(a), ['participant-joined', 'participant-joined']);
    });
  }
});
