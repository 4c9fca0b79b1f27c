// Each fault that a call can cause itself, and that it recovers from it.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

/** Firefox writes each socket that was closed into its console. */
const SOCKET_CLOSED = /establish a connection to the server at|was interrupted while the page was loading/;

describe('a fault on purpose', () => {
  const scene = fixtures();
  let server;
  let site;
  let room;

  before(async () => {
    scene.browser('firefox', bob); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const options = () => ({ signaling: server.socket('/rooms'), room });
  const enter = async (kind, person) => (await scene.join(scene.browser(kind, person), site.origin, options())).page;
  const two = async (kind) => {
    const [a, b] = await Promise.all([enter('chromium', ann), enter(kind, bob)]);
    if (kind === 'firefox') b.expectFault(SOCKET_CLOSED);
    await inCall(a, b, REMOTE);
    return [a, b];
  };
  const simulate = (page, fault) => page.run((fault) => globalThis.call.simulate(fault), fault);
  const hears = (page, track, state, timeout = 5000) =>
    page.until(
      (track, state) => globalThis.call.participants[0]?.[track] === state,
      track,
      state,
      patience(timeout, `${track} of the other to be ${state}`),
    );
  /** What one says by a mute reaches the other: signaling works in both directions. */
  const speak = async (a, b) => {
    for (const [from, to] of [[a, b], [b, a]]) {
      await from.run(() => globalThis.call.toggleTrack('audio', false));
      await hears(to, 'audio', 'muted');
      await from.run(() => globalThis.call.toggleTrack('audio', true));
      await hears(to, 'audio', 'live');
    }
  };
  const made = (page, thing) => page.run((thing) => globalThis.__e2e.made[thing], thing);
  const more = (page, thing, before, timeout = 10_000) =>
    page.until((thing, before) => globalThis.__e2e.made[thing] > before, thing, before, patience(timeout, `more ${thing} than ${before}`));

  const WORDS = [
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
    test(`in what is said: ${WORDS.length} faults, and both still understand each other (${kind})`, async () => {
      const [a, b] = await two(kind);
      for (const fault of WORDS) {
        await simulate(b, fault);
        for (const page of [a, b]) {
          for (const on of [false, true, false]) await page.run((on) => globalThis.call.toggleTrack('video', on), on);
        }
        await Promise.all([hears(a, 'video', 'muted', 20_000), hears(b, 'video', 'muted', 20_000)]).catch((error) => {
          throw new Error(`${JSON.stringify(fault)}: ${error.message}`);
        });
        for (const page of [a, b]) await page.run(() => globalThis.call.toggleTrack('video', true));
        await Promise.all([hears(a, 'video', 'live', 20_000), hears(b, 'video', 'live', 20_000)]);
      }
      await speak(a, b);
      await inCall(a, b, REMOTE);
    });

    test(`kill-socket: there is another, and the same seat (${kind})`, async () => {
      const [a, b] = await two(kind);
      const [id, sockets] = [await b.run(() => globalThis.call.id), await made(b, 'sockets')];
      await simulate(b, { kind: 'kill-socket' });
      await more(b, 'sockets', sockets);
      await b.until(() => globalThis.call.state === 'connected');
      assert.equal(await b.run(() => globalThis.call.id), id);
      await speak(a, b);
    });

    test(`break-link: there is another (${kind})`, async () => {
      const [a, b] = await two(kind);
      const links = await made(b, 'links');
      await b.run(() => globalThis.call.simulate({ kind: 'break-link', participant: globalThis.call.participants[0].id }));
      await more(b, 'links', links);
      await inCall(a, b, REMOTE);
    });
  }

  /** What has just come and ends at once is not asked for again. */
  const isAtHome = (page) => page.until(() => document.querySelector('#localVideoElement').currentTime > 1);

  test('end-track: the browser is asked again', async () => {
    const [a, b] = await two('chromium');
    await isAtHome(b);
    for (const track of ['audio', 'video']) {
      const captures = await made(b, 'captures');
      await simulate(b, { kind: 'end-track', track });
      await more(b, 'captures', captures);
      await hears(a, track, 'live');
    }
    await inCall(a, b, REMOTE);
  });

  test('freeze-link: the silence is noticed, and in the end there is another link', async () => {
    const [a, b] = await two('chromium');
    const links = await made(b, 'links');
    await simulate(b, { kind: 'freeze-link' });
    await b.until(() => globalThis.call.participants[0]?.connection === 'interrupted', patience(6000, 'the silence to be noticed'));
    await more(b, 'links', links, 30_000);
    await inCall(a, b, REMOTE);
  });

  test('freeze-link for a while: the same link goes on', async () => {
    const [a, b] = await two('chromium');
    const links = await Promise.all([made(a, 'links'), made(b, 'links')]);
    const watched = await gaps(a);
    await simulate(b, { kind: 'freeze-link', ms: 1000 });
    await inCall(a, b, REMOTE);
    const longest = await watched.longest(1000);
    assert.ok(longest > 800, `Ann went without for ${longest} ms only`);
    assert.deepEqual(await Promise.all([made(a, 'links'), made(b, 'links')]), links);
  });

  test('mute-track: the others are told when it lasts', async () => {
    const [a, b] = await two('chromium');
    await simulate(b, { kind: 'mute-track', track: 'video', ms: 6500 });
    await hears(a, 'video', 'unavailable', 6500);
    await hears(a, 'video', 'live', 5000);
  });

  test('unplug-track: another device is taken', async () => {
    const [a, b] = await two('chromium');
    const microphone = () => globalThis.call.localStream.getAudioTracks()[0]?.getSettings().deviceId;
    const before = await b.run(microphone);
    await isAtHome(b);
    await simulate(b, { kind: 'unplug-track', track: 'audio' });
    await b.until((before) => {
      const now = globalThis.call.localStream.getAudioTracks()[0]?.getSettings().deviceId;
      return now && now !== before;
    }, before);
    await hears(a, 'audio', 'live');
    await inCall(a, b, REMOTE);
  });

  test('lose-device: the call goes on without, and takes it when it is back', async () => {
    const [a, b] = await two('chromium');
    await isAtHome(b);
    await simulate(b, { kind: 'lose-device', track: 'video', ms: 3000 });
    await hears(a, 'video', 'device-not-found');
    await hears(a, 'video', 'live', 8000);
    await sees(a, bob, REMOTE);
  });

  test('expire-credentials: the page is asked for new ones when a connection is made', async () => {
    const [a, b] = [
      await enter('chromium', ann),
      await scene.open(scene.browser('chromium', bob), site.origin),
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
    await new Promise((resolve) => setTimeout(resolve, 10_500)); // For so long an answer of the page serves.
    const asked = await b.run(() => globalThis.asked);
    await simulate(b, { kind: 'break-link' });
    await b.until((asked) => globalThis.asked > asked, asked);
    await inCall(a, b, REMOTE);
    assert.ok(!(await b.run(credentials)).includes('expired'));
  });

  test('what there is not, it says', async () => {
    const b = await enter('chromium', bob);
    const refused = (fault) => b.run((fault) => globalThis.call.simulate(fault).then(() => null, (error) => error.message), fault);
    assert.match(await refused({ kind: 'earthquake' }), /there is no fault 'earthquake'; known are: drop, /);
    assert.match(await refused(null), /there is no fault/);
  });
});
