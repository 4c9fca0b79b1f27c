// Loading the package ahead of a call, with and without the warm-up.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { ann } from '../lib/participants.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

describe('init', () => {
  const fixtures = createFixtures();
  let site;

  before(async () => {
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  test('loads the WebAssembly once and opens no connection', async () => {
    const page = await fixtures.open(fixtures.browser('chromium', ann), site.origin);
    const found = await page.run(async () => {
      const { default: init } = await import('/videocalls/videocalls.js');
      await Promise.all([init(), init({}), init({ warmUp: false })]);
      const loaded = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm'));
      return { loaded: loaded.length, links: globalThis.__e2e.made.links };
    });
    assert.deepEqual(found, { loaded: 1, links: 0 });
  });

  const SOURCES = {
    'an address': async (url) => url,
    'a URL': async (url) => new URL(url, location.href),
    'a response': (url) => fetch(url),
    'a promise of a response': async (url) => ({ promise: fetch(url) }),
    bytes: async (url) => (await fetch(url)).arrayBuffer(),
    'a module': (url) => WebAssembly.compileStreaming(fetch(url)),
  };
  for (const [name, source] of Object.entries(SOURCES)) {
    test(`loads the WebAssembly from ${name}`, async () => {
      const page = await fixtures.open(fixtures.browser('chromium', ann), site.origin);
      await page.run(`async () => {
        const { default: init } = await import('/videocalls/videocalls.js');
        const source = await (${source})('/videocalls/videocalls_bg.wasm?from-elsewhere');
        await init(source.promise ?? source);
        const loaded = performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('.wasm'));
        if (!loaded.every((name) => name.endsWith('from-elsewhere'))) throw new Error(loaded.join());
      }`);
    });
  }

  test('refuses a module of another build, and loads the right one next', async () => {
    const page = await fixtures.open(fixtures.browser('chromium', ann), site.origin);
    const outcome = await page.run(async () => {
      const { default: init } = await import('/videocalls/videocalls.js');
      const [, build] = /"([0-9a-f]{16})"/.exec(await (await fetch('/videocalls/videocalls.js')).text());
      const bytes = new Uint8Array(await (await fetch('/videocalls/videocalls_bg.wasm')).arrayBuffer());
      const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
      bytes[text.indexOf(build)] ^= 1;
      const { code, message } = await init(bytes).catch((error) => error);
      await init();
      return { code, message };
    });
    assert.equal(outcome.code, 'wasm-load-failed');
    assert.match(outcome.message, /from different builds: copy both from the same one/);
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`warms up without leaving anything behind, in ${kind}`, async () => {
      const page = await fixtures.open(fixtures.browser(kind, ann), site.origin, { before: `(${watchLinks})()` });
      const found = await page.run(async () => {
        const { default: init } = await import('/videocalls/videocalls.js');
        await Promise.all([init({ warmUp: true }), init({ warmUp: true })]);
        const links = globalThis.__e2e.made.links;
        await init({ warmUp: true });
        const { captures, tracks, sockets } = globalThis.__e2e.made;
        return {
          ...globalThis.watched,
          asked: { captures, tracks, sockets },
          again: globalThis.__e2e.made.links - links,
          held: globalThis.__e2e.holdings(),
          stored: sessionStorage.length,
        };
      });
      assert.deepEqual(found, {
        states: ['have-local-offer', 'have-remote-offer', 'stable'],
        addresses: 0,
        asked: { captures: 0, tracks: 0, sockets: 0 },
        again: 0,
        held: { tracks: 0, sockets: 0, links: 0 },
        stored: 0,
      });
    });
  }

  test('the warm-up ends in a browser without WebRTC', async () => {
    const page = await fixtures.open(fixtures.browser('chromium', ann), site.origin, { before: 'delete globalThis.RTCPeerConnection;' });
    const held = await page.run(async () => {
      const { default: init } = await import('/videocalls/videocalls.js');
      await init({ warmUp: true });
      return globalThis.__e2e.holdings();
    });
    assert.deepEqual(held, { tracks: 0, sockets: 0, links: 0 });
  });
});

/** Runs in the page before anything else: records the signaling states, and counts candidates. */
function watchLinks() {
  const watched = (globalThis.watched = { states: [], addresses: 0 });
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      this.addEventListener('signalingstatechange', () => watched.states.push(this.signalingState));
      this.addEventListener('icecandidate', ({ candidate }) => (watched.addresses += candidate?.candidate ? 1 : 0));
    }
  };
}
