// Turning microphone and camera off and on: the other side is notified, and hears and sees accordingly.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { hears, hearsNothing, inCall, sees, seesNobody } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('microphone and camera', () => {
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

  const pair = async (other = 'chromium') => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const a = await fixtures.join(fixtures.browser('chromium', ann), site.origin, options);
    const b = await fixtures.join(fixtures.browser(other, bob), site.origin, options);
    await inCall(a.page, b.page, REMOTE);
    return [a.page, b.page];
  };
  const toggle = (page, kind, enabled) => page.run((kind, enabled) => globalThis.call.toggleTrack(kind, enabled), kind, enabled);
  const remoteIs = (page, kind, state) =>
    page.until(
      (kind, state) => globalThis.stateOf(globalThis.call.participants[0], kind) === state,
      kind,
      state,
      patience(2000, `${kind} ${state} at the other end`),
    );

  for (const other of ['chromium', 'firefox']) {
    test(`what is turned off is not received, and received again when turned on, Chromium and ${other}`, async () => {
      const [a, b] = await pair(other);
      for (const [sender, receiver] of [[a, b], [b, a]]) {
        assert.equal(await toggle(sender, 'audio'), false);
        assert.equal((await sender.run(() => globalThis.snapshot())).microphone, 'muted');
        await remoteIs(receiver, 'audio', 'muted');
        await hearsNothing(receiver, REMOTE);
        assert.equal(await toggle(sender, 'video'), false);
        assert.equal((await sender.run(() => globalThis.snapshot())).camera, 'off');
        await remoteIs(receiver, 'video', 'off');
        await seesNobody(receiver, REMOTE);
        assert.equal(await toggle(sender, 'audio'), true);
        assert.equal(await toggle(sender, 'video'), true);
        await remoteIs(receiver, 'audio', 'live');
        await remoteIs(receiver, 'video', 'live');
        await sees(receiver, sender.person, REMOTE);
        await hears(receiver, sender.person, REMOTE);
      }
    });
  }

  for (const kind of ['audio', 'video']) {
    test(`ten fast toggles of ${kind} end in the state of the last one`, async () => {
      const [a, b] = await pair();
      for (const last of [false, true]) {
        await a.run(
          (kind, last) => {
            for (let i = 9; i >= 0; i -= 1) globalThis.call.toggleTrack(kind, i % 2 === 0 ? last : !last);
          },
          kind,
          last,
        );
        const off = kind === 'video' ? 'off' : 'muted';
        await remoteIs(b, kind, last ? 'live' : off);
        if (kind === 'video') await (last ? sees(b, ann, REMOTE) : seesNobody(b, REMOTE));
        else await (last ? hears(b, ann, REMOTE) : hearsNothing(b, REMOTE));
        // No older state may arrive afterwards.
        const state = await b.run(async (kind) => {
          await new Promise((resolve) => setTimeout(resolve, 300));
          return globalThis.stateOf(globalThis.call.participants[0], kind);
        }, kind);
        assert.equal(state, last ? 'live' : off);
      }
    });
  }

  test('ten fast toggles without a value end in the state before them', async () => {
    const [a, b] = await pair();
    for (let i = 0; i < 10; i += 1) assert.equal(await toggle(a, 'video'), i % 2 === 1);
    await remoteIs(b, 'video', 'live');
    await sees(b, ann, REMOTE);
  });

  test('a camera that is turned off before the devices are there stays off', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const b = await fixtures.join(fixtures.browser('chromium', bob), site.origin, options);
    const before = '__e2e.beforeCapture = () => new Promise((resolve) => { globalThis.allow = resolve; });';
    const a = await fixtures.join(fixtures.browser('chromium', ann), site.origin, options, { before });
    await remoteIs(b.page, 'video', 'requested');
    await toggle(a.page, 'video', false);
    await a.page.run(() => globalThis.allow());
    await remoteIs(b.page, 'audio', 'live');
    await remoteIs(b.page, 'video', 'off');
    await hears(b.page, ann, REMOTE);
    await seesNobody(b.page, REMOTE);
    await toggle(a.page, 'video', true);
    await a.page.run(() => globalThis.allow());
    await sees(b.page, ann, REMOTE);
  });

  test('a participant who joins later knows who is muted', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const a = await fixtures.join(fixtures.browser('chromium', ann), site.origin, options);
    await a.page.until(() => globalThis.call.local.tracks.microphone.state === 'live');
    await toggle(a.page, 'audio', false);
    const b = await fixtures.join(fixtures.browser('chromium', bob), site.origin, options);
    await remoteIs(b.page, 'audio', 'muted');
    await remoteIs(b.page, 'video', 'live');
  });
});
