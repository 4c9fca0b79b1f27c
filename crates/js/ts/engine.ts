import { textOf, VideoCallError, type ErrorDetails } from './errors.js';
import type { CallState, Knock, Participant, TrackState } from './events.js';
import type { Act, Grant } from './moderate.js';

/** Where the WebAssembly comes from, if not from beside the script. */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** The state of a call, as the WebAssembly describes it. */
export interface Snapshot {
  state: CallState;
  id?: string | undefined;
  microphone: TrackState;
  camera: TrackState;
  handRaised: boolean;
  participants: Omit<Participant, 'stream'>[];
  grants?: Grant[] | undefined;
  locked: boolean;
  lobby: boolean;
  knocks: Knock[];
}

/** What the WebAssembly reads of the options; see `src/options.rs`. */
export interface CoreOptions {
  url: string;
  dialect: string | undefined;
  room: string | undefined;
  name: string | undefined;
  token: string | undefined;
  fetchToken?: (() => unknown) | undefined;
  audio: unknown;
  video: unknown;
  /** Opens a socket, or an object with the interface of one. */
  openSocket?: ((url: string) => WebSocket) | undefined;
  rtc: RTCConfiguration | undefined;
  fetchIceServers?: (() => Promise<RTCIceServer[]>) | undefined;
  reconnectMs: number | undefined;
}

/** A call inside the WebAssembly; see `src/lib.rs`. */
export interface CallHandle {
  snapshot(): Snapshot;
  readonly localStream: MediaStream;
  streamOf(id: string): MediaStream | null;
  toggleTrack(kind: string, on?: boolean): boolean | undefined;
  sendText(text: string, to?: string): string;
  sendData(data: string | Uint8Array, to: string | undefined, reliable: boolean): void;
  react(emoji: string): void;
  raiseHand(on?: boolean): boolean;
  openFileChannel(to: string): RTCDataChannel | undefined;
  moderate(act: Act, to: string | undefined, on: boolean): void;
  endCall(): void;
  free(): void;
}

/** What a call holds in the browser. */
export type Holding = WebSocket | RTCPeerConnection | MediaStreamTrack;

/** An instance of the WebAssembly; see `xtask/js/glue.js`. */
export interface Wasm {
  load(source: unknown): Promise<unknown>;
  module(): WebAssembly.Module;
  readonly holdings: Set<Holding>;
  build(): string;
  start(options: CoreOptions, emit: (type: string, detail: unknown) => void): CallHandle;
}

/** Makes an instance, and calls `onFailure` if a panic or an exception makes it unusable. */
export type WasmFactory = (onFailure: (cause: unknown) => void) => Wasm;

/** Code that is notified when the instance that it uses fails. */
export interface EngineUser {
  engineFailed(cause: unknown): void;
}

/** An instance that is ready, with those who use it. */
export interface Instance {
  readonly wasm: Wasm;
  readonly users: Set<EngineUser>;
}

/** Loads the WebAssembly once, and again after it has failed. */
export class Engine {
  #make: WasmFactory;
  #address: () => URL;
  #build: string;
  #loading: Promise<Instance> | undefined;
  #compiled: WebAssembly.Module | undefined;

  constructor(make: WasmFactory, address: () => URL, build: string) {
    this.#make = make;
    this.#address = address;
    this.#build = build;
  }

  load(source?: WasmSource | Promise<Response>): Promise<Instance> {
    this.#loading ??= this.#load(this.#compiled ?? source ?? this.#address());
    return this.#loading;
  }

  async #load(source: WasmSource | Promise<Response>): Promise<Instance> {
    const users = new Set<EngineUser>();
    const wasm = this.#make((cause) => {
      this.#loading = undefined;
      for (const user of users) user.engineFailed(cause);
    });
    try {
      await wasm.load(source);
      if (wasm.build() !== this.#build) throw new WebAssembly.LinkError('the build ids differ');
    } catch (cause) {
      this.#loading = undefined; // The next call tries again.
      throw notLoaded(cause);
    }
    this.#compiled = wasm.module();
    return { wasm, users };
  }
}

/** The error of a call whose WebAssembly has failed. */
export function engineFailure(cause: unknown): ErrorDetails {
  return {
    code: 'internal',
    category: 'internal',
    message: `the call stopped because of an internal error: ${textOf(cause)}`,
    help: 'Something went wrong in this page, and the call has ended. Please join again.',
    cause,
  };
}

function notLoaded(cause: unknown): VideoCallError {
  const otherBuild = cause instanceof WebAssembly.LinkError;
  const message = otherBuild
    ? 'videocalls_bg.wasm and videocalls.js are from different builds: copy both from the same one, and mind caches'
    : `videocalls_bg.wasm could not be loaded: ${textOf(cause)}`;
  return VideoCallError.from({
    code: 'wasm-load-failed',
    category: 'internal',
    message,
    help: 'The video call could not be loaded. Check your connection and reload the page.',
    cause,
  });
}
