// Fifty calls one after the other in one page leave nothing behind: no live track, no open socket,
// no open connection, and no more memory than the same loop written by hand.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { ann, bob, freshRoom } from '../lib/people.mjs';
import { BENCH } from '../lib/paths.mjs';
import { startServer } from '../lib/server.mjs';
import { stage } from '../lib/stage.mjs';

const BATCHES = 5;
const CALLS = 10;
/** What one batch may differ from the next by the collector's mood alone, in bytes. */
const NOISE = 8 * 1024;

describe('fifty calls in a row', () => {
  const scene = stage();
  const slopes = {};
  let server;
  let site;

  before(async () => {
    server = await startServer();
    site = await callSite({ '/bench/': BENCH });
    scene.defer(() => server.stop());
    scene.defer(() => site.stop());
  });

  /** Each is in the page as `begin(options)`, which gives what has an `end()`. */
  const KINDS = {
    'written by hand': async () => {
      const { start } = await import('/bench/best.js');
      globalThis.begin = start;
    },
    'by the package': async () => {
      globalThis.begin = async (options) => {
        const call = await globalThis.api.initializeVideoCall({
          ...options,
          localVideoElement: document.querySelector('#localVideoElement'),
          remoteVideoElement: document.querySelector('#remoteVideoElement'),
        });
        return { end: () => call.endCall() };
      };
    },
  };

  for (const [kind, install] of Object.entries(KINDS)) {
    test(kind, async (context) => {
      const room = freshRoom();
      const signaling = server.socket('/rooms');
      await scene.join(scene.browser('chromium', bob), site.origin, { signaling, room });
      const page = await prepare(await scene.open(scene.browser('chromium', ann), site.origin));
      await page.run(install);
      const inspector = await page.raw.createCDPSession();
      const heaps = [];
      for (let batch = 0; batch < BATCHES; batch += 1) {
        await page.run(batchOfCalls, { signaling, room, name: 'Ann' }, CALLS);
        const holdings = await page.run(() => globalThis.__e2e.holdings());
        assert.deepEqual(holdings, { tracks: 0, sockets: 0, links: 0 }, `after batch ${batch + 1}`);
        heaps.push(await settledHeap(inspector));
      }
      const made = await page.run(() => globalThis.__e2e.made);
      assert.ok(made.captures >= BATCHES * CALLS && made.sockets >= BATCHES * CALLS, JSON.stringify(made));
      slopes[kind] = slope(heaps.slice(1));
      context.diagnostic(`heap after each batch: ${heaps.map((bytes) => `${(bytes / 1024).toFixed(0)} KiB`).join(', ')}`);
      context.diagnostic(`slope: ${(slopes[kind] / 1024).toFixed(1)} KiB per ten calls`);
    });
  }

  test('the package keeps no more than the loop written by hand', () => {
    const [hand, ours] = [slopes['written by hand'], slopes['by the package']];
    assert.ok(ours <= Math.max(hand, 0) + NOISE, `${ours} bytes per batch against ${hand}`);
  });
});

/** Runs in the page: calls one after the other, each until the other's picture has come. */
async function batchOfCalls(options, calls) {
  const remote = document.querySelector('#remoteVideoElement');
  const soon = async (condition) => {
    for (const end = performance.now() + 10_000; !condition(); ) {
      if (performance.now() > end) throw new Error(`in vain: ${condition}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  for (let i = 0; i < calls; i += 1) {
    const call = await globalThis.begin(options);
    await soon(() => remote.srcObject && remote.readyState >= 2 && remote.videoWidth > 0 && globalThis.__e2e.holdings().tracks === 2);
    call.end();
    remote.srcObject = null;
    await soon(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0));
  }
}

/** The heap once nothing more goes: what stopped streams hold drains within seconds. */
async function settledHeap(inspector) {
  let last = Infinity;
  for (let round = 0; round < 12; round += 1) {
    for (let i = 0; i < 2; i += 1) await inspector.send('HeapProfiler.collectGarbage');
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await inspector.send('Runtime.getHeapUsage');
    const size = usedSize + embedderHeapUsedSize + backingStorageSize;
    if (round >= 3 && last - size < 2048) return size;
    last = size;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return last;
}

/** Least squares, per batch. */
function slope(values) {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const above = values.reduce((sum, value, x) => sum + (x - middle) * (value - mean), 0);
  const below = values.reduce((sum, _, x) => sum + (x - middle) ** 2, 0);
  return above / below;
}
