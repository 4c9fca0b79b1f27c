import type { IncomingFile } from './file-transfer.js';
import type { EndReason, VideoCallError } from './errors.js';

/** The state of a call; `waiting` means in the lobby of the room, until a moderator admits this participant. */
export type CallState = 'idle' | 'connecting' | 'waiting' | 'connected' | 'reconnecting' | 'ended';

/**
 * Whether a track sends something, and if not, why. `muted` means that its owner has turned it off. A track
 * that the operating system silences for more than five seconds (a phone call, a closed lid) is `unavailable`.
 */
export type TrackState =
  | 'live'
  | 'muted'
  | 'pending'
  | 'not-requested'
  | 'permission-denied'
  | 'device-not-found'
  | 'device-in-use'
  | 'unavailable';

/** Another person in the call. The same object until something about them changes. */
export interface Participant {
  readonly id: string;
  /** Null where the server has no names. Text, never markup. */
  readonly name: string | null;
  readonly connection: 'connecting' | 'connected' | 'interrupted';
  /** True while they have lost the server, which keeps their seat for a while. */
  readonly away: boolean;
  /** The ids of participants whose media they should receive but do not. */
  readonly notReceiving: readonly string[];
  readonly audio: TrackState;
  readonly video: TrackState;
  /** Whether they raise their hand. */
  readonly handRaised: boolean;
  /** Their sound and picture, for an element's `srcObject`; null before there is a connection. */
  readonly stream: MediaStream | null;
}

/** A line of the chat. */
export interface ChatLine {
  /** The author; null in a line of before, if they have left, or if the line is one's own of before a reload. */
  readonly participant: Participant | null;
  /** The id of the author at the time. */
  readonly from: string;
  /** The name of the author at the time, if it is known. Text, never markup. */
  readonly name: string | null;
  /** Text, never markup. */
  readonly text: string;
  /** What `sendText` has returned to the author; null if the line is from a page of another system. */
  readonly id: string | null;
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
  /** Whether it is for this participant alone. */
  readonly direct: boolean;
  /** Whether it was written before this participant joined. Then its author is who the participant says who handed it on. */
  readonly history: boolean;
}

/** Someone who waits in the lobby. */
export interface Knock {
  /** To admit or deny them by; not their id in the room. */
  readonly id: string;
  readonly name: string | null;
}

/** The event of each type. */
export interface VideoCallEventMap {
  'state-changed': { readonly state: CallState };
  /**
   * A participant has joined. Also fires for those who were there before, in a task of its own after the promise of
   * `initializeVideoCall` has been fulfilled, so that the page can add its listeners first.
   */
  'participant-joined': { readonly participant: Participant };
  'participant-changed': { readonly participant: Participant };
  'participant-left': {
    readonly participant: Participant;
    readonly reason: 'bye' | 'lost' | 'removed';
  };
  /** A chat line has arrived. Lines of before arrive once, after joining. */
  text: ChatLine;
  /** A message of the page's own has arrived, which another page has sent with {@link VideoCall.send}. */
  data: { readonly participant: Participant; readonly data: string | ArrayBuffer };
  /** A participant offers a file. */
  file: { readonly participant: Participant; readonly file: IncomingFile };
  /** A participant reacts. Text, never markup. */
  reaction: { readonly participant: Participant; readonly emoji: string };
  /** The room was locked or unlocked, its lobby opened or closed, or what this participant may do has changed. */
  'room-changed': { readonly locked: boolean; readonly lobby: boolean };
  /** For moderators: someone waits in the lobby. Also fires for those who waited before. */
  knock: Knock;
  /** For moderators: someone who waited in the lobby was admitted or denied, or is gone. */
  'knock-ended': { readonly id: string };
  /**
   * A moderator has muted this participant, stopped their video, or asks them to stop showing their screen. The track is off
   * now and can be turned on again.
   */
  asked: { readonly participant: Participant | undefined; readonly act: 'mute' | 'stop-video' | 'stop-screen' };
  /** Tracks were added to the local stream, which is always the same object. */
  'local-stream': { readonly stream: MediaStream };
  'local-changed': { readonly microphone: TrackState; readonly camera: TrackState };
  /** The browser's permission prompt has been open for five seconds. */
  'media-pending': { readonly help: string };
  /** The media that the browser had blocked (error `autoplay-blocked`) now plays. */
  'audio-started': Record<string, never>;
  /** Something went wrong, and the call goes on. */
  error: VideoCallError;
  /** The call has ended. This is the last event. */
  ended: { readonly reason: EndReason; readonly error?: VideoCallError };
}

export type VideoCallListener<T extends keyof VideoCallEventMap> = (event: VideoCallEventMap[T]) => void;

/** Any event, with its type. */
export type AnyEvent = { [T in keyof VideoCallEventMap]: { type: T; event: VideoCallEventMap[T] } }[keyof VideoCallEventMap];

/** Listeners by event type. */
export class Listeners {
  #byType = new Map<keyof VideoCallEventMap, Set<(event: never) => void>>();

  add<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): () => void {
    const listeners = this.#byType.get(type) ?? new Set();
    this.#byType.set(type, listeners.add(listener));
    return () => this.remove(type, listener);
  }

  once<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): () => void {
    const remove = this.add(type, (event) => {
      remove();
      listener(event);
    });
    return remove;
  }

  remove<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): void {
    this.#byType.get(type)?.delete(listener);
  }

  clear(): void {
    this.#byType.clear();
  }

  has(type: keyof VideoCallEventMap): boolean {
    return Boolean(this.#byType.get(type)?.size);
  }

  emit<T extends keyof VideoCallEventMap>(type: T, event: VideoCallEventMap[T]): void {
    const listeners = [...(this.#byType.get(type) ?? [])] as VideoCallListener<T>[];
    for (const listener of listeners) callSafely(listener, event);
  }
}

/** Calls a function of the page. An exception is reported to the page and stops nothing. */
export function callSafely<E>(listener: ((event: E) => void) | null | undefined, event: E): void {
  try {
    listener?.(event);
  } catch (error) {
    if ('reportError' in globalThis) reportError(error);
    else console.error(error);
  }
}
