// A recording has what its page sees and hears, plays outside of the browser, and has its length.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { inspect, tones } from '../lib/ffmpeg.mjs';
import { createFixtures } from '../lib/fixtures.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';

/** Half of a recording for two: one tile above the other, each with a picture of 4:3 in its middle. */
const TILES = { other: [400, 0, 480, 360], self: [400, 360, 480, 360] };

describe('recording', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let folder;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
    folder = await mkdtemp(join(tmpdir(), 'recording-'));
    fixtures.defer(() => rm(folder, { recursive: true }));
  });

  const callOf = async (kinds) => {
    const room = freshRoom();
    const pages = [];
    for (const [index, kind] of kinds.entries()) {
      const page = await prepare(await fixtures.open(fixtures.browser(kind, [ann, bob][index]), site.origin));
      const { error } = await page.run((options) => globalThis.start(options), { signaling: server.socket('/rooms'), room });
      assert.equal(error, undefined);
      pages.push(page);
    }
    await inCall(...pages, '#remoteVideoElement');
    return pages;
  };

  for (const [kind, codecs] of [
    ['chromium', ['audio: opus', 'video: h264']],
    ['firefox', ['audio: opus', 'video: vp8']],
  ]) {
    test(`${kind} records both people into a file that plays and has its length`, async () => {
      const [page] = await callOf([kind, 'chromium']);
      await page.run(async () => {
        globalThis.recording = await call.startRecording({ to: 'memory' });
        globalThis.startedAt = performance.now();
      });
      const seconds = await page.until(() => {
        const seconds = (performance.now() - globalThis.startedAt) / 1000;
        return seconds > 3 && seconds;
      });
      const { type, base64 } = await page.run(stopAndRead);
      const file = join(folder, `${kind}${type.startsWith('video/mp4') ? '.mp4' : '.webm'}`);
      await writeFile(file, Buffer.from(base64, 'base64'));

      const found = await inspect(file);
      assert.deepEqual(found.codecs, codecs);
      assert.ok(Math.abs(found.duration - seconds) < 0.5, `${found.duration} s of ${seconds}`);
      assert.ok(Math.abs(found.ends.video - seconds) < 0.5, `picture until ${found.ends.video} of ${seconds} s`);
      const numbers = await page.run(readBack, TILES);
      assert.deepEqual(numbers, { other: bob.number, self: ann.number });
      // Without a sound card Firefox runs no AudioContext, so that the sound is silence here.
      if (kind === 'firefox') return;
      assert.ok(Math.abs(found.ends.audio - seconds) < 0.5, `sound until ${found.ends.audio} of ${seconds} s`);
      const [own, other, nobody] = await tones(file, [ann.tone, bob.tone, (ann.tone + bob.tone) / 2]);
      assert.ok(own > 10 * nobody && other > 10 * nobody, `tones of ${[own, other, nobody]}`);
    });
  }

  test('a recording is written to the disk while the call goes on, and completed when the call ends', async () => {
    const [page] = await callOf(['chromium', 'chromium']);
    await page.run(async () => {
      // The dialog can't be operated without a person; the file is a real one of the browser.
      const folder = await navigator.storage.getDirectory();
      globalThis.file = await folder.getFileHandle('call.mp4', { create: true });
      globalThis.showSaveFilePicker = async ({ suggestedName }) => {
        globalThis.suggested = suggestedName;
        return globalThis.file;
      };
      globalThis.recording = await call.startRecording({ fileName: 'standup' });
    });
    assert.equal(await page.run(() => globalThis.suggested), 'standup.mp4');
    await page.run(() => new Promise((resolve) => setTimeout(resolve, 2000))); // What is recorded has to last a while.
    const { size, kept } = await page.run(async () => {
      call.endCall();
      const kept = await globalThis.recording.stop();
      return { kept, size: (await globalThis.file.getFile()).size };
    });
    assert.equal(kept, null);
    assert.ok(size > 50_000, `${size} bytes`);
    const played = await page.run(async () => {
      const video = document.createElement('video');
      video.src = URL.createObjectURL(await globalThis.file.getFile());
      await new Promise((resolve, reject) => Object.assign(video, { onloadeddata: resolve, onerror: () => reject(video.error) }));
      return video.duration;
    });
    assert.ok(played > 1.5, `${played} s`);
    await page.until(() => globalThis.__e2e.holdings().tracks === 0, patience(2_000, 'no track that is left'));
  });

  test('a cancelled dialog, a full disk and a call that is over are told apart', async () => {
    const [page] = await callOf(['chromium', 'chromium']);
    await page.run(() => {
      /** What became of an attempt: nothing, or the error. */
      globalThis.outcome = (attempt) =>
        attempt.then(
          () => null,
          (error) => [error instanceof api.VideoCallError, error.code],
        );
    });
    const cancelled = await page.run(() => {
      globalThis.showSaveFilePicker = () => Promise.reject(new DOMException('made up by the test', 'AbortError'));
      return outcome(call.startRecording());
    });
    assert.deepEqual(cancelled, [true, 'aborted']);
    const full = await page.run(async () => {
      const to = new WritableStream({
        write: () => Promise.reject(new DOMException('made up by the test', 'QuotaExceededError')),
      });
      const recording = await call.startRecording({ to });
      return outcome(new Promise((resolve) => setTimeout(resolve, 100)).then(() => recording.stop()));
    });
    assert.deepEqual(full, [true, 'recording-failed']);
    const over = await page.run(() => {
      call.endCall();
      return outcome(call.startRecording({ to: 'memory' }));
    });
    assert.deepEqual(over, [true, 'aborted']);
  });
});

/** Runs in the page: ends the recording and returns the file. */
async function stopAndRead() {
  const file = await globalThis.recording.stop();
  globalThis.recorded = file;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return { type: file.type, base64: btoa(text) };
}

/** Runs in the page: plays the file and reads whose picture is in each of its parts. */
async function readBack(parts) {
  const video = Object.assign(document.createElement('video'), { src: URL.createObjectURL(globalThis.recorded), muted: true });
  await new Promise((resolve, reject) => Object.assign(video, { onloadeddata: resolve, onerror: () => reject(video.error) }));
  video.currentTime = 1;
  await new Promise((resolve) => (video.onseeked = resolve));
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, globalThis.__e2e.see(video, part)?.number]));
}
