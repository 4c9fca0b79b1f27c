/** Where a call stands. */
export type CallState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'ended';

/**
 * Whether a track carries something, and if not, why not. `muted` is off by its owner; what the
 * system silences for more than five seconds (a phone call, a closed lid) is `unavailable`.
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

/** Why a call is over. */
export type EndReason =
  | 'left'
  | 'aborted'
  | 'room-full'
  | 'invalid-room'
  | 'invalid-name'
  | 'forbidden'
  | 'token-expired'
  | 'kicked'
  | 'replaced'
  | 'version-not-supported'
  | 'bad-request'
  | 'signaling-unreachable'
  | 'server-silent'
  | 'server-gone'
  | 'protocol-error'
  | 'internal';

/** The stable name of a failure. */
export type ErrorCode =
  | 'permission-denied'
  | 'device-not-found'
  | 'device-in-use'
  | 'constraints-not-satisfied'
  | 'insecure-context'
  | 'unsupported-browser'
  | 'device-failed'
  | 'invalid-options'
  | 'not-supported'
  | 'wasm-load-failed'
  | 'ice-servers-failed'
  | 'autoplay-blocked'
  | 'malformed-message'
  | 'message-too-large'
  | 'message-rejected'
  | 'negotiation-failed'
  | EndReason;

/** The part of the house that a failure belongs to. */
export type ErrorCategory = 'device' | 'signaling' | 'media' | 'configuration' | 'internal';

/** A failure. */
export class VideoCallError extends Error {
  private constructor();
  readonly name: 'VideoCallError';
  /** Stable: made for comparing. */
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  /** What happened and what to do, in a sentence for the person in the call. */
  readonly help: string;
  /** The device that it is about, if it is about one. */
  readonly device?: 'microphone' | 'camera';
  /** The browser's own error, if it comes from there. */
  readonly cause?: unknown;
}

/** Another person in the call, as they were when this was read. */
export interface Participant {
  readonly id: string;
  /** Null where the server has no names. Text, never markup. */
  readonly name: string | null;
  readonly connection: 'connecting' | 'connected' | 'interrupted';
  /** Whether their connection to the server is lost, and their seat is held for a while. */
  readonly away: boolean;
  /** The ids of those whom they can't hear or see at the moment, though they should. */
  readonly notReceiving: readonly string[];
  readonly audio: TrackState;
  readonly video: TrackState;
  /** Their sound and picture, for an element's `srcObject`; null before there is a connection. */
  readonly stream: MediaStream | null;
}

/** What each event carries. */
export interface VideoCallEventMap {
  'state-changed': { readonly state: CallState };
  'participant-joined': { readonly participant: Participant };
  'participant-changed': { readonly participant: Participant };
  'participant-left': {
    readonly participant: Participant;
    readonly reason: 'bye' | 'lost' | 'kicked';
  };
  /** Someone says something to everyone, in writing: text, never markup. */
  text: { readonly participant: Participant; readonly text: string };
  /** Tracks have come into the own stream, which is always the same: at first, or again. */
  'local-stream': { readonly stream: MediaStream };
  'local-changed': { readonly microphone: TrackState; readonly camera: TrackState };
  /** The browser has been asking the person for microphone or camera for five seconds. */
  'media-pending': { readonly help: string };
  /** What the browser held back (error `autoplay-blocked`) plays now. */
  'audio-started': Record<string, never>;
  /** Something went wrong, and the call goes on. */
  error: VideoCallError;
  /** The call is over; nothing comes after this. */
  ended: { readonly reason: EndReason; readonly error?: VideoCallError };
}

export type VideoCallListener<T extends keyof VideoCallEventMap> = (
  event: VideoCallEventMap[T],
) => void;

/** What becomes of messages: of those that come in, unless said otherwise, and of one of them. */
export interface Meddling {
  direction?: 'in' | 'out';
  count?: number;
}

/** A fault that {@link VideoCall.simulate} can cause. Times are in milliseconds. */
export type Fault =
  | ({ kind: 'drop' | 'duplicate' } & Meddling)
  | ({ kind: 'delay'; ms: number } & Meddling)
  /** So many come in the opposite order: two, unless said otherwise. */
  | ({ kind: 'reorder' } & Meddling)
  | { kind: 'kill-socket' }
  /** Of one participant, or of all. Without `ms`, it stays so until the connection is made anew. */
  | { kind: 'break-link'; participant?: string }
  | { kind: 'freeze-link'; participant?: string; ms?: number }
  | { kind: 'end-track' | 'unplug-track'; track: 'audio' | 'video' }
  /** Without `ms`, for good. */
  | { kind: 'mute-track' | 'lose-device'; track: 'audio' | 'video'; ms?: number }
  | { kind: 'expire-credentials' }
  /** Adds an inactive transceiver to the connection after each of these pauses. */
  | { kind: 'transceivers'; gaps: readonly number[]; participant?: string }
  /** Breaks the WebAssembly. */
  | { kind: 'panic' };

/** A call. Made by {@link initializeVideoCall}. */
export class VideoCall {
  private constructor();
  readonly state: CallState;
  /** The own id, once the server has given one. */
  readonly id: string | undefined;
  /** The others. */
  readonly participants: readonly Participant[];
  readonly microphone: TrackState;
  readonly camera: TrackState;
  /** The own sound and picture: always the same stream; null when the call is over. */
  readonly localStream: MediaStream | null;
  /**
   * Turns the microphone or camera on or off, or the other way round. For one that is missing
   * (refused, not found, in use, lost), asks the browser again, unless it is being asked already.
   * Returns whether it is wanted on now: `true` is on, on its way, or being asked for, of which
   * `local-changed` and `error` tell the outcome. Undefined if there is nothing to turn: it was
   * not wished for, was the page's own and has ended, or is missing and is to be off.
   */
  toggleTrack(kind: 'audio' | 'video', enabled?: boolean): boolean | undefined;
  /**
   * Plays all elements of the page that show this call and are paused, as a browser may want to
   * be asked from within a click. Each click and each key does so by itself after the error
   * `autoplay-blocked`. Call it for elements that you have made yourself: gives whether all play,
   * and reports `autoplay-blocked` if the browser holds one back.
   */
  startAudio(): Promise<boolean>;
  /**
   * Says something to everyone, in writing. What is said to one who is still being connected waits.
   * Throws a {@link VideoCallError} of code `not-supported` where the dialect has no chat.
   */
  sendText(text: string): void;
  /** Causes a fault, for tests; resolves when it is caused, and rejects when it can't be. */
  simulate(fault: Fault): Promise<void>;
  /** Ends the call and releases camera and microphone at once. A second end changes nothing. */
  endCall(): void;
  /** Listens; returns the function that stops it. A listener that throws stops nothing. */
  on<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): () => void;
  once<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): () => void;
  off<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): void;
}

/** A server's wire language; docs/dialects.md says which one to choose. */
export type Dialect = 'rooms' | 'relay' | 'socketio-rooms' | 'channels-mesh' | 'appointments';

/** A signaling server. */
export interface Signaling {
  /** `ws:`, `wss:`, `http:`, `https:`, or relative to the page. */
  url: string | URL;
  /** `rooms` unless said otherwise. */
  dialect?: Dialect;
  token?: string;
}

/** A transport of your own for the text messages of a dialect, in place of a WebSocket. */
export interface Transport {
  /** `rooms` unless said otherwise; `relay` needs no server logic, only a broadcast. */
  dialect?: Dialect;
  token?: string;
  /**
   * Connects. Messages may be sent when the promise is fulfilled. `closed` is to be called when
   * the connection is lost, with a close code of RFC 6455 if there is one.
   */
  connect(closed: (code?: number) => void): void | Promise<void>;
  /** Sends a message. */
  send(text: string): void;
  /** Is called before `connect`, with what is to be called with each message that comes. */
  onMessage(receive: (text: string) => void): void;
  /** Disconnects, after what was sent has gone out. */
  close?(): void;
}

/**
 * A track of the page's own, from a canvas, an audio graph or a device that it has asked for itself;
 * or a promise of one, or of null for none. Of two promises, nothing is sent before both are kept.
 * The call turns the track off and on by its `enabled`, and never stops it: that is for who made it.
 */
export type OwnTrack = MediaStreamTrack | PromiseLike<MediaStreamTrack | null>;

export interface VideoCallOptions {
  signaling: string | URL | Signaling | Transport;
  /** The room: letters, digits, `-`, `_`, `.`, `~`; at most 128. Most dialects need it. */
  room?: string;
  /** What the others call you; at most 64 characters. */
  name?: string;
  /** An access token for the server. */
  token?: string;
  /** Where to show yourself: an element, or its id. It is muted by the package. */
  localVideoElement?: HTMLMediaElement | string | null;
  /** Where to show the first other person: an element, or its id. */
  remoteVideoElement?: HTMLMediaElement | string | null;
  /**
   * What is wanted of the devices; or, instead of a device, a track of the page's own. Where no
   * device is as it must be (`exact`, `min`, `max`), the nearest to it is taken.
   */
  constraints?: {
    audio?: boolean | MediaTrackConstraints | OwnTrack;
    video?: boolean | MediaTrackConstraints | OwnTrack;
  };
  /** In pixels; 1280 unless said otherwise or in `constraints`. */
  maxVideoWidth?: number;
  /** In pixels; 720 unless said otherwise or in `constraints`. */
  maxVideoHeight?: number;
  /** In frames a second; 30 unless said otherwise or in `constraints`. */
  maxFrameRate?: number;
  /**
   * A function is asked when a connection is made and when one is mended, so that credentials that
   * run out are renewed during the call. The call starts without waiting for it; after 5 s, or when
   * it throws, it goes on with the servers that it has, and an error `ice-servers-failed` is told.
   */
  iceServers?: RTCIceServer[] | (() => RTCIceServer[] | Promise<RTCIceServer[]>);
  iceTransportPolicy?: RTCIceTransportPolicy;
  rtcConfig?: RTCConfiguration;
  /** The camera failed and the call goes on with sound alone. */
  onlyAudioHandler?: ((error: VideoCallError) => void) | null;
  /** The browser gives this page no devices at all. */
  userMediaErrorHandler?: ((error: VideoCallError) => void) | null;
  /** The microphone failed and the call goes on without it. */
  userNoAudioErrorHandler?: ((error: VideoCallError) => void) | null;
  /** Anything that goes wrong while the call goes on. */
  errorHandler?: ((error: unknown) => void) | null;
  /**
   * For how many seconds a lost server is sought, 60 unless said otherwise, and longer as long as
   * somebody can be heard or seen; false ends the call with the connection to the server.
   */
  reconnect?: number | boolean;
  /** Ends the call when aborted. */
  signal?: AbortSignal;
}

/** Where the WebAssembly comes from, if not from beside this file. */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the WebAssembly, and has the browser compile it by rehearsing a call with
 * nobody: no device is asked for, and nothing sent. Once, however often it is called. Optional:
 * {@link initializeVideoCall} loads it by itself, but then is slower by what had to be loaded and
 * compiled.
 */
export default function init(source?: WasmSource | Promise<Response>): Promise<void>;

/**
 * Starts a call; for a server and room in which this page has one already, gives that one, as it
 * was started, until it is over. Resolves when the server has let you in; the devices may come later.
 * Rejects with a {@link VideoCallError}.
 */
export function initializeVideoCall(options: VideoCallOptions): Promise<VideoCall>;
/** The positional form of videocalls.js: two people over a relay. */
export function initializeVideoCall(
  webSocketUrl: string,
  onlyAudioHandler?: ((error: VideoCallError) => void) | null,
  userMediaErrorHandler?: ((error: VideoCallError) => void) | null,
  userNoAudioErrorHandler?: ((error: VideoCallError) => void) | null,
  localVideoElement?: HTMLMediaElement | string | null,
  remoteVideoElement?: HTMLMediaElement | string | null,
  maxVideoWidth?: number,
  maxVideoHeight?: number,
  maxFrameRate?: number,
): Promise<VideoCall>;

/** Turns a track of the current call on or off, as {@link VideoCall.toggleTrack} does. */
export function toggleTrack(kind: 'audio' | 'video', enabled?: boolean): boolean | undefined;

/** Ends the current call. */
export function endCall(): void;

/** Reports an error to the current call's handlers, or to the console. */
export function errorHandler(error: unknown): void;
