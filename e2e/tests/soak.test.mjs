// Fifty calls one after another in one page release everything: no live track, no open socket, no open
// connection, and no more memory than the same loop written by hand.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { BENCH } from '../lib/paths.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const BATCHES = 5;
const CALLS = 10;
/**
 * How many bytes one batch may add by chance: in the page's heap (`own`: the interpreter's tables grow when rare
 * functions run again), and in the browser's memory for the page (`beside`: stopped streams are freed late, and
 * hash tables double).
 */
const NOISE = { own: 1024, beside: 8 * 1024, wasm: 0 };

/** Optimised code counts as memory too, and is no leak. */
const UNCOMPILED = ['--js-flags=--no-opt --no-maglev --no-sparkplug --no-wasm-dynamic-tiering'];

describe('fifty calls in a row', () => {
  const fixtures = createFixtures();
  const slopes = {};
  let server;
  let site;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite({ '/bench/': BENCH });
    fixtures.defer(() => site.stop());
  });

  /** Each defines `begin(options)` in the page, which resolves to a call with `end()`. */
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
      await fixtures.join(fixtures.browser('chromium', bob), site.origin, { signaling, room });
      const page = await prepare(await fixtures.open(fixtures.browser('chromium', ann, { args: UNCOMPILED }), site.origin, { before: `(${keepMemory})()` }));
      await page.run(install);
      const inspector = await page.raw.createCDPSession();
      const heaps = { own: [], beside: [], wasm: [] };
      for (let batch = 0; batch < BATCHES; batch += 1) {
        await page.run(batchOfCalls, { signaling, room, name: 'Ann' }, CALLS);
        const holdings = await page.run(() => globalThis.__e2e.holdings());
        assert.deepEqual(holdings, { tracks: 0, sockets: 0, links: 0 }, `after batch ${batch + 1}`);
        const settled = await settledHeap(inspector);
        settled.wasm = await page.run(() => globalThis.memory?.buffer.byteLength ?? 0);
        for (const part of Object.keys(heaps)) heaps[part].push(settled[part]);
      }
      const made = await page.run(() => globalThis.__e2e.made);
      if (kind === 'by the package') assert.ok(heaps.wasm.every((size) => size > 0), 'the memory of the WebAssembly is measured');
      assert.ok(made.captures >= BATCHES * CALLS && made.sockets >= BATCHES * CALLS, JSON.stringify(made));
      slopes[kind] = {};
      for (const [part, sizes] of Object.entries(heaps)) {
        slopes[kind][part] = slope(sizes.slice(1));
        const kibibytes = (bytes) => (bytes / 1024).toFixed(1);
        context.diagnostic(`${part}: ${sizes.map(kibibytes).join(', ')} KiB after each batch, slope ${kibibytes(slopes[kind][part])} KiB per ten calls`);
      }
    });
  }

  test('the package keeps no more than the loop written by hand', () => {
    for (const [part, noise] of Object.entries(NOISE)) {
      const [hand, ours] = [slopes['written by hand'][part], slopes['by the package'][part]];
      assert.ok(ours <= Math.max(hand, 0) + noise, `${part}: ${ours} bytes per batch against ${hand}`);
    }
  });
});

/** Runs in the page before anything else: keeps a reference to the memory of the WebAssembly. */
function keepMemory() {
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...args) => {
    const loaded = await instantiateStreaming.apply(WebAssembly, args);
    const exported = Object.values(loaded.instance.exports);
    globalThis.memory = exported.find((one) => one instanceof WebAssembly.Memory);
    return loaded;
  };
}

/** Runs in the page: calls one after another, each until the picture of the other has arrived. */
async function batchOfCalls(options, calls) {
  const remote = document.querySelector('#remoteVideoElement');
  const waitFor = async (condition) => {
    for (const end = performance.now() + 20_000; !condition(); ) {
      if (performance.now() > end) throw new Error(`timed out: ${condition}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  for (let i = 0; i < calls; i += 1) {
    const call = await globalThis.begin(options);
    await waitFor(() => remote.srcObject && remote.readyState >= 2 && remote.videoWidth > 0 && globalThis.__e2e.holdings().tracks === 2);
    call.end();
    remote.srcObject = null;
    await waitFor(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0));
  }
}

/** The heap when it no longer shrinks: stopped streams are freed within seconds. */
async function settledHeap(inspector) {
  const least = { own: Infinity, beside: Infinity };
  for (let quiet = 0, round = 0; quiet < 4 && round < 30; round += 1) {
    await inspector.send('HeapProfiler.collectGarbage');
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await inspector.send('Runtime.getHeapUsage');
    const before = least.own + least.beside;
    least.own = Math.min(least.own, usedSize + backingStorageSize);
    least.beside = Math.min(least.beside, embedderHeapUsedSize);
    quiet = least.own + least.beside < before - 1024 ? 0 : quiet + 1;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  return least;
}

/** The median growth from batch to batch: a leak is in each of them, an outlier in one. */
function slope(values) {
  const steps = values.slice(1).map((value, index) => value - values[index]);
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)];
}
