// The entry of the package. Calls run in WebAssembly; the files beside this one have what JavaScript does best: option
// forms, elements, events, errors.
import type { VideoCall } from './call.js';
import { Calls, positional, type PositionalArguments } from './calls.js';
import { Engine, type WasmSource } from './engine.js';
import { VideoCallError } from './errors.js';
import type { ConnectionCheckOptions, ConnectionReport } from './connection-check.js';
import type { VideoCallOptions } from './options.js';
import glue from './videocalls_glue.js';

export { VideoCall } from './call.js';
export type { CheckFailure, CheckName, CheckResult, ConnectionCheckOptions, ConnectionReport } from './connection-check.js';
export { VideoCallError, type EndReason, type ErrorCategory, type ErrorCode } from './errors.js';
export type { CallState, ChatLine, Knock, Participant, TrackState, VideoCallEventMap, VideoCallListener } from './events.js';
export type { FileState, FileTransfer, IncomingFile, OutgoingFile } from './file-transfer.js';
export type { Grant, Moderate } from './moderate.js';
export type { IceServers, LegacyIceServer } from './ice-servers.js';
export type { AccessToken, Dialect, MediaOption, OwnTrack, Signaling, VideoCallOptions } from './options.js';
export type { Recording, RecordingOptions } from './recording.js';
export type { Fault, MessageFault } from './simulate.js';
export type { Transport } from './transport.js';
export type { WasmSource } from './engine.js';

/** Set by the build, in this script and in the WebAssembly. */
declare const VIDEOCALLS_BUILD: string;

const engine = new Engine(glue, () => new URL('videocalls_bg.wasm', import.meta.url), VIDEOCALLS_BUILD);
const calls = new Calls(engine);

export interface InitOptions {
  /**
   * Also makes the browser compile what the first call needs, by two calls of this page with each other: no device is
   * opened and nothing is sent. Default false.
   */
  warmUp?: boolean;
}

let warmedUp: Promise<void> | undefined;

/**
 * Loads and compiles the WebAssembly, once. Optional, since a call loads it by itself: call this early, for example on page
 * load, to join faster later.
 */
export default function init(options?: InitOptions): Promise<void>;
/** The same, with the WebAssembly from another place than beside this script: an address, a response, a module or bytes. */
export default function init(source: WasmSource | Promise<Response>, options?: InitOptions): Promise<void>;
export default async function init(first?: WasmSource | Promise<Response> | InitOptions, second?: InitOptions): Promise<void> {
  const { source, options } = isOptions(first) ? { source: undefined, options: first } : { source: first, options: second };
  const [script] = await Promise.all([options?.warmUp ? import('./warm-up.js') : undefined, engine.load(source)]);
  if (script) await (warmedUp ??= script.warmUp((call) => calls.startAlone(call)));
}

function isOptions(value: unknown): value is InitOptions {
  return Object.getPrototypeOf(value ?? '') === Object.prototype;
}

/**
 * Starts a call. Resolves when the server has let it in; the devices may come later. In a room with a lobby it resolves with a
 * call whose `state` is `waiting` until a moderator admits it. Rejects with a
 * {@link VideoCallError}.
 *
 * If this page already has a call with the same server and room, the result takes part in it as it was started: there is one
 * prompt and one connection, with elements and handlers of its own for each start. The call ends when the last of them has
 * ended theirs.
 */
export function initializeVideoCall(options: VideoCallOptions): Promise<VideoCall>;
/** The positional form of videocalls.js: two people over a relay. */
export function initializeVideoCall(...args: PositionalArguments): Promise<VideoCall>;
export function initializeVideoCall(...args: [VideoCallOptions] | PositionalArguments): Promise<VideoCall> {
  const [first] = args;
  const isObject = typeof first === 'object' && first !== null;
  return calls.start(isObject ? first : positional(args as PositionalArguments));
}

/**
 * Checks whether a call can work here: browser, microphone, camera, signaling server, and each STUN and TURN server. A failure
 * is a result, with its reason and what to do; the promise rejects only with `aborted`.
 */
export async function checkConnection(options: ConnectionCheckOptions = {}): Promise<ConnectionReport> {
  const { checkConnection } = await import('./connection-check.js');
  return checkConnection(options, VideoCallError.from);
}

/** Turns a track of the current call on or off, as {@link VideoCall.toggleTrack} does. */
export function toggleTrack(kind: 'audio' | 'video', enabled?: boolean): boolean | undefined {
  return calls.current?.toggleTrack(kind, enabled);
}

/** Ends the current call. */
export function endCall(): void {
  calls.current?.endForAll();
}

/** Reports an error to the handlers of the current call, or to the console. */
export function errorHandler(error: unknown): void {
  if (calls.current) calls.current.report(error);
  else console.warn(error);
}
