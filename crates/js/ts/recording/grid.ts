/** A rectangle in pixels. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The shape of a tile: width by height. */
const RATIO = 16 / 9;

/** The places of `count` tiles of 16:9, as large as they fit; the last row is centred. */
export function grid(count: number, width: number, height: number): Rectangle[] {
  const tileWidth = (columns: number) => Math.min(width / columns, (height / Math.ceil(count / columns)) * RATIO);
  const candidates = Array.from({ length: count }, (_, index) => index + 1);
  const columns = candidates.reduce((best, next) => (tileWidth(next) > tileWidth(best) ? next : best), 1);
  const [tile, rows] = [tileWidth(columns), Math.ceil(count / columns)];
  const tileHeight = tile / RATIO;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    return {
      x: (width - inRow * tile) / 2 + (index % columns) * tile,
      y: (height - rows * tileHeight) / 2 + row * tileHeight,
      width: tile,
      height: tileHeight,
    };
  });
}

/** The largest rectangle of a picture's shape inside of another, in its middle. */
export function fitted(outer: Rectangle, width: number, height: number): Rectangle {
  const scale = Math.min(outer.width / width, outer.height / height);
  const inner = { width: width * scale, height: height * scale };
  return { x: outer.x + (outer.width - inner.width) / 2, y: outer.y + (outer.height - inner.height) / 2, ...inner };
}
