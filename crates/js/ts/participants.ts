import type { BareParticipant, BareTracks } from './engine.js';
import type { Local, Participant, Track, Tracks } from './events.js';

/** The streams of a participant, or the own ones. */
export interface Streams {
  readonly stream: MediaStream | null;
  readonly screenStream: MediaStream | null;
}

const NO_STREAMS: Streams = { stream: null, screenStream: null };

/** The participants of a call: the same array, and the same objects in it, until something changes. */
export class ParticipantList {
  #streamsOf: (id: string) => Streams;
  #list: readonly Participant[] = Object.freeze([]);

  constructor(streamsOf: (id: string) => Streams) {
    this.#streamsOf = streamsOf;
  }

  update(current: readonly BareParticipant[]): readonly Participant[] {
    const known = new Map(this.#list.map((participant) => [participant.id, participant]));
    const list = current.map((one) => {
      const participant = withStreams(one, this.#streamsOf(one.id));
      const before = known.get(one.id);
      return before && isEqual(before, participant) ? before : participant;
    });
    const isSame = list.length === this.#list.length && list.every((one, index) => one === this.#list[index]);
    if (!isSame) this.#list = Object.freeze(list);
    return this.#list;
  }
}

/** What this client sends: the same object until something changes. */
export class LocalView {
  #now: Local = withStreams({ tracks: {} as BareTracks }, NO_STREAMS);

  update(tracks: BareTracks, streams: Streams): Local {
    const now = withStreams({ tracks }, streams);
    if (!isEqual(this.#now, now)) this.#now = now;
    return this.#now;
  }
}

/** Adds the streams, to each track the one that contains it. */
export function withStreams<T extends { tracks: BareTracks }>(bare: T, streams: Streams): Omit<T, 'tracks'> & Streams & { tracks: Tracks } {
  const { stream, screenStream } = streams;
  const tracks = Object.entries(bare.tracks).map(([source, track]) => {
    const carrier = source.startsWith('screen') ? screenStream : stream;
    const complete: Track = { ...track, stream: /live|muted/.test(track.state) ? carrier : null };
    return [source, Object.freeze(complete)];
  });
  return Object.freeze({ ...bare, stream, screenStream, tracks: Object.freeze(Object.fromEntries(tracks)) as Tracks });
}

/** Compares plain data; streams are the same or not. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(b);
  return keys.length === Object.keys(a).length && keys.every((key) => isEqual(a[key], b[key]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : null;
  return prototype === Object.prototype || prototype === Array.prototype;
}
