// The faults that `call.simulate` causes (docs/simulate.md): the call recovers from each of them.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

/** Firefox logs each closed socket as an error. */
const SOCKET_CLOSED = /establish a connection to the server at|was interrupted while the page was loading/;

describe('simulated faults', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let room;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const options = () => ({ signaling: server.socket('/rooms'), room });
  const join = async (kind, person) => (await fixtures.join(fixtures.browser(kind, person), site.origin, options())).page;
  const twoInCall = async (kind) => {
    const [a, b] = await Promise.all([join('chromium', ann), join(kind, bob)]);
    if (kind === 'firefox') b.expectFault(SOCKET_CLOSED);
    await inCall(a, b, REMOTE);
    return [a, b];
  };
  const simulate = (page, fault) => page.run((fault) => globalThis.call.simulate(fault), fault);
  const remoteIs = (page, track, state, timeout = 5000) =>
    page.until(
      (track, state) => globalThis.stateOf(globalThis.call.participants[0], track) === state,
      track,
      state,
      patience(timeout, `the other's ${track} to be ${state}`),
    );
  /** Signaling works in both directions: each is notified when the other mutes. */
  const signalingWorks = async (a, b) => {
    for (const [from, to] of [[a, b], [b, a]]) {
      await from.run(() => globalThis.call.toggleTrack('audio', false));
      await remoteIs(to, 'audio', 'muted');
      await from.run(() => globalThis.call.toggleTrack('audio', true));
      await remoteIs(to, 'audio', 'live');
    }
  };
  const made = (page, thing) => page.run((thing) => globalThis.__e2e.made[thing], thing);
  const moreMade = (page, thing, before, timeout = 10_000) =>
    page.until((thing, before) => globalThis.__e2e.made[thing] > before, thing, before, patience(timeout, `more ${thing} than ${before}`));

  const MESSAGE_FAULTS = [
    { kind: 'drop' },
    { kind: 'drop', count: 3 },
    { kind: 'delay', ms: 700, count: 3 },
    { kind: 'duplicate', count: 4 },
    { kind: 'reorder', count: 3 },
    { kind: 'drop', direction: 'out' },
    { kind: 'duplicate', direction: 'out', count: 3 },
    { kind: 'delay', ms: 700, direction: 'out' },
    { kind: 'reorder', direction: 'out' },
  ];

  for (const kind of ['chromium', 'firefox']) {
    test(`${MESSAGE_FAULTS.length} faults of messages: both agree on who is muted afterwards (${kind})`, async () => {
      const [a, b] = await twoInCall(kind);
      for (const fault of MESSAGE_FAULTS) {
        await simulate(b, fault);
        for (const page of [a, b]) {
          for (const on of [false, true, false]) await page.run((on) => globalThis.call.toggleTrack('video', on), on);
        }
        await Promise.all([remoteIs(a, 'video', 'off', 20_000), remoteIs(b, 'video', 'off', 20_000)]).catch((error) => {
          throw new Error(`${JSON.stringify(fault)}: ${error.message}`);
        });
        for (const page of [a, b]) await page.run(() => globalThis.call.toggleTrack('video', true));
        await Promise.all([remoteIs(a, 'video', 'live', 20_000), remoteIs(b, 'video', 'live', 20_000)]);
      }
      await signalingWorks(a, b);
      await inCall(a, b, REMOTE);
    });

    test(`kill-socket: signaling reconnects with the same seat (${kind})`, async () => {
      const [a, b] = await twoInCall(kind);
      const [id, sockets] = [await b.run(() => globalThis.call.id), await made(b, 'sockets')];
      await simulate(b, { kind: 'kill-socket' });
      await moreMade(b, 'sockets', sockets);
      await b.until(() => globalThis.call.state === 'connected');
      assert.equal(await b.run(() => globalThis.call.id), id);
      await signalingWorks(a, b);
    });

    test(`break-link: another link is made (${kind})`, async () => {
      const [a, b] = await twoInCall(kind);
      const links = await made(b, 'links');
      await b.run(() => globalThis.call.simulate({ kind: 'break-link', participant: globalThis.call.participants[0].id }));
      await moreMade(b, 'links', links);
      await inCall(a, b, REMOTE);
    });
  }

  /** The camera has run for a second: one that ends right after it started is not asked for again. */
  const cameraHasRun = (page) => page.until(() => document.querySelector('#localVideoElement').currentTime > 1);

  test('end-track: the call asks for the device again', async () => {
    const [a, b] = await twoInCall('chromium');
    await cameraHasRun(b);
    for (const track of ['audio', 'video']) {
      const captures = await made(b, 'captures');
      await simulate(b, { kind: 'end-track', track });
      await moreMade(b, 'captures', captures);
      await remoteIs(a, track, 'live');
    }
    await inCall(a, b, REMOTE);
  });

  test('freeze-link: the connection is interrupted, and another link is made', async () => {
    const [a, b] = await twoInCall('chromium');
    const links = await made(b, 'links');
    await simulate(b, { kind: 'freeze-link' });
    await b.until(() => globalThis.call.participants[0]?.connection === 'interrupted', patience(6000, 'an interrupted connection'));
    await moreMade(b, 'links', links, 30_000);
    await inCall(a, b, REMOTE);
  });

  test('freeze-link for a second: the same link continues', async () => {
    const [a, b] = await twoInCall('chromium');
    const links = await Promise.all([made(a, 'links'), made(b, 'links')]);
    const watched = await gaps(a);
    await simulate(b, { kind: 'freeze-link', ms: 1000 });
    await inCall(a, b, REMOTE);
    const longest = await watched.longest(1000);
    assert.ok(longest > 800, `Ann received nothing for ${longest} ms only`);
    assert.deepEqual(await Promise.all([made(a, 'links'), made(b, 'links')]), links);
  });

  test('mute-track: the others are notified when it lasts', async () => {
    const [a, b] = await twoInCall('chromium');
    await simulate(b, { kind: 'mute-track', track: 'video', ms: 6500 });
    await remoteIs(a, 'video', 'unavailable', 6500);
    await remoteIs(a, 'video', 'live', 5000);
  });

  test('unplug-track: another device is used', async () => {
    const [a, b] = await twoInCall('chromium');
    const microphone = () => globalThis.call.localStream.getAudioTracks()[0]?.getSettings().deviceId;
    const before = await b.run(microphone);
    await cameraHasRun(b);
    await simulate(b, { kind: 'unplug-track', track: 'audio' });
    await b.until((before) => {
      const now = globalThis.call.localStream.getAudioTracks()[0]?.getSettings().deviceId;
      return now && now !== before;
    }, before);
    await remoteIs(a, 'audio', 'live');
    await inCall(a, b, REMOTE);
  });

  test('lose-device: the call continues without it, and uses it when it is back', async () => {
    const [a, b] = await twoInCall('chromium');
    await cameraHasRun(b);
    await simulate(b, { kind: 'lose-device', track: 'video', ms: 3000 });
    await remoteIs(a, 'video', 'device-not-found');
    await remoteIs(a, 'video', 'live', 8000);
    await sees(a, bob, REMOTE);
  });

  test('expire-credentials: the call asks the page for new ones when it makes a connection', async () => {
    const [a, b] = [
      await join('chromium', ann),
      await fixtures.open(fixtures.browser('chromium', bob), site.origin),
    ];
    await prepare(b);
    await b.run((options) => {
      globalThis.asked = 0;
      const iceServers = () => {
        globalThis.asked += 1;
        return [{ urls: 'turn:127.0.0.1:9', username: 'bob', credential: `secret ${globalThis.asked}` }];
      };
      return globalThis.start({ ...options, iceServers });
    }, options());
    await inCall(a, b, REMOTE);
    const credentials = () => globalThis.__e2e.connections().map((link) => link.getConfiguration().iceServers[0]?.credential);
    await simulate(b, { kind: 'expire-credentials' });
    assert.ok((await b.run(credentials)).includes('expired'));
    await new Promise((resolve) => setTimeout(resolve, 10_500)); // An answer of the page is used for ten seconds.
    const asked = await b.run(() => globalThis.asked);
    await simulate(b, { kind: 'break-link' });
    await b.until((asked) => globalThis.asked > asked, asked);
    await inCall(a, b, REMOTE);
    assert.ok(!(await b.run(credentials)).includes('expired'));
  });

  test('an unknown fault is rejected with the known ones', async () => {
    const b = await join('chromium', bob);
    const refused = (fault) => b.run((fault) => globalThis.call.simulate(fault).then(() => null, (error) => error.message), fault);
    assert.match(await refused({ kind: 'earthquake' }), /there is no fault 'earthquake'; known are: drop, /);
    assert.match(await refused(null), /there is no fault/);
  });
});
