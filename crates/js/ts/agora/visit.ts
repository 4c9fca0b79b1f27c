import type { Participant, VideoCall } from '../videocalls.js';
import { iceServers, loadPackage, registerName, signaling } from './script.js';
import { KINDS, type Kind, type LocalTrack, type Track } from './tracks.js';

export type Uid = number | string;

/** Another person in the channel. */
export interface RemoteUser {
  uid: Uid;
  hasAudio: boolean;
  hasVideo: boolean;
  audioTrack: Track | undefined;
  videoTrack: Track | undefined;
}

/** The time between a client's `join` and its end. */
export class Visit {
  readonly uid: Uid;
  /** By the id of the participant, which is new after a reload; the uid is not. */
  readonly users = new Map<string, RemoteUser>();
  /** What is published, once something is: at most one track of each kind. */
  tracks: LocalTrack[] | undefined;
  #channel: string;
  #abort = new AbortController();
  #provide = new Map<Kind, (track: MediaStreamTrack | null) => void>();
  #call: VideoCall | undefined;
  /** The uids of participants who are not Agora pages, by their ids, once their names are registered. */
  #derivedUids = new Map<string, Promise<number>>();

  constructor(channel: unknown, uid: Uid | null | undefined) {
    this.#channel = String(channel);
    this.uid = uid ?? (crypto.getRandomValues(new Uint32Array(1))[0] as number);
  }

  /** Undefined until the server has let us in. */
  get call(): VideoCall | undefined {
    return this.#call;
  }

  /** Enters the room, without tracks: `provide` passes them on later. The uid travels as the participant's name. */
  async join(token: string | null | undefined): Promise<void> {
    const { initializeVideoCall } = await loadPackage();
    this.#call = await initializeVideoCall({
      signaling,
      ...(iceServers && { iceServers }),
      room: roomOf(this.#channel),
      name: String(this.uid),
      ...(token != null && { token }),
      constraints: { audio: this.#awaited('audio'), video: this.#awaited('video') },
      signal: this.#abort.signal,
    });
  }

  provide(kind: Kind, track: MediaStreamTrack | null): void {
    this.#provide.get(kind)?.(track);
  }

  turn(kind: Kind, on: boolean): void {
    this.#call?.toggleTrack(kind, on);
  }

  trackOf(id: string, kind: Kind): MediaStreamTrack | undefined {
    const { stream } = this.#call?.participants.find((participant) => participant.id === id) ?? {};
    return stream?.getTracks().find((track) => track.kind === kind);
  }

  /**
   * The uid of a participant. In one channel all uids are numbers or all are text. An Agora page has its uid as its name. Anyone
   * else in a channel of numbers gets a number made from their id, and their name is registered, so that pages find it.
   */
  uidOf({ id, name }: Participant): Uid | Promise<Uid> {
    const text = name ?? id;
    if (typeof this.uid !== 'number') return text;
    if (/^\d+$/.test(text)) return Number(text);
    const known = this.#derivedUids.get(id) ?? this.#register(uidFrom(id), text);
    this.#derivedUids.set(id, known);
    return known;
  }

  /** Resolves when the call has received the tracks that were provided. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      const call = this.#call;
      const check = () => {
        const { microphone, camera } = call?.local.tracks ?? {};
        if (![microphone?.state, camera?.state].includes('requested')) resolve();
      };
      call?.on('local-changed', check);
      call?.on('ended', () => resolve());
      check();
    });
  }

  end(): void {
    this.#abort.abort();
    this.tracks?.forEach((track) => track.setPublished(true));
    for (const kind of KINDS) {
      this.provide(kind, null);
      for (const user of this.users.values()) forgetTrack(user, kind);
    }
  }

  #awaited(kind: Kind): Promise<MediaStreamTrack | null> {
    return new Promise((resolve) => this.#provide.set(kind, resolve));
  }

  async #register(uid: number, name: string): Promise<number> {
    await registerName(this.#channel, uid, name);
    return uid;
  }
}

export function forgetTrack(user: RemoteUser, kind: Kind): void {
  user[`${kind}Track`]?.stop();
  user[`${kind}Track`] = undefined;
}

/** The names of rooms have fewer characters than those of channels. */
function roomOf(channel: string): string {
  return channel.replace(/[^\w.-]/gu, (other) => `~${(other.codePointAt(0) ?? 0).toString(16)}~`);
}

/** A positive number of 31 bits, the same on every page (FNV-1a). */
function uidFrom(id: string): number {
  const hash = [...id].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193), 0x811c9dc5);
  return (hash & 0x7fffffff) || 1;
}
