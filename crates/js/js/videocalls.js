// The public face of the package. What is here is what JavaScript says best: forms of options,
// elements, events, an error class. The call itself is WebAssembly, behind `start`.
import glue from './videocalls_glue.js';
import { dial } from './dial.js';
import { isTransport, opener } from './transport.js';
import { wasmModule } from './module.js';
import { rehearse } from './rehearsal.js';

/** A failure: `code` is stable, `message` for developers, `help` for people. */
export class VideoCallError extends Error {
  constructor({ code, category, message, help, device, cause }) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'VideoCallError';
    this.code = code;
    this.category = category;
    this.help = help ?? message;
    if (device) this.device = device === 'audio' ? 'microphone' : 'camera';
  }
}

const wasm = wasmModule(glue, () => new URL('videocalls_bg.wasm', import.meta.url));

let rehearsed;

/** Loads the WebAssembly and has the browser compile it, once; a call loads it by itself. */
export default async function init(source) {
  await load(source);
  await (rehearsed ??= rehearse((options) => new VideoCall(prepare(options))._start()));
}

function load(source) {
  return wasm.load(source).catch(notLoaded);
}

function notLoaded(cause) {
  throw new VideoCallError({
    code: 'wasm-load-failed',
    category: 'internal',
    message: `the WebAssembly of videocalls could not be loaded: ${cause?.message ?? cause}`,
    help: 'The video call could not be loaded. Check your connection and reload the page.',
    cause,
  });
}

/** A call. Made by `initializeVideoCall`. */
export class VideoCall {
  #handle; // Of the WebAssembly; gone when the call is over.
  #module; // The WebAssembly that carries it.
  #listeners = new Map();
  #last = { state: 'idle', microphone: 'pending', camera: 'pending', participants: [] };
  #joined; // Settles the promise of `_start`.
  #over; // Why, once it is.
  #line; // To the server, from before the WebAssembly is there.
  #gesture; // Ends the wait for one, while the browser holds sound back.
  #early = [];
  #options;

  constructor(options) {
    this.#options = options;
  }

  get #now() {
    return this.#handle?.snapshot() ?? this.#last;
  }

  get state() {
    return this.#now.state;
  }

  get id() {
    return this.#now.id;
  }

  get microphone() {
    return this.#now.microphone;
  }

  get camera() {
    return this.#now.camera;
  }

  get participants() {
    return this.#now.participants.map((one) => this.#withStream(one));
  }

  get localStream() {
    return this.#handle?.localStream ?? null;
  }

  toggleTrack(kind, enabled) {
    return this.#handle?.toggleTrack(kind, enabled);
  }

  async startAudio() {
    const { local, remote } = this.#options;
    const streams = [this.localStream, ...this.participants.map(({ stream }) => stream)];
    const starting = [local, remote, ...document.querySelectorAll('audio,video')]
      .filter((element) => element?.paused && element.srcObject && streams.includes(element.srcObject))
      .map((element) => element.play().catch((cause) => this.#holds(cause)));
    const held = (await Promise.all(starting)).includes(true);
    if (this.#gesture && !held) {
      this.#noGesture();
      this.#emit('audio-started', {});
    }
    return !held;
  }

  /** Causes a fault, for a test of what becomes of the call; see docs/simulate.md. */
  async simulate(fault) {
    const { simulate } = await import('./simulate.js');
    return simulate(fault, this.#module.holdings, this);
  }

  sendText(text) {
    try {
      this.#handle?.sendText(String(text));
    } catch (error) {
      throw new VideoCallError(error);
    }
  }

  endCall() {
    if (this.#handle) return this.#handle.endCall();
    this.#last.state = 'ended';
    this.#line?.hangUp(); // The WebAssembly may take long to load.
  }

  on(type, listener) {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(listener);
    return () => this.off(type, listener);
  }

  once(type, listener) {
    const stop = this.on(type, (event) => {
      stop();
      listener(event);
    });
    return stop;
  }

  off(type, listener) {
    this.#listeners.get(type)?.delete(listener);
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    this.endCall();
  }

  /** @internal Runs the call until the server has let it in. */
  async _start() {
    const { abort, core } = this.#options;
    const stop = () => this.endCall();
    abort?.addEventListener('abort', stop);
    // These two dialects connect to the very address that they are given.
    const direct = /^(rooms|relay)$/.test(core.dialect ?? 'rooms') && !core.transport;
    const line = (this.#line = direct && !abort?.aborted ? dial(core.url) : undefined);
    if (line) core.socket = line.take;
    try {
      await load();
      const module = (this.#module = wasm);
      if (abort?.aborted || this.state === 'ended') throw aborted();
      await new Promise((resolve, reject) => {
        this.#joined = { resolve, reject };
        module.calls.add(this);
        this.#handle = module.start(core, (type, detail) => this.#receive(type, detail));
        this.#early.splice(0).forEach(([type, detail]) => this.#receive(type, detail));
      });
      if (this.#over) throw this.#over; // Let in and sent away in one breath.
    } catch (error) {
      this.#module?.calls.delete(this);
      line?.hangUp();
      this.#last.state = 'ended';
      abort?.removeEventListener('abort', stop);
      throw error instanceof Error ? error : new VideoCallError(error);
    }
    this.once('ended', () => abort?.removeEventListener('abort', stop));
    return this;
  }

  /** @internal Ends without the WebAssembly, which is no more. */
  _broke(cause) {
    const error = {
      code: 'internal',
      category: 'internal',
      message: `the WebAssembly of videocalls has broken: ${cause?.message ?? cause}`,
      help: 'Something went wrong in this page, and the call is over. Please join it again.',
      cause,
    };
    if (this.#handle) this.#ended({ reason: 'internal', error });
    else this.#joined.reject(new VideoCallError(error));
  }

  /** @internal Reports an error as if the call had met it. */
  _report(error) {
    if (this.#listeners.get('error')?.size || this.#options.handlers.errorHandler) {
      this.#options.handlers.errorHandler?.(error);
      this.#emit('error', error);
    } else {
      console.warn(error);
    }
  }

  #receive(type, detail) {
    if (!this.#handle) {
      this.#early.push([type, detail]);
      return;
    }
    if (type === 'error') {
      this.#fail(new VideoCallError(detail));
    } else if (type === 'local-changed') {
      this.#emit(type, { microphone: this.microphone, camera: this.camera });
    } else if (type === 'ended') {
      this.#ended(detail);
    } else if (type === 'text') {
      const participant = this.participants.find(({ id }) => id === detail.from);
      if (participant) this.#emit(type, { participant, text: detail.text });
    } else {
      if (detail.participant) detail.participant = this.#withStream(detail.participant);
      this.#show(type, detail);
      this.#emit(type, detail);
      if (detail.state === 'connected') this.#joined.resolve();
    }
  }

  /** Tells the handlers that videocalls.js has, then everyone. */
  #fail(error) {
    const { onlyAudioHandler, userMediaErrorHandler, userNoAudioErrorHandler } =
      this.#options.handlers;
    if (error.code === 'insecure-context' || error.code === 'unsupported-browser') {
      if (error.device !== 'camera' || this.microphone === 'not-requested') {
        this.#call(userMediaErrorHandler, error);
      }
    } else if (error.device === 'microphone') {
      this.#call(userNoAudioErrorHandler, error);
    } else if (error.device === 'camera' && /live|muted/.test(this.microphone)) {
      this.#call(onlyAudioHandler, error);
    }
    this._report(error);
  }

  #ended({ reason, error }) {
    const handle = this.#handle;
    this.#last = { ...this.#last, ...this.#now, state: 'ended', participants: [] };
    this.#handle = undefined;
    this.#module?.calls.delete(this);
    queueMicrotask(() => handle.free()); // Not while it is still speaking.
    for (const element of [this.#options.local, this.#options.remote]) {
      if (element) element.srcObject = null;
    }
    this.#noGesture();
    const failure = error && new VideoCallError(error);
    this.#over = failure ?? aborted();
    this.#joined.reject(this.#over);
    this.#emit('ended', failure ? { reason, error: failure } : { reason });
    this.#listeners.clear();
  }

  /** Shows the streams in the elements that were given. */
  #show(type, { stream, participant }) {
    const { local, remote } = this.#options;
    if (type === 'local-stream' && local) {
      local.muted = true;
      this.#play(local, stream);
    }
    if (participant && remote) {
      const first = this.participants.find((one) => one.stream);
      this.#play(remote, first?.stream ?? null);
    }
  }

  #play(element, stream) {
    if (element.srcObject === stream && !element.ended) return;
    element.srcObject = stream;
    if (stream) element.play().catch((cause) => this.#holds(cause));
  }

  /** Whether the browser wants a gesture before it plays; if so, the next one will do. */
  #holds(cause) {
    if (cause.name !== 'NotAllowedError') return false; // Replaced or removed meanwhile.
    if (this.#gesture || this.#over) return true;
    this.#gesture = new AbortController();
    const { signal } = this.#gesture;
    for (const type of ['click', 'keydown']) {
      addEventListener(type, () => this.startAudio(), { capture: true, signal });
    }
    this._report(
      new VideoCallError({
        code: 'autoplay-blocked',
        category: 'media',
        message: 'the browser wants a click or a key before it plays sound',
        help: 'Click anywhere in the page to hear the others.',
        cause,
      }),
    );
    return true;
  }

  #noGesture() {
    this.#gesture?.abort();
    this.#gesture = undefined;
  }

  #withStream(participant) {
    const handle = this.#handle;
    return { ...participant, stream: handle?.streamOf(participant.id) ?? null };
  }

  #emit(type, event) {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) this.#call(listener, event);
  }

  /** A listener that throws is reported and stops nothing. */
  #call(listener, event) {
    try {
      listener?.(event);
    } catch (error) {
      globalThis.reportError?.(error) ?? console.error(error);
    }
  }
}

let current;
/** The calls that are not over, by where they lead, with the promises of their starts. */
const going = new Map();

/**
 * Starts a call: `initializeVideoCall(options)`, or the positional form of videocalls.js. Where one
 * leads already, and is not over, it is the same.
 */
export function initializeVideoCall(first, ...rest) {
  let options;
  try {
    options = typeof first === 'object' && first ? first : positional(first, ...rest);
    options = prepare(options);
  } catch (error) {
    return Promise.reject(error);
  }
  const { url, dialect, room, transport } = options.core;
  const key = transport ?? JSON.stringify([url, dialect, room]);
  const known = going.get(key);
  if (known && known.call.state !== 'ended') return known.started;
  const call = (current = new VideoCall(options));
  const started = call._start();
  going.set(key, { call, started });
  const forget = () => {
    if (going.get(key)?.call === call) going.delete(key);
    if (current === call) current = undefined;
  };
  call.on('ended', forget);
  started.catch(forget);
  return started;
}

/** Turns a track of the current call on or off; undefined if there is no such track. */
export function toggleTrack(kind, enabled) {
  return current?.toggleTrack(kind, enabled);
}

/** Ends the current call. */
export function endCall() {
  current?.endCall();
}

/** Reports an error to the current call's handlers, or to the console. */
export function errorHandler(error) {
  if (current) current._report(error);
  else console.warn(error);
}

/** The form of videocalls.js: two people over a relay, shown in two elements of fixed names. */
function positional(
  webSocketUrl,
  onlyAudioHandler,
  userMediaErrorHandler,
  userNoAudioErrorHandler,
  localVideoElement = document.getElementById('localVideoElement'),
  remoteVideoElement = document.getElementById('remoteVideoElement'),
  maxVideoWidth = 1280,
  maxVideoHeight = 720,
  maxFrameRate = 30,
) {
  return {
    signaling: { url: webSocketUrl, dialect: 'relay' },
    onlyAudioHandler,
    userMediaErrorHandler,
    userNoAudioErrorHandler,
    localVideoElement,
    remoteVideoElement,
    maxVideoWidth,
    maxVideoHeight,
    maxFrameRate,
  };
}

/** Brings the options into the one shape that the rest works with, or says all that is wrong. */
function prepare(options) {
  const wrong = [];
  const { signaling, constraints = {}, rtcConfig, iceServers, iceTransportPolicy } = options;
  const { url, dialect, token } =
    typeof signaling === 'object' && signaling ? signaling : { url: signaling };
  const text = (name, value) => {
    if (value == null) return undefined;
    if (typeof value !== 'string') wrong.push(`'${name}' must be a string`);
    return value;
  };
  const transport = isTransport(signaling) ? signaling : undefined;
  const renewable = typeof iceServers === 'function';
  if (transport) {
    for (const method of ['send', 'onMessage']) {
      if (typeof transport[method] !== 'function') wrong.push(`'signaling' lacks '${method}'`);
    }
  } else if (typeof url !== 'string' && !(url instanceof URL)) {
    wrong.push("'signaling' must be an address, an object with a 'url', or a transport");
  }
  const core = {
    url: String(url ?? '/'),
    transport,
    socket: transport && opener(transport),
    dialect: text('dialect', dialect),
    room: text('room', options.room),
    name: text('name', options.name),
    token: text('token', token ?? options.token),
    audio: wish('audio', constraints.audio),
    video: videoConstraints(wish('video', constraints.video), options),
    rtc: compact({ ...rtcConfig, iceServers: renewable ? undefined : iceServers ?? rtcConfig?.iceServers,
      iceTransportPolicy: iceTransportPolicy ?? rtcConfig?.iceTransportPolicy }),
    servers: renewable ? asker(iceServers) : undefined,
    patience: patience(options.reconnect, wrong),
  };
  const local = element('localVideoElement', options.localVideoElement, wrong);
  const remote = element('remoteVideoElement', options.remoteVideoElement, wrong);
  const { onlyAudioHandler, userMediaErrorHandler, userNoAudioErrorHandler, errorHandler } = options;
  const handlers =
    { onlyAudioHandler, userMediaErrorHandler, userNoAudioErrorHandler, errorHandler };
  for (const [name, handler] of Object.entries(handlers)) {
    if (handler != null && typeof handler !== 'function') wrong.push(`'${name}' must be a function`);
  }
  if (wrong.length) {
    throw new VideoCallError({
      code: 'invalid-options',
      category: 'configuration',
      message: wrong.join('; '),
      help: "This page asks for a call that can't be. Tell its makers.",
    });
  }
  return { core, local, remote, handlers, abort: options.signal };
}

/** How long to seek a lost server, in milliseconds: `reconnect` in seconds, or false for not at all. */
function patience(reconnect, wrong) {
  if (reconnect == null || reconnect === true) return undefined;
  const seconds = Number(reconnect);
  if (!(seconds >= 0)) wrong.push("'reconnect' must be a number of seconds, or false");
  return Math.min(seconds * 1000, 2 ** 31);
}

/** Asks the page for its ICE servers; a page that does not answer in time must not hold up a call. */
function asker(iceServers) {
  const late = () => new Promise((_, reject) => setTimeout(reject, 5000, new Error('no answer in 5 s')));
  return async () => {
    try {
      return await Promise.race([iceServers(), late()]);
    } catch (cause) {
      errorHandler(
        new VideoCallError({
          code: 'ice-servers-failed',
          category: 'configuration',
          message: `'iceServers' gave none: ${cause?.message ?? cause}`,
          help: 'The call goes on, but may not get through every network.',
          cause,
        }),
      );
      throw cause;
    }
  };
}

/** A track that the page brings itself goes on as a promise, which it may also be. */
function wish(kind, given) {
  if (typeof (given?.then ?? given?.stop) !== 'function') return given ?? true;
  const brought = Promise.resolve(given).then((track) => {
    if (!track || track.kind === kind) return track;
    throw new TypeError(`'constraints.${kind}' gives no ${kind} track`);
  });
  brought.catch(() => {}); // The call says so, once it is there.
  return brought;
}

/** Constraints of one's own stand as they are; else the camera is asked for up to these bounds. */
function videoConstraints(video, { maxVideoWidth, maxVideoHeight, maxFrameRate }) {
  if (video !== true) return video;
  const upTo = (max) => ({ ideal: max, max });
  return {
    width: upTo(maxVideoWidth ?? 1280),
    height: upTo(maxVideoHeight ?? 720),
    frameRate: upTo(maxFrameRate ?? 30),
    facingMode: 'user',
  };
}

/** An element, its id with or without `#`, or nothing. */
function element(name, given, wrong) {
  if (given == null) return undefined;
  const found =
    typeof given === 'string' ? document.getElementById(given.replace(/^#/, '')) : given;
  if (!(found instanceof HTMLMediaElement)) wrong.push(`'${name}' is no video element of this page`);
  return found;
}

function compact(object) {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return entries.length ? Object.fromEntries(entries) : undefined;
}

function aborted() {
  return new VideoCallError({
    code: 'aborted',
    category: 'signaling',
    message: 'the call was ended before it had begun',
    help: 'The call was called off.',
  });
}
