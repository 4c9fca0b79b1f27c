import type { CoreOptions } from './engine.js';
import type { GivenElements } from './elements.js';
import { invalidOptions, type VideoCallError } from './errors.js';
import { iceServerList, type IceServers } from './ice-servers.js';
import { isMediaElement } from './media-elements.js';
import { isTransport, missingMethods, openTransport, type Transport } from './transport.js';

/** The signaling protocol of a server; docs/dialects.md says which one to choose. */
export type Dialect = 'rooms' | 'relay' | 'socketio-rooms' | 'channels-mesh' | 'appointments';

/**
 * An access token, or a function that supplies one, or a promise of one, within 10 s. The function is called before the call
 * connects, at 80 % of each token's life, and when a token has expired; so the call goes on for longer than a token lasts.
 */
export type AccessToken = string | (() => string | PromiseLike<string>);

/** A signaling server. */
export interface Signaling {
  /** `ws:`, `wss:`, `http:`, `https:`, or relative to the page. */
  url: string | URL;
  /** Default `rooms`. */
  dialect?: Dialect;
  token?: AccessToken;
}

/**
 * A track of the page's own, from a canvas, an audio graph or a device that it has opened itself; or a promise of
 * one, or of null for none. If both are promises, nothing is sent before both are settled. The call mutes the
 * track through `enabled` and never stops it: that is up to the page.
 */
export type OwnTrack = MediaStreamTrack | PromiseLike<MediaStreamTrack | null>;

/** A device to ask for, or a track of the page's own. */
export type MediaOption = boolean | MediaTrackConstraints | OwnTrack;

export interface VideoCallOptions {
  signaling: string | URL | Signaling | Transport;
  /** The room: letters, digits, `-`, `_`, `.`, `~`; at most 128. Most dialects need one. */
  room?: string;
  /** The name that the others see; at most 64 characters. */
  name?: string;
  /** An access token for the server. A token of `signaling` counts more. */
  token?: AccessToken;
  /** Shows the local camera: an element, or its id. The package mutes it. */
  localVideoElement?: HTMLMediaElement | string | null;
  /** Shows the first other participant: an element, or its id. */
  remoteVideoElement?: HTMLMediaElement | string | null;
  /**
   * Which devices to open, or tracks of the page's own instead. If no device satisfies `exact`, `min` or `max`,
   * the nearest one is used.
   */
  constraints?: { audio?: MediaOption; video?: MediaOption };
  /** In pixels; default 1280. Ignored if `constraints` has constraints for the camera. */
  maxVideoWidth?: number;
  /** In pixels; default 720. Ignored if `constraints` has constraints for the camera. */
  maxVideoHeight?: number;
  /** In frames per second; default 30. Ignored if `constraints` has constraints for the camera. */
  maxFrameRate?: number;
  /**
   * STUN and TURN servers; default: a public STUN server, `[]` is none. Those that the signaling server offers are used as well, after
   * these. A function is called for each new connection and each ICE restart, so that
   * credentials can be renewed during the call. The call does not wait for it to start. If it fails, or takes longer
   * than 5 s, the call goes on with the servers that it has and reports `ice-servers-failed`.
   */
  iceServers?: IceServers | (() => IceServers | Promise<IceServers>);
  iceTransportPolicy?: RTCIceTransportPolicy;
  rtcConfig?: RTCConfiguration;
  /** The camera failed, and the call goes on with sound only. */
  onlyAudioHandler?: ((error: VideoCallError) => void) | null;
  /** The browser gives this page no devices at all. */
  userMediaErrorHandler?: ((error: VideoCallError) => void) | null;
  /** The microphone failed, and the call goes on without it. */
  userNoAudioErrorHandler?: ((error: VideoCallError) => void) | null;
  /** Any error with which the call goes on. */
  errorHandler?: ((error: unknown) => void) | null;
  /**
   * For how many seconds to reconnect to a lost server; default 60, and longer while somebody can be heard or seen.
   * False ends the call as soon as the server is lost.
   */
  reconnect?: number | boolean;
  /** Ends the call when aborted. */
  signal?: AbortSignal;
}

export type Handlers = Pick<
  VideoCallOptions,
  'onlyAudioHandler' | 'userMediaErrorHandler' | 'userNoAudioErrorHandler' | 'errorHandler'
>;

/** Validated options. */
export interface Prepared {
  core: CoreOptions;
  /** The function that renews the ICE servers. */
  askIceServers: (() => unknown) | undefined;
  elements: GivenElements;
  handlers: Handlers;
  signal: AbortSignal | undefined;
  /** Equal for two starts of the same call. */
  key: unknown;
}

/**
 * Validates options.
 *
 * @throws VideoCallError `invalid-options`, with every problem in its message
 */
export function prepare(options: VideoCallOptions): Prepared {
  const problems: string[] = [];
  const { signaling } = options;
  const transport = isTransport(signaling) ? signaling : undefined;
  const { url, dialect, token } = server(signaling, problems);
  const renewed = typeof options.iceServers === 'function' ? options.iceServers : undefined;
  const core: CoreOptions = {
    url: String(url ?? '/'),
    dialect: text('dialect', dialect, problems),
    room: text('room', options.room, problems),
    name: text('name', options.name, problems),
    ...accessToken(token ?? options.token, problems),
    audio: media('audio', options.constraints?.audio),
    video: camera(options),
    openSocket: transport && (() => openTransport(transport)),
    rtc: rtcConfiguration(options, problems),
    reconnectMs: reconnectMs(options.reconnect, problems),
  };
  const elements = {
    local: element('localVideoElement', options.localVideoElement, problems),
    remote: element('remoteVideoElement', options.remoteVideoElement, problems),
  };
  const handlers = handlersOf(options, problems);
  if (problems.length) throw invalidOptions(problems);
  const key = transport ?? JSON.stringify([core.url, core.dialect, core.room]);
  return { core, askIceServers: renewed, elements, handlers, signal: options.signal, key };
}

function server(signaling: VideoCallOptions['signaling'], problems: string[]): Partial<Signaling> {
  if (isTransport(signaling)) {
    problems.push(...missingMethods(signaling).map((method) => `'signaling' lacks '${method}'`));
    return signaling as Partial<Signaling>;
  }
  const isObject = typeof signaling === 'object' && signaling !== null && !(signaling instanceof URL);
  const server = isObject ? signaling : { url: signaling };
  if (typeof server.url !== 'string' && !(server.url instanceof URL)) {
    problems.push("'signaling' must be an address, an object with a 'url', or a transport");
  }
  return server;
}

function accessToken(given: unknown, problems: string[]): Pick<CoreOptions, 'token' | 'fetchToken'> {
  if (typeof given !== 'function') return { token: text('token', given, problems) };
  return { token: undefined, fetchToken: given as () => unknown };
}

function text(name: string, value: unknown, problems: string[]): string | undefined {
  if (value == null) return undefined;
  if (typeof value !== 'string') problems.push(`'${name}' must be a string`);
  return value as string;
}

/** The page's own tracks become promises. */
function media(kind: 'audio' | 'video', given: MediaOption | undefined): unknown {
  const { then, stop } = (given ?? {}) as { then?: unknown; stop?: unknown };
  if (typeof (then ?? stop) !== 'function') return given ?? true;
  const track = Promise.resolve(given as OwnTrack).then((track) => {
    if (!track || track.kind === kind) return track;
    throw new TypeError(`'constraints.${kind}' is a track of kind '${track.kind}'`);
  });
  track.catch(() => {}); // The call reports it.
  return track;
}

/** Without constraints of the page's own, the camera is asked for at most the given size. */
function camera({ constraints, maxVideoWidth = 1280, maxVideoHeight = 720, maxFrameRate = 30 }: VideoCallOptions): unknown {
  const video = media('video', constraints?.video);
  if (video !== true) return video;
  const atMost = (max: number) => ({ ideal: max, max });
  return {
    width: atMost(maxVideoWidth),
    height: atMost(maxVideoHeight),
    frameRate: atMost(maxFrameRate),
    facingMode: 'user',
  };
}

function rtcConfiguration(options: VideoCallOptions, problems: string[]): RTCConfiguration | undefined {
  const given = typeof options.iceServers === 'function' ? undefined : (options.iceServers ?? options.rtcConfig?.iceServers);
  const iceServers = given == null ? undefined : iceServerList(given);
  if (given != null && !iceServers) {
    problems.push("'iceServers' must be a list of { urls, username, credential }, or a function that returns one");
  }
  const iceTransportPolicy = options.iceTransportPolicy ?? options.rtcConfig?.iceTransportPolicy;
  const merged = Object.entries({ ...options.rtcConfig, iceServers, iceTransportPolicy });
  const present = merged.filter(([, value]) => value !== undefined);
  return present.length ? (Object.fromEntries(present) as RTCConfiguration) : undefined;
}

function reconnectMs(reconnect: VideoCallOptions['reconnect'], problems: string[]): number | undefined {
  if (reconnect == null || reconnect === true) return undefined;
  const seconds = Number(reconnect);
  if (!(seconds >= 0)) problems.push("'reconnect' must be a number of seconds, or false");
  return Math.min(seconds * 1000, 2 ** 31);
}

function element(name: string, given: HTMLMediaElement | string | null | undefined, problems: string[]): HTMLMediaElement | undefined {
  if (given == null) return undefined;
  const found = typeof given === 'string' ? document.getElementById(given.replace(/^#/, '')) : given;
  if (isMediaElement(found)) return found;
  problems.push(`'${name}' is not a video element of this page`);
  return undefined;
}

function handlersOf(options: VideoCallOptions, problems: string[]): Handlers {
  const { onlyAudioHandler, userMediaErrorHandler, userNoAudioErrorHandler, errorHandler } = options;
  const handlers = { onlyAudioHandler, userMediaErrorHandler, userNoAudioErrorHandler, errorHandler };
  for (const [name, handler] of Object.entries(handlers)) {
    if (handler != null && typeof handler !== 'function') problems.push(`'${name}' must be a function`);
  }
  return handlers as Handlers;
}
