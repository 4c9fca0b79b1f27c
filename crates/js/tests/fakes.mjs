// Stand-ins for the browser and the WebAssembly, as far as the tests of `ts` need them.
import { Calls } from '../ts/calls.ts';
import { Engine } from '../ts/engine.ts';

globalThis.WebSocket ??= class extends EventTarget {};
Object.assign(globalThis.WebSocket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });
globalThis.CloseEvent ??= class extends Event {
  constructor(type, { code = 0 } = {}) {
    super(type);
    this.code = code;
  }
};
globalThis.document = Object.assign(new EventTarget(), { querySelectorAll: () => [], getElementById: () => null, visibilityState: 'visible' });
globalThis.window = globalThis;

/** A stream with nothing in it. */
export class FakeStream {
  tracks = [];

  getTracks() {
    return this.tracks;
  }
}

/** A video element that plays when asked to. */
export class FakeVideo extends EventTarget {
  nodeName = 'VIDEO';
  ownerDocument = globalThis.document;
  isConnected = true;
  paused = true;
  ended = false;
  muted = false;
  plays = 0;
  #source = null;

  get srcObject() {
    return this.#source;
  }

  set srcObject(source) {
    this.#source = source;
  }

  async play() {
    this.plays += 1;
    this.paused = false;
    this.dispatchEvent(new Event('play'));
  }

  /** What a browser does on its own, or a page. */
  pause() {
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }
}

/** A microphone and a camera in this state. */
export function tracksIn(state) {
  const off = { state: 'off', reason: null };
  return { microphone: { state, reason: null }, camera: { state, reason: null }, screen: off, 'screen-audio': off };
}

/** A call in the WebAssembly that does what its test says. */
export class FakeCall {
  snapshotNow = { state: 'connecting', tracks: tracksIn('requested'), participants: [] };
  localStream = new FakeStream();
  streams = new Map();
  texts = [];
  ends = 0;

  constructor(options, emit) {
    this.options = options;
    this.emit = emit;
  }

  snapshot() {
    return structuredClone(this.snapshotNow);
  }

  streamsOf(id) {
    return [id === undefined ? this.localStream : (this.streams.get(id) ?? null), null];
  }

  toggleTrack(source, on) {
    return on ?? source === 'microphone';
  }

  sendText(text) {
    this.texts.push(text);
  }

  endCall() {
    this.ends += 1;
    this.snapshotNow.state = 'ended';
    this.emit('ended', { reason: 'left' });
  }

  free() {}

  /** The server lets the call in. */
  letIn(...participants) {
    Object.assign(this.snapshotNow, { state: 'connected', id: 'me' });
    for (const participant of participants) this.join(participant);
    this.emit('state-changed', { state: 'connected' });
  }

  join(id) {
    const participant = { id, name: id, connection: 'connecting', tracks: tracksIn('live'), away: false, notReceiving: [] };
    this.snapshotNow.participants.push(participant);
    this.emit('participant-joined', { participant: { ...participant } });
  }

  change(id, change) {
    const participant = this.snapshotNow.participants.find((one) => one.id === id);
    Object.assign(participant, change);
    this.emit('participant-changed', { participant: { ...participant } });
  }
}

/** The calls of a page whose WebAssembly is a stand-in; `made` lists the calls in it. */
export function fakePage({ build = 'same' } = {}) {
  const made = [];
  const loads = [];
  let fail;
  const factory = (onFailure) => {
    fail = onFailure;
    return {
      load: async (source) => void loads.push(source),
      module: () => 'compiled',
      holdings: new Set(),
      build: () => build,
      start(options, emit) {
        const call = new FakeCall(options, emit);
        made.push(call);
        return call;
      },
    };
  };
  const engine = new Engine(factory, () => new URL('https://example.org/videocalls_bg.wasm'), 'same');
  return { engine, calls: new Calls(engine), made, loads, fail: (cause) => fail(cause) };
}

/** Signaling that connects to nothing. */
export const signaling = { url: 'wss://example.org', dialect: 'socketio-rooms' };

/** Lets all tasks run that are due. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 1));
