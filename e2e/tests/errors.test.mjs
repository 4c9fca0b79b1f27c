// Errors of devices, servers, options, and the messages of peers.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { scriptedPeer, scriptedServer, WELCOME } from '../lib/scripted.mjs';
import { hears, inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('errors', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    server = await startServer('--room-capacity', '2');
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  const scripted = async (answer) => {
    const server = await scriptedServer(answer);
    fixtures.defer(() => server.stop());
    return server;
  };
  const inRoom = (room = freshRoom()) => ({ signaling: server.socket('/rooms'), room });
  const inRelay = (room = freshRoom()) => ({ signaling: { url: server.socket(`/relay/${room}`), dialect: 'relay' } });
  const join = (person, options, { devices, ...page } = {}) =>
    fixtures.join(fixtures.browser('chromium', person, devices && { devices }), page.url ?? site.origin, options, page);

  // From the handler, which is there from the start; listeners are added once the call has started.
  const errors = (page) => page.run(() => globalThis.log.filter(({ type }) => type === 'errorHandler').map(({ error }) => error));
  const devices = (page) => page.run(() => ({ microphone: globalThis.call.microphone, camera: globalThis.call.camera }));
  const settled = (page) => page.until(() => globalThis.call.microphone !== 'pending' && globalThis.call.camera !== 'pending');
  const handlers = (page) => page.run(() => globalThis.log.filter(({ type }) => type.endsWith('Handler')).map(({ type }) => type));
  const ended = (page) => page.until(() => globalThis.log.find(({ type }) => type === 'ended'), patience(12_000, 'the end'));
  const dark = (page) =>
    page.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(limit(500), 'everything released'));
  const wellFormed = (error) => {
    assert.equal(error.name, 'VideoCallError');
    assert.ok(['device', 'signaling', 'media', 'configuration', 'internal'].includes(error.category), error.category);
    assert.match(error.message, /\w/);
    assert.match(error.help, /^[A-Z].+\.$/s);
  };

  describe('of devices', () => {
    /** Bob has all devices; Ann's devices are those of the test. */
    const meet = async (page) => {
      const options = inRoom();
      const b = await join(bob, options);
      const a = await join(ann, options, page);
      assert.equal(a.error, undefined);
      await settled(a.page);
      await sees(a.page, bob, REMOTE);
      await hears(a.page, bob, REMOTE);
      return [a.page, b.page];
    };
    const failing = (kind, name) => `__e2e.beforeCapture = (constraints) => {
      if (constraints.${kind}) throw new DOMException('made up by the test', '${name}');
    };`;

    test('permission denied: the call receives, and both ends know why nothing is sent', async () => {
      const [a, b] = await meet({ devices: 'denied' });
      assert.deepEqual(await devices(a), { microphone: 'permission-denied', camera: 'permission-denied' });
      const found = await errors(a);
      assert.deepEqual([...new Set(found.map(({ code }) => code))], ['permission-denied']);
      for (const error of found) {
        wellFormed(error);
        assert.equal(error.category, 'device');
      }
      await b.until(() => globalThis.call.participants[0]?.video === 'permission-denied');
      await b.until(() => globalThis.call.participants[0]?.audio === 'permission-denied');
    });

    test('without a camera the call goes on with sound only', async () => {
      const [a, b] = await meet({ devices: 'no-camera' });
      assert.deepEqual(await devices(a), { microphone: 'live', camera: 'device-not-found' });
      assert.deepEqual((await errors(a)).map(({ code }) => code), ['device-not-found']);
      assert.ok((await handlers(a)).includes('onlyAudioHandler'));
      await hears(b, ann, REMOTE);
      await b.until(() => globalThis.call.participants[0]?.video === 'device-not-found');
    });

    test('without a microphone the call goes on with the camera only', async () => {
      const [a, b] = await meet({ before: failing('audio', 'NotFoundError') });
      assert.deepEqual(await devices(a), { microphone: 'device-not-found', camera: 'live' });
      assert.deepEqual((await errors(a)).map(({ code }) => code), ['device-not-found']);
      assert.ok((await handlers(a)).includes('userNoAudioErrorHandler'));
      await sees(b, ann, REMOTE);
      await b.until(() => globalThis.call.participants[0]?.audio === 'device-not-found');
    });

    test('a camera that another program uses is device-in-use', async () => {
      const [a, b] = await meet({ before: failing('video', 'NotReadableError') });
      assert.deepEqual(await devices(a), { microphone: 'live', camera: 'device-in-use' });
      assert.deepEqual((await errors(a)).map(({ code }) => code), ['device-in-use']);
      await hears(b, ann, REMOTE);
    });

    test('without any device the call receives', async () => {
      const [a] = await meet({ devices: 'none', before: failing('audio', 'NotFoundError') });
      assert.deepEqual(await devices(a), { microphone: 'device-not-found', camera: 'device-not-found' });
      for (const error of await errors(a)) assert.equal(error.code, 'device-not-found');
    });

    test('a device that is not requested causes no error', async () => {
      const options = { ...inRoom(), constraints: { audio: true, video: false } };
      const a = await join(ann, options);
      await settled(a.page);
      assert.deepEqual(await devices(a.page), { microphone: 'live', camera: 'not-requested' });
      assert.deepEqual(await errors(a.page), []);
      const tracks = await a.page.run(() => globalThis.__e2e.made.tracks);
      assert.equal(tracks, 1);
    });

    test('in an insecure page the error is insecure-context and the call receives', async () => {
      const args = [`--host-resolver-rules=MAP insecure.test 127.0.0.1`];
      const browser = fixtures.browser('chromium', ann, { args });
      const url = site.origin.replace('127.0.0.1', 'insecure.test');
      const friendly = await startServer('--allow-origin', url);
      try {
        const room = freshRoom();
        const signaling = friendly.socket('/rooms');
        const a = await fixtures.join(browser, url, { signaling, room });
        assert.equal(a.error, undefined);
        assert.equal(await a.page.run(() => globalThis.isSecureContext), false);
        await settled(a.page);
        for (const error of await errors(a.page)) {
          wellFormed(error);
          assert.equal(error.code, 'insecure-context');
        }
        assert.ok((await errors(a.page)).length > 0);
        const b = await join(bob, { signaling, room });
        await sees(a.page, bob, REMOTE);
        await Promise.all([a, b].map(({ page }) => page.run(() => globalThis.call.endCall())));
      } finally {
        await friendly.stop();
      }
    });
  });

  describe('of the server', () => {
    const refusedFor = async (options, code) => {
      const { page, error } = await join(ann, options);
      assert.equal(error?.code, code);
      wellFormed(error);
      await dark(page);
      return { page, error };
    };

    test('unreachable: the start is rejected with signaling-unreachable', async () => {
      const options = { signaling: 'ws://127.0.0.1:9/rooms', room: freshRoom() };
      const page = await join(ann, options).then(({ page, error }) => {
        page.expectFault(/WebSocket connection to 'ws:\/\/127\.0\.0\.1:9/);
        page.expectFault(/ERR_CONNECTION_REFUSED|ERR_UNSAFE_PORT/);
        assert.equal(error?.code, 'signaling-unreachable');
        assert.equal(error.category, 'signaling');
        wellFormed(error);
        return page;
      });
      await dark(page);
    });

    test('a full relay ends the call with room-full', async () => {
      const room = freshRoom();
      const peers = [];
      for (let i = 0; i < 2; i += 1) peers.push(await scriptedPeer(server.socket(`/relay/${room}`)));
      const { page, error, id } = await join(ann, inRelay(room));
      // A relay does not confirm the join, so the promise may be fulfilled before the socket is closed.
      const code = error?.code ?? (assert.ok(id), (await ended(page)).reason);
      assert.equal(code, 'room-full');
      await dark(page);
      for (const peer of peers) peer.terminate();
    });

    test('a full room rejects the start with room-full', async () => {
      const room = freshRoom();
      const a = await join(bob, inRoom(room));
      const b = await join(bob, inRoom(room));
      assert.ok(a.id && b.id);
      const { error } = await refusedFor(inRoom(room), 'room-full');
      assert.equal(error.category, 'signaling');
    });

    test('an invalid room name is invalid-options', async () => {
      for (const room of ['', 'a/b', 'x'.repeat(129)]) {
        const { error } = await refusedFor(inRoom(room), 'invalid-options');
        assert.match(error.message, /room/);
        assert.equal(error.category, 'configuration');
      }
    });

    const refusals = ['room-full', 'invalid-room', 'invalid-name', 'forbidden', 'token-expired', 'version-not-supported'];
    test('a refusal by a message rejects the start with its code', async () => {
      for (const code of refusals) {
        const refusing = await scripted((say, { type }) => type === 'join' && say({ type: 'refused', code }));
        await refusedFor({ signaling: refusing.url, room: 'tea' }, code);
      }
    });

    test('a refusal by a close code rejects the start with its code', async () => {
      for (const [number, code] of [[4504, 'room-full'], [4505, 'token-expired'], [4516, 'invalid-room'], [4500, 'forbidden']]) {
        const refusing = await scripted((say, { type }, socket) => type === 'join' && socket.close(number));
        await refusedFor({ signaling: refusing.url, room: 'tea' }, code);
      }
    });

    test('a server that never answers rejects the start with server-silent', async () => {
      const silent = await scripted(() => {});
      await refusedFor({ signaling: silent.url, room: 'tea' }, 'server-silent');
    });

    test('a close code during the call ends it with its reason', async () => {
      for (const [number, reason] of [[4503, 'removed'], [4514, 'replaced'], [4505, 'token-expired']]) {
        const refusing = await scripted((say, { type }, socket) => {
          if (type !== 'join') return;
          say(WELCOME);
          setTimeout(() => socket.close(number), 300);
        });
        const { page } = await join(ann, { signaling: refusing.url, room: 'tea' });
        assert.equal((await ended(page)).reason, reason);
        assert.equal(await page.run(() => globalThis.call.state), 'ended');
        await dark(page);
      }
    });

    test('a lost server ends a call that does not reconnect', async () => {
      const passing = await startServer();
      const { page } = await join(ann, { signaling: passing.socket('/rooms'), room: freshRoom(), reconnect: false });
      await page.until(() => globalThis.call.camera === 'live');
      page.expectFault(/WebSocket connection to .* failed/);
      await passing.stop('SIGKILL');
      assert.equal((await ended(page)).reason, 'server-gone');
      await dark(page);
    });
  });

  describe('of options', () => {
    const wrong = [
      ['no signaling', { signaling: undefined }, /signaling/],
      ['an unknown dialect', { signaling: { url: '/rooms', dialect: 'morse' } }, /'morse'; known are: rooms, relay, socketio-rooms, channels-mesh, appointments$/],
      ['an address that is none', { signaling: 'mailto:ann@example.org' }, /address|mailto/],
      ['no such element', { localVideoElement: 'nowhere' }, /nowhere|localVideoElement/],
      ['ICE servers that the browser refuses', { iceServers: [{ urls: 'nonsense:' }] }, /./],
    ];
    for (const [what, options, message] of wrong) {
      test(what, async () => {
        const { page, error } = await join(ann, { ...inRoom(), ...options });
        assert.equal(error?.code, 'invalid-options');
        assert.equal(error.category, 'configuration');
        assert.match(error.message, message);
        wellFormed(error);
        await dark(page);
        assert.equal(await page.run(() => globalThis.__e2e.made.captures), 0, 'the camera was asked for');
      });
    }

    test('an aborted signal rejects the start', async () => {
      const { page } = await join(ann, { ...inRoom(), signaling: undefined });
      const outcome = await page.run(async (options) => {
        const aborter = new AbortController();
        aborter.abort();
        const before = await globalThis.start({ ...options, signal: aborter.signal });
        const late = new AbortController();
        const starting = globalThis.start({ ...options, signal: late.signal });
        late.abort();
        return [before.error?.code, (await starting).error?.code];
      }, inRoom());
      assert.deepEqual(outcome, ['aborted', 'aborted']);
      await dark(page);
    });
  });

  describe('of peer messages', () => {
    const MALFORMED = [
      'no JSON at all',
      '[]',
      '"text"',
      '{"sdp":5,"id":"x"}',
      '{"sdp":{"type":"shout","sdp":"v=0"},"id":"x"}',
      '{"ice":{"candidate":7},"id":"x"}',
      '{"sdp":{"type":"offer","sdp":"v=0\\r\\n"}}',
      '{"\u0000":1',
      `{"sdp":${'['.repeat(2000)}${']'.repeat(2000)},"id":"x"}`,
    ];

    // Has all that our code reads, but the browser refuses it.
    const ALMOST_SDP = [
      'v=0',
      'o=- 1 2 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=mid:0',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:abcdefghijklmnopqrstuvwx',
      'a=fingerprint:sha-256 nonsense',
      'a=setup:actpass',
      '',
    ].join('\r\n');

    test('malformed messages are reported one by one, and the call goes on', async () => {
      const room = freshRoom();
      const { page } = await join(ann, inRelay(room));
      const peer = await scriptedPeer(server.socket(`/relay/${room}`));
      for (const text of MALFORMED) peer.send(text);
      await page.until(() => globalThis.log.filter(({ type }) => type === 'error').length >= 4);
      for (const error of await errors(page)) {
        assert.equal(error.code, 'malformed-message');
        assert.equal(error.category, 'signaling');
        wellFormed(error);
      }
      peer.close();
      const b = await join(bob, inRelay(room));
      await inCall(page, b.page, REMOTE);
    });

    test('a call outlives a peer that sends only text of another kind', async () => {
      const room = freshRoom();
      const { page } = await join(ann, inRelay(room));
      const peer = await scriptedPeer(server.socket(`/relay/${room}`));
      for (let i = 0; i < 60; i += 1) peer.send('nonsense');
      peer.close();
      const b = await join(bob, inRelay(room));
      await inCall(page, b.page, REMOTE);
    });

    test('an invalid description from a peer is reported and costs only that peer its link', async () => {
      const room = freshRoom();
      const { page, id } = await join(ann, inRoom(room));
      const peer = await scriptedPeer(server.socket('/rooms'));
      peer.send(JSON.stringify({ type: 'join', v: 1, room, name: 'Mallory' }));
      await page.until(() => globalThis.call.participants.length === 1);
      const signal = (body) => peer.send(JSON.stringify({ type: 'signal', to: id, ...body }));
      const reported = (code) =>
        page.until((code) => globalThis.log.some(({ type, error }) => type === 'error' && error.code === code), code, patience(5000, code));
      signal({ offer: 1, description: { type: 'offer', sdp: 'v=0\r\nnonsense\r\n' } });
      signal({ candidate: { candidate: 'candidate:nonsense', sdpMid: '0' } });
      signal({ offer: 99, description: { type: 'answer', sdp: ALMOST_SDP } });
      signal({ offer: 2, description: { type: 'offer', sdp: ALMOST_SDP } });
      await reported('negotiation-failed');
      peer.send(JSON.stringify({ type: 'bye' }));
      await page.until(() => globalThis.call.participants.length === 0);
      const b = await join(bob, inRoom(room));
      await inCall(page, b.page, REMOTE);
    });

    test('an oversized message is dropped', async () => {
      const flood = await scripted((say, { type }) => {
        if (type !== 'join') return;
        say(WELCOME);
        say({ type: 'joined', id: 'x'.repeat(70 * 1024) });
        say({ type: 'joined', id: 'small', name: 'Small' });
      });
      const { page } = await join(ann, { signaling: flood.url, room: 'tea' });
      await page.until(() => globalThis.call.participants.some(({ name }) => name === 'Small'));
      assert.deepEqual((await errors(page)).map(({ code }) => code), ['message-too-large']);
      assert.equal(await page.run(() => globalThis.call.participants.length), 1);
      await page.run(() => globalThis.call.endCall());
      await dark(page);
    });

    test('unknown messages, unknown participants and binary frames are ignored', async () => {
      const unusual = await scripted((say, { type }, socket) => {
        if (type !== 'join') return;
        say(WELCOME);
        say({ type: 'horoscope', seq: 12 });
        say({ type: 'media', from: 'nobody', audio: 'muted' });
        say({ type: 'left', id: 'nobody', reason: 'bye' });
        say({ type: 'signal', from: 'nobody', candidate: { candidate: '' } });
        socket.send(Buffer.from([1, 2, 3]));
        say({ type: 'joined', id: 'last', name: 'Last' });
      });
      const { page } = await join(ann, { signaling: unusual.url, room: 'tea' });
      await page.until(() => globalThis.call.participants.some(({ name }) => name === 'Last'));
      assert.equal(await page.run(() => globalThis.call.state), 'connected');
      await page.run(() => globalThis.call.endCall());
    });

    test('a name is text, not markup', async () => {
      const name = '<img src=x onerror=alert(1)>';
      const options = inRoom();
      const a = await join(ann, options);
      await join(bob, { ...options, name });
      await a.page.until(() => globalThis.call.participants.length === 1);
      assert.equal(await a.page.run(() => globalThis.call.participants[0].name), name);
    });
  });
});
