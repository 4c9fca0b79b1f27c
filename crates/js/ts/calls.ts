import { VideoCall } from './call.js';
import type { Engine } from './engine.js';
import { aborted, type VideoCallError } from './errors.js';
import { prepare, type Prepared, type VideoCallOptions } from './options.js';
import { SharedCall, type Member } from './shared-call.js';

type ElementOption = VideoCallOptions['localVideoElement'];
type ErrorHandler = ((error: VideoCallError) => void) | null;

/** The positional form of videocalls.js: two people over a relay. */
export type PositionalArguments = [
  webSocketUrl: string,
  onlyAudioHandler?: ErrorHandler,
  userMediaErrorHandler?: ErrorHandler,
  userNoAudioErrorHandler?: ErrorHandler,
  localVideoElement?: ElementOption,
  remoteVideoElement?: ElementOption,
  maxVideoWidth?: number,
  maxVideoHeight?: number,
  maxFrameRate?: number,
];

/** The calls of a page. */
export class Calls {
  #engine: Engine;
  /** The call that was started last, until it ends. */
  #current: VideoCall | undefined;
  /** The calls that have not ended, by their key. */
  #shared = new Map<unknown, SharedCall>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get current(): VideoCall | undefined {
    return this.#current;
  }

  /** Starts a call, or takes part in the one that leads to the same server and room. */
  async start(options: VideoCallOptions): Promise<VideoCall> {
    const prepared = prepare(options);
    if (prepared.signal?.aborted) throw aborted();
    const call = VideoCall.create(prepared, (member) => this.#share(prepared, member));
    this.#current = call;
    const forget = () => {
      if (this.#current === call) this.#current = undefined;
    };
    call.on('ended', forget);
    try {
      return await call.started();
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** Starts a call that is not the current one and that no other start takes part in. */
  async startAlone(options: VideoCallOptions): Promise<VideoCall> {
    const prepared = prepare(options);
    return VideoCall.create(prepared, (member) => new SharedCall(this.#engine, prepared, member)).started();
  }

  #share(prepared: Prepared, member: Member): SharedCall {
    const known = this.#shared.get(prepared.key);
    if (known && !known.hasEnded) {
      known.add(member);
      return known;
    }
    const shared = new SharedCall(this.#engine, prepared, member);
    this.#shared.set(prepared.key, shared);
    return shared;
  }
}

/** The options of the positional form, with the defaults of videocalls.js. */
export function positional([
  webSocketUrl,
  onlyAudioHandler = null,
  userMediaErrorHandler = null,
  userNoAudioErrorHandler = null,
  localVideoElement = document.getElementById('localVideoElement') as HTMLMediaElement | null,
  remoteVideoElement = document.getElementById('remoteVideoElement') as HTMLMediaElement | null,
  maxVideoWidth = 1280,
  maxVideoHeight = 720,
  maxFrameRate = 30,
]: PositionalArguments): VideoCallOptions {
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
