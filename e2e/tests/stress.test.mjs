// Perfect negotiation under stress, after the web platform tests
// RTCPeerConnection-perfect-negotiation-stress-glare*.https.html: each side adds 21 transceivers while the
// other does, so that nearly every offer meets another. VIDEOCALLS_STRESS says how often.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, endAndRelease } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const TIMES = Number(process.env.VIDEOCALLS_STRESS ?? 1);
const EACH = 21;

/** The pauses of the originals, in milliseconds. */
const GAPS = {
  'from 19 to 0 ms': [0, ...Array.from({ length: EACH - 1 }, (_, index) => 19 - index)],
  'of 0 ms': Array(EACH).fill(0),
};

/** What a page has negotiated: `null` while something is still under way. */
const agreed = (expected) => {
  const [link] = globalThis.__e2e.connections().filter(({ remoteDescription }) => remoteDescription);
  const transceivers = link?.getTransceivers() ?? [];
  const named = transceivers.filter(({ mid }) => mid !== null);
  return link?.signalingState === 'stable' && named.length === transceivers.length && named.length >= expected && named.length;
};

/** Pictures come in and are decoded. */
const moves = async (page) => {
  const decoded = () =>
    page.run(async () => {
      const [link] = globalThis.__e2e.connections().filter(({ remoteDescription }) => remoteDescription);
      const entries = [...(await link.getStats()).values()];
      return entries.reduce((sum, { framesDecoded = 0 }) => sum + framesDecoded, 0);
    });
  const before = await decoded();
  for (const end = Date.now() + 10_000; (await decoded()) < before + 5; ) {
    assert.ok(Date.now() < end, `${page.person.name} gets no pictures any more`);
  }
};

describe('negotiation under stress', () => {
  const scene = fixtures();
  let server;
  let site;

  before(async () => {
    server = await startServer();
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  const pair = async (kind) => {
    const room = freshRoom();
    const enter = async (kind, person) =>
      (await scene.join(scene.browser(kind, person), site.origin, { signaling: server.socket('/rooms'), room })).page;
    const pages = [await enter('chromium', ann), await enter(kind, bob)];
    await Promise.all([sees(pages[0], bob, REMOTE), sees(pages[1], ann, REMOTE)]);
    return pages;
  };

  const stress = async (pages, gaps, name) => {
    const before = await Promise.all(pages.map((page) => page.until(agreed, 2)));
    assert.deepEqual(before, [2, 2]);
    const ids = await Promise.all(pages.map((page) => page.run(() => globalThis.call.id)));
    await Promise.all(pages.map((page) => page.run((gaps) => globalThis.call.simulate({ kind: 'transceivers', gaps }), gaps)));
    const counts = await Promise.all(
      pages.map((page) => page.until(agreed, 2 + 2 * EACH, patience(20_000, `all transceivers agreed upon, gaps ${name}, ids ${ids}`))),
    );
    assert.deepEqual(counts, [2 + 2 * EACH, 2 + 2 * EACH]);
    await Promise.all(pages.map(moves));
    const links = await Promise.all(pages.map((page) => page.run(() => globalThis.__e2e.made.links)));
    const errors = await Promise.all(pages.map((page) => page.run(() => globalThis.log.filter(({ type }) => type === 'error'))));
    assert.deepEqual(errors, [[], []]);
    return { greater: ids[0] > ids[1] ? 0 : 1, links };
  };

  for (const kind of ['chromium', 'firefox']) {
    test(`${EACH} transceivers at once from both sides, in both roles, ${TIMES} times (${kind})`, { timeout: 120_000 + TIMES * 60_000 }, async () => {
      for (const [name, gaps] of Object.entries(GAPS)) {
        // The ids are random: who is polite is known when both are there.
        const done = [0, 0];
        while (Math.min(...done) < TIMES) {
          const pages = await pair(kind);
          const { greater, links } = await stress(pages, gaps, name);
          done[greater] += 1;
          assert.ok(Math.max(...links) <= 2, `a link was made anew: ${links}`);
          await Promise.all(pages.map((page) => endAndRelease(page)));
          await scene.closeAll();
        }
        console.log(`${kind}, gaps ${name}: ${done} times with the one's or the other's id the greater`);
      }
    });
  }
});
