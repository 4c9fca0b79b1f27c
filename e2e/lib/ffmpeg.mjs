// Reads media files with ffmpeg, as a player outside of the browsers would.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The codecs, the container's duration in seconds, and how far each kind of packet reaches. */
export async function inspect(file) {
  const { stdout } = await run(
    'ffprobe',
    ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', '-show_packets', file],
    { maxBuffer: 2 ** 28 },
  );
  const { format, streams, packets } = JSON.parse(stdout);
  const end = (kind) =>
    Math.max(0, ...packets.filter(({ codec_type }) => codec_type === kind).map(({ pts_time }) => Number(pts_time) || 0));
  return {
    codecs: streams.map(({ codec_type, codec_name }) => `${codec_type}: ${codec_name}`).sort(),
    duration: Number(format.duration),
    ends: { video: end('video'), audio: end('audio') },
  };
}

/** How strong each of these tones is in a file, between 0 and 1: the largest value of any second. */
export async function tones(file, frequencies) {
  const rate = 8000;
  const args = ['-v', 'error', '-i', file, '-vn', '-f', 'f32le', '-ac', '1', '-ar', String(rate), '-'];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 2 ** 28 });
  const samples = new Float32Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.byteLength / 4));
  return frequencies.map((frequency) => {
    const seconds = Array.from({ length: Math.floor(samples.length / rate) }, (_, second) =>
      samples.subarray(second * rate, (second + 1) * rate),
    );
    return Math.max(0, ...seconds.map((part) => amplitude(part, frequency / rate)));
  });
}

/** The amplitude of a tone, by a Fourier sum at its frequency (in cycles per sample). */
function amplitude(samples, frequency) {
  let [real, imaginary] = [0, 0];
  samples.forEach((sample, index) => {
    real += sample * Math.cos(2 * Math.PI * frequency * index);
    imaginary += sample * Math.sin(2 * Math.PI * frequency * index);
  });
  return (2 * Math.hypot(real, imaginary)) / samples.length;
}
