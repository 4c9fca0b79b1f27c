// Loading the package ahead of a call: it rehearses one, which nobody may notice.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { ann } from '../lib/participants.mjs';
import { fixtures } from '../lib/fixtures.mjs';

describe('init', () => {
  const scene = fixtures();
  let site;

  before(async () => {
    site = await callSite();
    scene.defer(() => site.stop());
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`rehearses a call and leaves nothing of it, in ${kind}`, async () => {
      const page = await scene.open(scene.browser(kind, ann), site.origin, { before: `(${watchLinks})()` });
      const found = await page.run(async () => {
        const { default: init } = await import('/videocalls/videocalls.js');
        await Promise.all([init(), init()]);
        const links = globalThis.__e2e.made.links;
        await init();
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

  test('ends in a browser that can make no call', async () => {
    const page = await scene.open(scene.browser('chromium', ann), site.origin, { before: 'delete globalThis.RTCPeerConnection;' });
    const held = await page.run(async () => {
      const { default: init } = await import('/videocalls/videocalls.js');
      await init();
      return globalThis.__e2e.holdings();
    });
    assert.deepEqual(held, { tracks: 0, sockets: 0, links: 0 });
  });
});

/** Runs in the page before anything else: notes the states that negotiation goes through, and counts addresses. */
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
