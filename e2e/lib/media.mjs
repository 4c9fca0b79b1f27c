// Files for Chromium's fake devices: a picture with a counter (y4m) and a tone (wav), written once.

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blocks, COLUMNS, ROWS } from './pattern.mjs';

const WIDTH = 320;
const HEIGHT = 240;
const SECONDS = 8;
const SAMPLE_RATE = 48000;

// Part of the folder's name, so that files of an older format are not used.
const FORMAT = 1;

/** The paths of a person's video and sound file. */
export function mediaFiles(person, { fps = 20 } = {}) {
  const folder = join(tmpdir(), `videocalls-e2e-media-${FORMAT}`);
  mkdirSync(folder, { recursive: true });
  return {
    video: writeOnce(join(folder, `${person.number}-${fps}.y4m`), () => video(person.number, fps)),
    audio: writeOnce(join(folder, `${person.tone}.wav`), () => tone(person.tone)),
  };
}

/** Writes to another name and renames, so that a run beside this one never reads half a file. */
function writeOnce(path, make) {
  if (!existsSync(path)) {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, make());
    renameSync(draft, path);
  }
  return path;
}

function video(number, fps) {
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${fps}:1 Ip A1:1 C420jpeg\n`);
  const grey = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const frames = Array.from({ length: fps * SECONDS }, (_, counter) => [
    Buffer.from('FRAME\n'),
    luma(blocks(number, counter)),
    grey,
  ]);
  return Buffer.concat([header, ...frames.flat()]);
}

function luma(cells) {
  const plane = Buffer.alloc(WIDTH * HEIGHT);
  const [cellWidth, cellHeight] = [WIDTH / COLUMNS, HEIGHT / ROWS];
  cells.forEach((white, index) => {
    const left = (index % COLUMNS) * cellWidth;
    const top = Math.floor(index / COLUMNS) * cellHeight;
    for (let y = top; y < top + cellHeight; y += 1) {
      plane.fill(white ? 235 : 16, y * WIDTH + left, y * WIDTH + left + cellWidth);
    }
  });
  return plane;
}

/** A tone that changes its level every quarter of a second: noise suppression removes a steady one. */
function tone(frequency) {
  const samples = SAMPLE_RATE * 2;
  const data = Buffer.alloc(samples * 2);
  for (let i = 0; i < samples; i += 1) {
    const beat = Math.floor((i * 4) / SAMPLE_RATE) % 2 === 0 ? 1 : 0.1;
    const value = 0.4 * beat * Math.sin((2 * Math.PI * frequency * i) / SAMPLE_RATE);
    data.writeInt16LE(Math.round(value * 32767), i * 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}
