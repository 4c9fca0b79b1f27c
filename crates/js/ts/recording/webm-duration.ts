// The duration of a WebM file. Browsers record WebM as a live stream: its header has no duration (Chromium) or zero
// (Firefox), so that players can neither show the length nor search. https://www.matroska.org/technical/elements.html

const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const DURATION = 0x4489;
/** A duration of eight bytes: a float in milliseconds, the scale that browsers write. */
const EMPTY_DURATION = [0x44, 0x89, 0x88, 0, 0, 0, 0, 0, 0, 0, 0];

/** The start of a file with room for its duration. */
export interface TimedHead {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the duration goes, in bytes; undefined if the start is not as expected. */
  position: number | undefined;
}

/** The start of a WebM file with a duration, which is added if there is none. */
export function withDuration(head: Uint8Array<ArrayBuffer>): TimedHead {
  const info = findInfo(head);
  if (!info) return { bytes: head, position: undefined };
  const present = find(head, DURATION, info.contentAt, info.contentAt + info.size);
  if (present) return { bytes: head, position: present.size === 8 ? present.contentAt : undefined };
  const size = encodeSize(info.size + EMPTY_DURATION.length);
  const before = [...head.subarray(0, info.sizeAt), ...size, ...EMPTY_DURATION];
  const bytes = Uint8Array.from([...before, ...head.subarray(info.contentAt)]);
  return { bytes, position: before.length - 8 };
}

/** The bytes of a duration. */
export function durationBytes(seconds: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, seconds * 1000);
  return bytes;
}

interface Element {
  sizeAt: number;
  contentAt: number;
  size: number;
}

/** The segment's information; elements before it are skipped. */
function findInfo(bytes: Uint8Array): Element | undefined {
  const segment = find(bytes, SEGMENT, 0, bytes.length);
  return segment && find(bytes, INFO, segment.contentAt, bytes.length);
}

/** The first element with this id in a row of elements. */
function find(bytes: Uint8Array, wanted: number, from: number, end: number): Element | undefined {
  for (let at = from; at < end;) {
    const id = readNumber(bytes, at, true);
    const size = id && readNumber(bytes, at + id.length, false);
    if (!id || !size) return undefined;
    const sizeAt = at + id.length;
    const contentAt = sizeAt + size.length;
    if (id.value === wanted) return { sizeAt, contentAt, size: size.value };
    at = contentAt + size.value;
  }
  return undefined;
}

/** A number of variable length: the zeros before the first one bit tell its length. Ids keep that bit. */
function readNumber(bytes: Uint8Array, at: number, keepsMark: boolean): { value: number; length: number } | undefined {
  const first = bytes[at];
  if (!first) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return undefined;
  let value = keepsMark ? first : first & ((1 << (8 - length)) - 1);
  for (let index = 1; index < length; index += 1) value = value * 256 + bytes[at + index]!;
  return { value, length };
}

/** A size in four bytes. */
function encodeSize(size: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, 0x10000000 + size);
  return bytes;
}
