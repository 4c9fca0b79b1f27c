// Perfect negotiation under stress, after the web platform tests
// RTCPeerConnection-perfect-negotiation-stress-glare*.https.html: each side adds 21 transceivers while the
// other does, so that nearly every offer collides with another. VIDEOCALLS_STRESS is the number of repetitions.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, endAndRelease } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const TIMES = Number(process.env.VIDEOCALLS_STRESS ?? 1);
const EACH = 21;

/** The pauses of the original tests, in milliseconds. */
const GAPS = {
  'from 19 to 0 ms': [0, ...Array.from({ length: EACH - 1 }, (_, index) => 19 - index)],
  'of 0 ms': Array(EACH).fill(0),
};

/** How many transceivers a page has negotiated; falsy while it is still negotiating. */
const negotiated = (expected) => {
  const [link] = globalThis.__e2e.connections().filter(({ remoteDescription }) => remoteDescription);
  const transceivers = link?.getTransceivers() ?? [];
  const named = transceivers.filter(({ mid }) => mid !== null);
  return link?.signalingState === 'stable' && named.length === transceivers.length && named.length >= expected && named.length;
};

/** Waits until more pictures are decoded. */
const decodesPictures = async (page) => {
  const decoded = () =>
    page.run(async () => {
      const [link] = globalThis.__e2e.connections().filter(({ remoteDescription }) => remoteDescription);
      const entries = [...(await link.getStats()).values()];
      return entries.reduce((sum, { framesDecoded = 0 }) => sum + framesDecoded, 0);
    });
  const before = await decoded();
  for (const end = Date.now() + 10_000; (await decoded()) < before + 5; ) {
    assert.ok(Date.now() < end, `${page.person.name} receives no pictures any more`);
  }
};

describe('negotiation under stress', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  const twoInCall = async (kind) => {
    const room = freshRoom();
    const join = async (kind, person) =>
      (await fixtures.join(fixtures.browser(kind, person), site.origin, { signaling: server.socket('/rooms'), room })).page;
    const pages = [await join('chromium', ann), await join(kind, bob)];
    await Promise.all([sees(pages[0], bob, REMOTE), sees(pages[1], ann, REMOTE)]);
    return pages;
  };

  const stress = async (pages, gaps, name) => {
    const before = await Promise.all(pages.map((page) => page.until(negotiated, 2)));
    assert.deepEqual(before, [2, 2]);
    const madeLinks = () => Promise.all(pages.map((page) => page.run(() => globalThis.__e2e.made.links)));
    const linksBefore = await madeLinks();
    const ids = await Promise.all(pages.map((page) => page.run(() => globalThis.call.id)));
    await Promise.all(pages.map((page) => page.run((gaps) => globalThis.call.simulate({ kind: 'transceivers', gaps }), gaps)));
    const counts = await Promise.all(
      pages.map((page) => page.until(negotiated, 2 + 2 * EACH, patience(20_000, `all transceivers to be negotiated, gaps ${name}, ids ${ids}`))),
    );
    assert.deepEqual(counts, [2 + 2 * EACH, 2 + 2 * EACH]);
    await Promise.all(pages.map(decodesPictures));
    assert.deepEqual(await madeLinks(), linksBefore, 'a link was replaced');
    const errors = await Promise.all(pages.map((page) => page.run(() => globalThis.log.filter(({ type }) => type === 'error'))));
    assert.deepEqual(errors, [[], []]);
    return ids[0] > ids[1] ? 0 : 1;
  };

  for (const kind of ['chromium', 'firefox']) {
    test(`both sides add ${EACH} transceivers at once in both roles: all are negotiated, ${TIMES} times (${kind})`, { timeout: 120_000 + TIMES * 60_000 }, async () => {
      for (const [name, gaps] of Object.entries(GAPS)) {
        // The ids are random, so which side is polite is known only when both have joined.
        const done = [0, 0];
        while (Math.min(...done) < TIMES) {
          const pages = await twoInCall(kind);
          done[await stress(pages, gaps, name)] += 1;
          await Promise.all(pages.map((page) => endAndRelease(page)));
          await fixtures.closeAll();
        }
        console.log(`${kind}, gaps ${name}: ${done} times with the greater id on the first and on the second side`);
      }
    });
  }
});
