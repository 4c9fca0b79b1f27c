// The picture that a person sends: their number and a frame counter, drawn as large black and
// white blocks that survive scaling and compression. Eight columns, six rows:
//
//   row 0   1 0 1 0 1 0 1 0   marker, so that a black or grey picture is never read as a number
//   row 1   the person
//   row 2   the counter, high byte
//   row 3   the counter, low byte
//   row 4   row 1 xor row 2 xor row 3
//   row 5   0 1 0 1 0 1 0 1   marker
//
// The functions are also sent into the page as source text: they must not name anything outside.

export const COLUMNS = 8;
export const ROWS = 6;

/** The blocks for one frame, row by row; `true` is white. */
export function blocks(person, counter) {
  const high = (counter >> 8) & 255;
  const low = counter & 255;
  const rows = [0b10101010, person, high, low, person ^ high ^ low, 0b01010101];
  return rows.flatMap((row) => Array.from({ length: 8 }, (_, column) => ((row >> (7 - column)) & 1) === 1));
}

/** Reads 48 brightnesses (0–255) back; `null` where there is no such picture. */
export function unblock(brightness) {
  const low = Math.min(...brightness);
  const high = Math.max(...brightness);
  if (high - low < 60) return null;
  const limit = (high + low) / 2;
  const row = (index) =>
    brightness.slice(index * 8, index * 8 + 8).reduce((byte, value) => byte * 2 + (value > limit ? 1 : 0), 0);
  const [first, person, above, below, check, last] = [0, 1, 2, 3, 4, 5].map(row);
  if (first !== 0b10101010 || last !== 0b01010101 || check !== (person ^ above ^ below)) return null;
  return { person, counter: above * 256 + below };
}
