// Files between our pages, over rooms: bit-exact, declined, cancelled at both ends. `VIDEOCALLS_FILE_MB=200` sends a file of this
// size, and measures the heap.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { createFixtures } from '../lib/fixtures.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';

const MEGABYTE = 1024 * 1024;
/** Not a multiple of any block. */
const SIZE = 10 * MEGABYTE + 12_345;
const LARGE = Number(process.env.VIDEOCALLS_FILE_MB ?? 0) * MEGABYTE;

/** What every page can do with files. */
function defineHelpers() {
  globalThis.offered = [];
  call.on('file', ({ participant, file }) => globalThis.offered.push({ file, from: participant.id }));
  /** A file whose bytes depend on their place. */
  globalThis.makeFile = (size, name = 'some file.bin') => {
    const parts = [];
    for (let start = 0; start < size; start += 1024 * 1024) {
      const part = new Uint8Array(Math.min(1024 * 1024, size - start));
      let state = start ^ 0x9e3779b9;
      for (let at = 0; at < part.length; at += 1) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        part[at] = state >>> 24;
      }
      parts.push(new Blob([part]));
    }
    return new File(parts, name, { type: 'application/x-test' });
  };
  /** Whether a file is the one that `makeFile` makes of this size. */
  globalThis.isExact = async (file, size) => {
    if (file.size !== size) return false;
    const wanted = makeFile(size);
    for (let start = 0; start < size; start += 1024 * 1024) {
      const [one, other] = await Promise.all([file, wanted].map((it) => it.slice(start, start + 1024 * 1024).arrayBuffer()));
      const [a, b] = [new Uint32Array(one, 0, one.byteLength >> 2), new Uint32Array(other, 0, other.byteLength >> 2)];
      if (one.byteLength !== other.byteLength || a.some((word, index) => word !== b[index])) return false;
    }
    return true;
  };
  globalThis.outcome = (promise) => promise.then(() => ({ ok: true }), ({ name, code, category }) => ({ name, code, category }));
}

describe('files', () => {
  const fixtures = createFixtures();
  let site;
  let server;
  let room;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  async function enter(kind, person) {
    const options = { signaling: server.socket('/rooms'), room, name: person.name };
    const { page, id, error } = await fixtures.join(fixtures.browser(kind, person), site.origin, options);
    assert.equal(error, undefined);
    await page.run(defineHelpers);
    return { page, id };
  }

  /** Two participants who can send each other messages. */
  async function two(one = 'chromium', other = 'firefox') {
    const [a, b] = [await enter(one, ann), await enter(other, bob)];
    await a.page.run((id) => {
      call.on('data', () => (globalThis.isLinked = true));
    }, b.id);
    await b.page.run(() => call.send('hello'));
    await a.page.until(() => globalThis.isLinked, patience(15_000, 'a message'));
    return [a, b];
  }

  const offer = (from, to, size, name) =>
    from.page.run(
      async (to, size, name) => {
        globalThis.sent = await call.sendFile(makeFile(size, name), to);
        globalThis.ended = outcome(globalThis.sent.done);
      },
      to.id,
      size,
      name,
    );
  const isOffered = ({ page }) => page.until(() => globalThis.offered.length, patience(15_000, 'the offer'));
  const state = ({ page }, what) =>
    page.until((what) => (what === 'sent' ? globalThis.sent.state : globalThis.offered[0].file.state), what);

  for (const [one, other] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
    test(`a file arrives bit by bit as it was sent, from ${one} to ${other}`, async () => {
      const [a, b] = await two(one, other);
      await offer(a, b, SIZE, '../folder/ev\u202eil name.bin');
      await isOffered(b);
      const { from, ...described } = await b.page.run(() => {
        const [{ file, from }] = globalThis.offered;
        const { name, type, size, state, transferred } = file;
        return { from, name, type, size, state, transferred };
      });
      assert.equal(from, a.id);
      assert.deepEqual(described, { name: 'evil name.bin', type: 'application/x-test', size: SIZE, state: 'offered', transferred: 0 });
      const received = await b.page.run(async (size) => {
        const [{ file }] = globalThis.offered;
        const progress = [];
        file.onprogress = () => progress.push(file.transferred);
        const result = await file.accept();
        return { isExact: await isExact(result, size), name: result.name, type: result.type, state: file.state, progress };
      }, SIZE);
      const { progress, ...rest } = received;
      assert.deepEqual(rest, { isExact: true, name: 'evil name.bin', type: 'application/x-test', state: 'done' });
      assert.ok(progress.length > 10 && progress.at(-1) === SIZE, `progress: ${progress}`);
      assert.deepEqual(await a.page.run(() => globalThis.ended), { ok: true });
      assert.equal(await state(a, 'sent'), 'done');
    });
  }

  test('an empty file arrives, and one without a recipient is offered to everyone', async () => {
    const [a, b] = await two();
    const c = await enter('chromium', cat);
    await c.page.run(() => call.send('hello'));
    await a.page.until(() => call.participants.length === 2 && call.participants.every(({ connection }) => connection === 'connected'));
    await a.page.until(async () => {
      const transfers = await call.sendFile(makeFile(0, 'empty'));
      if (transfers.length < 2) return transfers.forEach((transfer) => transfer.cancel());
      globalThis.all = transfers;
      return true;
    });
    for (const { page } of [b, c]) {
      await page.until(() => globalThis.offered.some(({ file }) => file.state === 'offered'));
      assert.equal(await page.run(async () => (await globalThis.offered.find(({ file }) => file.state === 'offered').file.accept()).size), 0);
    }
    await a.page.until(() => globalThis.all.every(({ state }) => state === 'done'));
  });

  test('a file can be written to a stream', async () => {
    const [a, b] = await two();
    await offer(a, b, 3 * MEGABYTE + 1);
    await isOffered(b);
    const written = await b.page.run(async (size) => {
      const parts = [];
      const writable = new WritableStream({ write: (part) => void parts.push(part.slice()), close: () => void (globalThis.isWritten = true) });
      const result = await globalThis.offered[0].file.accept({ writable });
      return { isExact: await isExact(new File(parts, 'x'), size), result: result ?? null, closed: globalThis.isWritten };
    }, 3 * MEGABYTE + 1);
    assert.deepEqual(written, { isExact: true, result: null, closed: true });
  });

  test('a declined file ends at both ends', async () => {
    const [a, b] = await two();
    await offer(a, b, 1000);
    await isOffered(b);
    await b.page.run(() => globalThis.offered[0].file.decline());
    assert.deepEqual(await a.page.run(() => globalThis.ended), { name: 'VideoCallError', code: 'file-declined', category: 'media' });
    assert.deepEqual([await state(a, 'sent'), await state(b, 'offered')], ['declined', 'declined']);
  });

  for (const who of ['sender', 'receiver']) {
    test(`the ${who} cancels half-way: both ends drop the file, and the next one arrives`, async () => {
      const [a, b] = await two();
      await offer(a, b, SIZE);
      await isOffered(b);
      const failed = await b.page.run(async (who) => {
        const [{ file }] = globalThis.offered;
        let aborted = false;
        const writable = new WritableStream({ abort: () => void (aborted = true) });
        file.onprogress = () => {
          if (who === 'receiver' && file.transferred > file.size / 2) file.cancel();
        };
        globalThis.accepted = outcome(file.accept({ writable })).then((it) => ({ ...it, aborted }));
      }, who);
      assert.equal(failed, undefined);
      if (who === 'sender') {
        await a.page.run(
          () =>
            new Promise((resolve) => {
              globalThis.sent.onprogress = () => {
                if (globalThis.sent.transferred > globalThis.sent.size / 2) resolve(globalThis.sent.cancel());
              };
            }),
        );
      }
      const cancelled = { name: 'VideoCallError', code: 'file-cancelled', category: 'media' };
      assert.deepEqual(await b.page.run(() => globalThis.accepted), { ...cancelled, aborted: true });
      assert.deepEqual(await a.page.run(() => globalThis.ended), cancelled);
      assert.deepEqual([await state(a, 'sent'), await state(b, 'offered')], ['cancelled', 'cancelled']);

      await b.page.run(() => (globalThis.offered = []));
      await offer(a, b, 2 * MEGABYTE);
      await isOffered(b);
      assert.equal(await b.page.run(async (size) => isExact(await globalThis.offered[0].file.accept(), size), 2 * MEGABYTE), true);
    });
  }

  test('a connection that is lost fails the file at both ends', async () => {
    const [a, b] = await two();
    await offer(a, b, SIZE);
    await isOffered(b);
    await b.page.run(() => {
      const [{ file }] = globalThis.offered;
      globalThis.accepted = outcome(file.accept());
      return new Promise((resolve) => (file.onprogress = resolve));
    });
    await a.page.run(() => call.simulate({ kind: 'break-link' }));
    const failed = { name: 'VideoCallError', code: 'file-failed', category: 'media' };
    assert.deepEqual(await a.page.run(() => globalThis.ended), failed);
    assert.deepEqual(await b.page.run(() => globalThis.accepted), failed);
  });

  test('a file for someone who is not there is an error', async () => {
    const a = await enter('chromium', ann);
    const refused = await a.page.run(() => outcome(call.sendFile(makeFile(1), 'nobody')));
    assert.equal(refused.code, 'unknown-recipient');
  });

  if (!LARGE) return;

  for (const [one, other] of [['chromium', 'chromium'], ['chromium', 'firefox'], ['firefox', 'chromium']]) {
    test(`a file of ${LARGE / MEGABYTE} MB from ${one} to ${other} does not fill the heap`, { timeout: 600_000 }, async () => {
      const [a, b] = await two(one, other);
      await offer(a, b, LARGE);
      await isOffered(b);
      const heaps = [a, b].map(({ page }) => sampleHeap(page));
      const ms = await b.page.run(async () => {
        const begun = performance.now();
        globalThis.result = await globalThis.offered[0].file.accept();
        return performance.now() - begun;
      });
      const grown = await Promise.all(heaps.map((stop) => stop()));
      console.log(JSON.stringify({ one, other, seconds: ms / 1000, grown: grown.map((bytes) => bytes && bytes / MEGABYTE) }));
      assert.equal(await b.page.run((size) => isExact(globalThis.result, size), LARGE), true);
      for (const bytes of grown) assert.ok(bytes === null || bytes <= 16 * MEGABYTE, `the heap has grown by ${bytes} bytes`);
    });
  }
});

/** Samples what a page holds after a garbage collection, as far as the browser shows it; the result stops that, and returns the growth. */
function sampleHeap(page) {
  const session = page.raw.createCDPSession?.().catch(() => null) ?? null;
  let isOver = false;
  const measure = async (devtools) => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize = 0 } = await devtools.send('Runtime.getHeapUsage');
    return usedSize + backingStorageSize;
  };
  const sampling = (async () => {
    const devtools = await session;
    if (!devtools) return null;
    const first = await measure(devtools);
    let most = first;
    while (!isOver) {
      most = Math.max(most, await measure(devtools));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return most - first;
  })();
  return () => {
    isOver = true;
    return sampling;
  };
}
