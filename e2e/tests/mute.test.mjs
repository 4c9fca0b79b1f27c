// Microphone and camera: what one turns off, the other is told and no longer gets.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { hears, hearsNothing, inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('microphone and camera', () => {
  const scene = fixtures();
  let server;
  let site;

  before(async () => {
    scene.browser('firefox', bob); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  const pair = async (other = 'chromium') => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const a = await scene.join(scene.browser('chromium', ann), site.origin, options);
    const b = await scene.join(scene.browser(other, bob), site.origin, options);
    await inCall(a.page, b.page, REMOTE);
    return [a.page, b.page];
  };
  const toggle = (page, kind, enabled) => page.run((kind, enabled) => globalThis.call.toggleTrack(kind, enabled), kind, enabled);
  const told = (page, kind, state) =>
    page.until(
      (kind, state) => globalThis.call.participants[0]?.[kind] === state,
      kind,
      state,
      patience(2000, `${kind} ${state} at the other end`),
    );
  const dark = (page) =>
    page.until(() => globalThis.__e2e.see(document.querySelector('#remoteVideoElement')) === null, patience(5000, 'no picture'));

  for (const other of ['chromium', 'firefox']) {
    test(`off is off and on is on, Chromium and ${other}`, async () => {
      const [a, b] = await pair(other);
      for (const [me, you] of [[a, b], [b, a]]) {
        assert.equal(await toggle(me, 'audio'), false);
        assert.equal((await me.run(() => globalThis.snapshot())).microphone, 'muted');
        await told(you, 'audio', 'muted');
        await hearsNothing(you, REMOTE);
        assert.equal(await toggle(me, 'video'), false);
        assert.equal((await me.run(() => globalThis.snapshot())).camera, 'muted');
        await told(you, 'video', 'muted');
        await dark(you);
        assert.equal(await toggle(me, 'audio'), true);
        assert.equal(await toggle(me, 'video'), true);
        await told(you, 'audio', 'live');
        await told(you, 'video', 'live');
        await sees(you, me.person, REMOTE);
        await hears(you, me.person, REMOTE);
      }
    });
  }

  for (const kind of ['audio', 'video']) {
    test(`ten fast toggles of ${kind} end in the state last asked for`, async () => {
      const [a, b] = await pair();
      for (const last of [false, true]) {
        await a.run(
          (kind, last) => {
            for (let i = 9; i >= 0; i -= 1) globalThis.call.toggleTrack(kind, i % 2 === 0 ? last : !last);
          },
          kind,
          last,
        );
        await told(b, kind, last ? 'live' : 'muted');
        if (kind === 'video') await (last ? sees(b, ann, REMOTE) : dark(b));
        else await (last ? hears(b, ann, REMOTE) : hearsNothing(b, REMOTE));
        // Nothing that was on the way comes after it.
        const state = await b.run(async (kind) => {
          await new Promise((resolve) => setTimeout(resolve, 300));
          return globalThis.call.participants[0][kind];
        }, kind);
        assert.equal(state, last ? 'live' : 'muted');
      }
    });
  }

  test('ten fast clicks, one by one, end where they began', async () => {
    const [a, b] = await pair();
    for (let i = 0; i < 10; i += 1) assert.equal(await toggle(a, 'video'), i % 2 === 1);
    await told(b, 'video', 'live');
    await sees(b, ann, REMOTE);
  });

  test('what is turned off before the devices are there stays off', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const b = await scene.join(scene.browser('chromium', bob), site.origin, options);
    const before = '__e2e.beforeCapture = () => new Promise((resolve) => { globalThis.allow = resolve; });';
    const a = await scene.join(scene.browser('chromium', ann), site.origin, options, { before });
    await told(b.page, 'video', 'pending');
    await toggle(a.page, 'video', false);
    await a.page.run(() => globalThis.allow());
    await told(b.page, 'audio', 'live');
    await told(b.page, 'video', 'muted');
    await hears(b.page, ann, REMOTE);
    assert.equal(await b.page.run(() => globalThis.__e2e.see(document.querySelector('#remoteVideoElement'))), null);
    await toggle(a.page, 'video', true);
    await sees(b.page, ann, REMOTE);
  });

  test('someone who comes later sees who is muted', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const a = await scene.join(scene.browser('chromium', ann), site.origin, options);
    await a.page.until(() => globalThis.call.microphone === 'live');
    await toggle(a.page, 'audio', false);
    const b = await scene.join(scene.browser('chromium', bob), site.origin, options);
    await told(b.page, 'audio', 'muted');
    await told(b.page, 'video', 'live');
  });
});
