import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitted, grid } from '../ts/recording/grid.ts';
import { durationBytes, withDuration } from '../ts/recording/webm-duration.ts';

/** Encodes an element whose size takes one byte, or is unknown. */
const element = (id, content, size = [0x80 + content.length]) => [...id, ...size, ...content];
const SCALE = element([0x2a, 0xd7, 0xb1], [0x0f, 0x42, 0x40]);
const INFO = [0x15, 0x49, 0xa9, 0x66];
const webm = (info) =>
  Uint8Array.from([
    ...element([0x1a, 0x45, 0xdf, 0xa3], [0x42, 0x86, 0x81, 1]),
    ...element([0x18, 0x53, 0x80, 0x67], element(INFO, info), [0x01, 255, 255, 255, 255, 255, 255, 255]),
    0xab,
    0xcd,
  ]);

test('a WebM head without a duration gets one, and nothing else changes', () => {
  const head = webm(SCALE);
  const { bytes, position } = withDuration(head);
  bytes.set(durationBytes(2.5), position);
  assert.equal(bytes.length, head.length + 11 + 3, 'a duration, and a longer size before it');
  const duration = element([0x44, 0x89], [...durationBytes(2.5)]);
  const size = SCALE.length + duration.length;
  const expected = element(INFO, [...duration, ...SCALE], [0x10, 0, 0, size]);
  assert.ok(Buffer.from(bytes).includes(Buffer.from(expected)));
  assert.deepEqual([...bytes.subarray(-2)], [0xab, 0xcd]);
  assert.equal(new DataView(durationBytes(2.5).buffer).getFloat64(0), 2500);
});

test('the empty duration of a WebM head is found', () => {
  const head = webm([...SCALE, ...element([0x44, 0x89], [0, 0, 0, 0, 0, 0, 0, 0])]);
  const { bytes, position } = withDuration(head);
  assert.equal(bytes, head);
  assert.deepEqual([...head.subarray(position - 3, position)], [0x44, 0x89, 0x88]);
});

test('a head that is not WebM, or is cut, stays as it is', () => {
  const whole = webm(SCALE);
  for (const head of [Uint8Array.of(), Uint8Array.of(0, 0, 0, 24), whole.subarray(0, 20), Uint8Array.of(0x1a, 0x45)]) {
    const { bytes, position } = withDuration(head);
    assert.equal(bytes, head);
    assert.equal(position, undefined);
  }
});

test('a grid fills the picture with tiles of 16:9 that do not overlap', () => {
  for (const [width, height] of [
    [1280, 720],
    [640, 480],
    [360, 640],
  ]) {
    for (let count = 1; count <= 25; count += 1) {
      const tiles = grid(count, width, height);
      assert.equal(tiles.length, count);
      for (const [index, tile] of tiles.entries()) {
        assert.ok(Math.abs(tile.width / tile.height - 16 / 9) < 1e-9);
        assert.ok(tile.x > -1e-6 && tile.y > -1e-6 && tile.x + tile.width < width + 1e-6 && tile.y + tile.height < height + 1e-6);
        for (const other of tiles.slice(index + 1)) {
          const isApart = Math.abs(tile.x - other.x) > tile.width - 1e-6 || Math.abs(tile.y - other.y) > tile.height - 1e-6;
          assert.ok(isApart, `${count} tiles in ${width} by ${height}`);
        }
      }
    }
  }
  assert.deepEqual(grid(1, 1280, 720), [{ x: 0, y: 0, width: 1280, height: 720 }]);
  assert.deepEqual(grid(0, 1280, 720), []);
});

test('a picture keeps its shape in a tile', () => {
  assert.deepEqual(fitted({ x: 100, y: 0, width: 640, height: 360 }, 320, 240), { x: 180, y: 0, width: 480, height: 360 });
});
