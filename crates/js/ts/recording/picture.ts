import { fitted, grid, type Rectangle } from './grid.js';

/** Someone, or a screen, in the recording. */
export interface Shown {
  /** Drawn over the picture. Text, never markup. */
  name: string;
  stream: MediaStream | null;
}

interface Tile extends Shown {
  video: HTMLVideoElement;
}

/** Draws all pictures of a call into one. */
export class Picture {
  readonly track: MediaStreamTrack;
  #tiles: Tile[] = [];
  #context: CanvasRenderingContext2D;
  #timer: ReturnType<typeof setInterval>;

  constructor({ width = 1280, height = 720, frameRate = 30 }: { width?: number; height?: number; frameRate?: number }) {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    this.#context = canvas.getContext('2d', { alpha: false })!;
    this.#draw();
    [this.track] = canvas.captureStream(frameRate).getVideoTracks() as [MediaStreamTrack];
    this.#timer = setInterval(() => this.#draw(), 1000 / frameRate);
  }

  /** Shows these, each in a tile; a tile that stays keeps its element. */
  show(shown: readonly Shown[]): void {
    const before = [...this.#tiles];
    this.#tiles = shown.map((one) => {
      const known = before.findIndex((tile) => tile.stream === one.stream && tile.name === one.name);
      const [tile] = known < 0 ? [] : before.splice(known, 1);
      return tile ?? { ...one, video: play(one.stream) };
    });
    for (const { video } of before) video.srcObject = null;
  }

  release(): void {
    clearInterval(this.#timer);
    this.track.stop();
    this.show([]);
  }

  #draw(): void {
    const context = this.#context;
    const { width, height } = context.canvas;
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, height);
    const places = grid(this.#tiles.length, width, height);
    this.#tiles.forEach((tile, index) => this.#drawTile(tile, places[index]!));
  }

  #drawTile({ video, name, stream }: Tile, place: Rectangle): void {
    const context = this.#context;
    const { videoWidth, videoHeight } = video;
    const hasPicture = videoWidth > 0 && stream?.getVideoTracks().some((track) => track.readyState === 'live');
    if (hasPicture) {
      const { x, y, width, height } = fitted(place, videoWidth, videoHeight);
      context.drawImage(video, x, y, width, height);
    }
    const size = Math.round(place.height / (hasPicture ? 16 : 8));
    context.font = `${size}px system-ui, sans-serif`;
    context.textAlign = 'center';
    const [x, y] = [place.x + place.width / 2, hasPicture ? place.y + place.height - size : place.y + place.height / 2];
    context.lineWidth = size / 6;
    context.strokeStyle = '#000';
    context.strokeText(name, x, y, place.width);
    context.fillStyle = '#fff';
    context.fillText(name, x, y, place.width);
  }
}

/** An element outside of the page. It is muted: the page plays the sound, and the recording has its own. */
function play(stream: MediaStream | null): HTMLVideoElement {
  const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true });
  video.srcObject = stream;
  return video;
}
