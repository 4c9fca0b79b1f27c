// The package in another web site: copied as it is, under a strict Content-Security-Policy, on another
// origin than the server.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { prepare } from '../lib/calls.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { PACKAGE, PAGES, PLAIN } from '../lib/paths.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { startSite } from '../lib/site.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

describe('in another site', () => {
  const fixtures = createFixtures();
  let site;
  let origin;
  let allowing;
  let refusing;

  before(async () => {
    const copy = mkdtempSync(join(tmpdir(), 'videocalls-e2e-site-'));
    cpSync(PACKAGE, join(copy, 'vendor/videocalls'), { recursive: true });
    cpSync(PACKAGE, join(copy, 'videocalls'), { recursive: true });
    cpSync(PLAIN, join(copy, 'examples/plain'), { recursive: true });
    cpSync(PAGES, copy, { recursive: true });
    site = await startSite({ '/': copy });
    // A host name, because a server accepts any page of localhost.
    origin = site.origin.replace('127.0.0.1', 'other-site.test');
    allowing = await startServer('--allow-origin', origin);
    refusing = await startServer();
    fixtures.defer(() => rmSync(copy, { recursive: true }));
    fixtures.defer(() => site.stop());
    fixtures.defer(() => allowing.stop());
    fixtures.defer(() => refusing.stop());
  });

  const browser = (person) =>
    fixtures.browser('chromium', person, {
      args: ['--host-resolver-rules=MAP other-site.test 127.0.0.1', `--unsafely-treat-insecure-origin-as-secure=${origin}`],
    });

  test('a copy of the package works from any folder', async () => {
    const room = freshRoom();
    const pages = [];
    for (const person of [ann, bob]) {
      const page = await fixtures.open(browser(person), `${origin}/`);
      await page.run(
        async (signaling, room) => {
          const { initializeVideoCall } = await import('/vendor/videocalls/videocalls.js');
          await initializeVideoCall({ signaling, room, localVideoElement: 'localVideoElement', remoteVideoElement: 'remoteVideoElement' });
        },
        allowing.socket('/rooms'),
        room,
      );
      pages.push(page);
    }
    await inCall(...pages, '#remoteVideoElement');
  });

  test('a copy of the plain page works from any folder', async () => {
    const query = new URLSearchParams({ signaling: allowing.socket('/rooms'), room: freshRoom(), autostart: '' });
    const pages = [];
    for (const person of [ann, bob]) pages.push(await fixtures.open(browser(person), `${origin}/examples/plain/?${query}`));
    await inCall(...pages, '#remoteVideoElement');
  });

  test('a server that does not allow the origin refuses it', async () => {
    const page = await prepare(await fixtures.open(browser(ann), `${origin}/`));
    page.expectFault(/WebSocket connection to .* 403/);
    const { error } = await page.run((signaling) => globalThis.start({ signaling, room: 'tea' }), refusing.socket('/rooms'));
    assert.equal(error.code, 'signaling-unreachable');
  });

  test('importing has no effect, and exports what the types declare', async () => {
    const page = await fixtures.open(browser(ann), `${origin}/`);
    const found = await page.run(async () => {
      const before = Object.keys(globalThis).length;
      const fetched = () => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm')).length;
      const api = await import('/videocalls/videocalls.js');
      const quiet = { globals: Object.keys(globalThis).length - before, wasm: fetched() };
      await Promise.all([api.default(), api.default(), api.default()]);
      return { ...quiet, loaded: fetched(), names: Object.keys(api).sort(), kinds: Object.values(api).every((value) => typeof value === 'function') };
    });
    assert.deepEqual(found, {
      globals: 0,
      wasm: 0,
      loaded: 1,
      names: ['VideoCall', 'VideoCallError', 'checkConnection', 'default', 'endCall', 'errorHandler', 'initializeVideoCall', 'toggleTrack'],
      kinds: true,
    });
  });

  test('a missing WebAssembly file is a typed error', async () => {
    const page = await fixtures.open(browser(ann), `${origin}/`);
    page.expectFault(/404/);
    const code = await page.run(async () => {
      const api = await import('/videocalls/videocalls.js');
      return api.default('/nowhere.wasm').then(
        () => 'loaded',
        ({ code }) => code,
      );
    });
    assert.equal(code, 'wasm-load-failed');
  });

  test('calls in different dialects share one module, which is loaded once', async () => {
    const page = await fixtures.open(browser(ann), `${origin}/`);
    const loaded = await page.run(
      async (relay, server, room) => {
        const { initializeVideoCall } = await import('/videocalls/videocalls.js');
        const call = async (signaling) => (await initializeVideoCall({ signaling, room })).endCall();
        await call({ url: relay, dialect: 'relay' });
        const dialect = 'socketio-rooms';
        await Promise.all([call({ url: server, dialect }), call({ url: `${server}/`, dialect })]);
        return performance.getEntriesByType('resource').flatMap(({ name }) => new URL(name).pathname.match(/videocalls_.*/) ?? []);
      },
      allowing.socket(`/relay/${freshRoom()}`),
      allowing.origin,
      freshRoom(),
    );
    assert.deepEqual(loaded, ['videocalls_bg.wasm']);
  });
});
