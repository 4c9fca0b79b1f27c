// The picture that a person sends: their number and a frame counter, drawn as large black and white
// blocks that are readable after scaling and compression. Eight columns, six rows:
//
//   row 0   1 0 1 0 1 0 1 0   marker, so that a black or grey picture is not read as a number
//   row 1   the person's number
//   row 2   the counter, high byte
//   row 3   the counter, low byte
//   row 4   checksum: row 1 xor row 2 xor row 3
//   row 5   0 1 0 1 0 1 0 1   marker
//
// The functions are also sent into the page as source text: they must not name anything outside.

export const COLUMNS = 8;
export const ROWS = 6;

/** The blocks for one frame, row by row; `true` is white. */
export function blocks(number, counter) {
  const high = (counter >> 8) & 255;
  const low = counter & 255;
  const rows = [0b10101010, number, high, low, number ^ high ^ low, 0b01010101];
  return rows.flatMap((row) => Array.from({ length: 8 }, (_, column) => ((row >> (7 - column)) & 1) === 1));
}

/** Reads `{ number, counter }` from the brightness (0–255) of the 48 blocks; `null` if they are no such picture. */
export function readBlocks(brightness) {
  const low = Math.min(...brightness);
  const high = Math.max(...brightness);
  if (high - low < 60) return null;
  const limit = (high + low) / 2;
  const row = (index) =>
    brightness.slice(index * 8, index * 8 + 8).reduce((byte, value) => byte * 2 + (value > limit ? 1 : 0), 0);
  const [first, number, above, below, check, last] = [0, 1, 2, 3, 4, 5].map(row);
  if (first !== 0b10101010 || last !== 0b01010101 || check !== (number ^ above ^ below)) return null;
  return { number, counter: above * 256 + below };
}
