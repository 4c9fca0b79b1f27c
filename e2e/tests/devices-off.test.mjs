// Devices that are off: nothing is asked for, no light is on, and they are back soon.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { hears, hearsNothing, inCall, sees, seesNobody } from '../lib/media-probe.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('devices that are off', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  const inRoom = (options) => ({ signaling: server.socket('/rooms'), room: freshRoom(), ...options });
  const join = async (kind, person, options) => {
    const { page, error } = await fixtures.join(fixtures.browser(kind, person), site.origin, options);
    assert.equal(error, undefined);
    return page;
  };
  const toggle = (page, source, on) => page.run((source, on) => call.toggleTrack(source, on), source, on);
  const stateIs = (page, source, state) =>
    page.until((source, state) => stateOf(call.participants[0], source) === state, source, state);
  const captured = (page, kind) =>
    page.run((kind) => {
      globalThis.captured = call.localStream.getTracks().find((track) => track.kind === kind);
    }, kind);

  for (const kind of ['chromium', 'firefox']) {
    test(`joining with both off asks for no device, and each can be turned on, ${kind}`, async () => {
      const options = inRoom();
      const a = await join('chromium', ann, options);
      const b = await join(kind, bob, { ...options, microphone: 'off', camera: 'off' });
      await sees(b, ann, REMOTE);
      await stateIs(a, 'microphone', 'off');
      await stateIs(a, 'camera', 'off');
      assert.deepEqual(await b.run(() => [__e2e.made.captures, call.localStream.getTracks().length]), [0, 0]);
      await seesNobody(a, REMOTE);
      await hearsNothing(a, REMOTE);
      assert.equal(await toggle(b, 'microphone'), true);
      assert.equal(await toggle(b, 'camera'), true);
      await inCall(a, b, REMOTE);
    });

    test(`a camera that is off is released, and back soon, ${kind}`, async () => {
      const options = inRoom();
      const a = await join('chromium', ann, options);
      const b = await join(kind, bob, options);
      await inCall(a, b, REMOTE);
      for (let round = 0; round < 2; round += 1) {
        await captured(b, 'video');
        assert.equal(await toggle(b, 'camera'), false);
        assert.deepEqual(await b.run(() => [globalThis.captured.readyState, call.localStream.getVideoTracks().length]), ['ended', 0]);
        await stateIs(a, 'camera', 'off');
        await seesNobody(a, REMOTE);
        await hears(a, bob, REMOTE);
        await within(400, { row: 'camera', browser: kind, what: 'seen again' }, async () => {
          const clicked = Date.now();
          await toggle(b, 'camera');
          await sees(a, bob, REMOTE);
          return Date.now() - clicked;
        });
      }
    });
  }

  test('a muted microphone stays open, unless the page wants it released', async () => {
    for (const [whenOff, readyState, state] of [[undefined, 'live', 'muted'], [{ microphone: 'release' }, 'ended', 'off']]) {
      const options = inRoom();
      const a = await join('chromium', ann, options);
      const b = await join('chromium', bob, { ...options, whenOff });
      await inCall(a, b, REMOTE);
      await captured(b, 'audio');
      assert.equal(await toggle(b, 'microphone'), false);
      assert.equal(await b.run(() => globalThis.captured.readyState), readyState);
      await stateIs(a, 'microphone', state);
      await hearsNothing(a, REMOTE);
      await toggle(b, 'microphone');
      await hears(a, bob, REMOTE);
      await b.run(() => call.endCall());
      await a.run(() => call.endCall());
    }
  });
});
