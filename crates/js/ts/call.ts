/// <reference lib="esnext.disposable" preserve="true" />
import { Elements, type ElementsOwner } from './elements.js';
import type { CallHandle } from './engine.js';
import { aborted, fileFailure, unreachable, VideoCallError, type ErrorDetails } from './errors.js';
import { callSafely, Listeners, type AnyEvent, type CallState, type Knock, type Participant, type TrackState, type VideoCallEventMap, type VideoCallListener } from './events.js';
import type { OutgoingFile } from './file-transfer.js';
import { Moderate, type Grant } from './moderate.js';
import type { Handlers, Prepared } from './options.js';
import type { Recording, RecordingOptions } from './recording.js';
import type { Member, SharedCall } from './shared-call.js';
import type { Fault } from './simulate.js';

/** A call. Made by {@link initializeVideoCall}. */
export class VideoCall {
  /** What the starts of the same call share. */
  #shared: SharedCall;
  #listeners = new Listeners();
  #elements: Elements;
  #handlers: Handlers;
  #signal: AbortSignal | undefined;
  #member: Member = {
    receive: (event) => this.#receive(event),
    shows: (element) => this.#elements.includes(element),
  };
  /** Rejects the promise of `#start` if the call is ended first. */
  #cancel: ((error: VideoCallError) => void) | undefined;
  #hasEnded = false;
  /** Whether the page has been notified of the participants who were there first. */
  #hasAnnounced = false;

  declare readonly [Symbol.asyncDispose]: () => Promise<void>;

  static {
    // Not in every browser yet; libraries that provide it use the registered symbol.
    const asyncDispose: symbol = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');
    const value = async function (this: VideoCall) {
      this.endCall();
    };
    Object.defineProperty(this.prototype, asyncDispose, { value, configurable: true, writable: true });
  }

  private constructor({ elements, handlers, signal }: Prepared, share: (member: Member) => SharedCall) {
    this.#elements = new Elements(elements, this.#elementsOwner());
    this.#handlers = handlers;
    this.#signal = signal;
    this.#shared = share(this.#member);
    signal?.addEventListener('abort', this.#end);
  }

  /** What a moderator can do. */
  readonly moderate: Moderate = new Moderate((act, to, on = false) => {
    if (this.#hasEnded) return;
    try {
      this.#shared.moderate(act, to, on);
    } catch (error) {
      throw VideoCallError.from(error as ErrorDetails);
    }
  });

  /** @internal Starts a call, or takes part in one that `share` finds. */
  static create(prepared: Prepared, share: (member: Member) => SharedCall): VideoCall {
    return new VideoCall(prepared, share);
  }

  get state(): CallState {
    return this.#hasEnded ? 'ended' : this.#shared.snapshot.state;
  }

  /** The id that the server has given to this client, once it has. */
  get id(): string | undefined {
    return this.#shared.snapshot.id;
  }

  /** The others. The same array, and the same objects in it, until something changes. */
  get participants(): readonly Participant[] {
    return this.#hasEnded ? [] : this.#shared.participants;
  }

  get microphone(): TrackState {
    return this.#shared.snapshot.microphone;
  }

  get camera(): TrackState {
    return this.#shared.snapshot.camera;
  }

  /** What this participant may do, as their access token says; undefined before it is known. */
  get grants(): readonly Grant[] | undefined {
    return this.#shared.snapshot.grants;
  }

  /** Whether a moderator has locked the room. */
  get locked(): boolean {
    return this.#shared.snapshot.locked;
  }

  /** Whether newcomers wait in the lobby until a moderator admits them. */
  get lobby(): boolean {
    return this.#shared.snapshot.lobby;
  }

  /** For moderators: who waits in the lobby. */
  get knocks(): readonly Knock[] {
    return this.#shared.snapshot.knocks;
  }

  /** The local sound and picture, always the same stream; null when the call has ended. */
  get localStream(): MediaStream | null {
    return this.#hasEnded ? null : this.#shared.localStream;
  }

  /**
   * Turns the microphone or camera on or off, or toggles it. If the device is missing (refused, not found, in
   * use, lost), asks the browser again, unless a prompt is open. Returns whether the track is now wanted on; `true`
   * means on, starting, or being asked for, and `local-changed` and `error` report the outcome. Returns
   * undefined if there is nothing to turn: the track was not requested, was the page's own and has ended, or is missing
   * and should be off.
   */
  toggleTrack(kind: 'audio' | 'video', enabled?: boolean): boolean | undefined {
    return this.#hasEnded ? undefined : this.#shared.toggleTrack(kind, enabled);
  }

  /**
   * Plays all elements of the page that show this call and are paused, also in open shadow roots, frames of the same
   * origin and the Document Picture-in-Picture window. Returns whether all of them play; if the browser blocks
   * one, `autoplay-blocked` is reported. Browsers may want this to happen within a click: after `autoplay-blocked`, the
   * next click or key does it. Call it for elements that the page has made itself.
   */
  startAudio(): Promise<boolean> {
    return this.#elements.play();
  }

  /** Whether this participant raises their hand. */
  get handRaised(): boolean {
    return this.#shared.snapshot.handRaised;
  }

  /**
   * Sends a chat text of at most 4 KiB (UTF-8) to everyone, or to the participant with the id `to`. It arrives once, later
   * if they are still connecting or connect again. Those who join later get the last 100 lines to everyone. Pages of other
   * systems get it where their dialect has a chat. Returns the id of the line.
   *
   * @throws VideoCallError `message-too-large`, `unknown-recipient`, `send-queue-full`
   */
  sendText(text: string, to?: string): string | undefined {
    return this.#send((handle) => handle.sendText(String(text), to));
  }

  /**
   * Sends a message of the page's own of at most 64 KiB to everyone, or to the participant with the id `to`: a `data` event
   * at their end. By default it arrives once and in order, as chat does. With `reliable: false` it may be lost, is not sent
   * again, and goes only to those who are connected now: use it for what is soon outdated, such as a pointer's position.
   *
   * @throws VideoCallError `message-too-large`, `unknown-recipient`, `send-queue-full`
   */
  send(data: string | BufferSource, { to, reliable = true }: { to?: string; reliable?: boolean } = {}): void {
    const payload = typeof data === 'string' ? data : bytesOf(data);
    this.#send((handle) => handle.sendData(payload, to, reliable));
  }

  /**
   * Offers a file to the participant with the id `to`, or to everyone: a `file` event at their end. Resolves to the transfer, or to
   * one for each participant who can be reached.
   *
   * @throws VideoCallError `unknown-recipient` if `to` can't be reached now, or has a page of another system
   */
  sendFile(file: File, to: string): Promise<OutgoingFile>;
  sendFile(file: File): Promise<OutgoingFile[]>;
  async sendFile(file: File, to?: string): Promise<OutgoingFile | OutgoingFile[]> {
    const { sendFile } = await import('./files.js');
    const offer = (id: string) => {
      const channel = this.#send((handle) => handle.openFileChannel(id));
      return channel && sendFile(file, id, channel, fileFailure);
    };
    if (to === undefined) return this.participants.map(({ id }) => offer(id)).filter((sent) => sent !== undefined);
    const sent = offer(to);
    if (!sent) throw unreachable(to);
    return sent;
  }

  /**
   * Shows everyone who is connected an emoji, or another text of at most 64 bytes (UTF-8): a `reaction` event at their end.
   *
   * @throws VideoCallError `message-too-large`
   */
  react(emoji: string): void {
    this.#send((handle) => handle.react(String(emoji)));
  }

  /** Raises or lowers the hand, or toggles it. Returns whether it is raised now. Those who join later see it as well. */
  raiseHand(on?: boolean): boolean {
    return this.#send((handle) => handle.raiseHand(on)) ?? false;
  }

  /**
   * Records what this page sees and hears of the call to a local file, MP4 or WebM. Rejects with `not-supported` if the
   * browser can't, and with `aborted` if the person has closed the dialog for the file's place.
   */
  async startRecording(options?: RecordingOptions): Promise<Recording> {
    const { startRecording } = await import('./recording.js');
    return startRecording(this, options ?? {}, VideoCallError.from);
  }

  /** Causes a fault, for tests; see docs/simulate.md. Rejects if it can't be caused. */
  async simulate(fault: Fault): Promise<void> {
    const { simulate } = await import('./simulate.js');
    await simulate(fault, this.#shared.holdings, this);
  }

  /** Ends the call and releases camera and microphone at once. Calling it again has no effect. */
  endCall(): void {
    if (this.#hasEnded) return;
    const goesOn = this.#shared.leave(this.#member);
    if (goesOn) this.#left();
    this.#cancel?.(aborted());
  }

  /** Adds a listener and returns a function that removes it. A listener that throws does not affect the call. */
  on<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): () => void {
    return this.#listeners.add(type, listener);
  }

  /** Adds a listener for one event. */
  once<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): () => void {
    return this.#listeners.once(type, listener);
  }

  /** Removes a listener. */
  off<T extends keyof VideoCallEventMap>(type: T, listener: VideoCallListener<T>): void {
    this.#listeners.remove(type, listener);
  }

  /** @internal Waits until the server has let the call in. */
  async started(): Promise<this> {
    const cancelled = new Promise<never>((_, reject) => (this.#cancel = reject));
    try {
      await Promise.race([this.#shared.joined, cancelled]);
      if (this.#hasEnded) throw aborted();
    } catch (error) {
      this.#finish();
      throw error;
    }
    this.#showAll();
    setTimeout(() => this.#announceParticipants());
    return this;
  }

  /** @internal Ends the call for all who have started it. */
  endForAll(): void {
    this.#shared.end();
  }

  /** @internal Reports an error as if the call had met it. */
  report(error: unknown): void {
    this.#report(error);
  }

  #send<T>(send: (handle: CallHandle) => T): T | undefined {
    const { handle } = this.#shared;
    if (this.#hasEnded || !handle) return undefined;
    try {
      return send(handle);
    } catch (error) {
      throw VideoCallError.from(error as ErrorDetails);
    }
  }

  #end = (): void => this.endCall();

  /** Ends this object while the call goes on for others. */
  #left(): void {
    this.#finish();
    this.#listeners.emit('ended', { reason: 'left' });
    this.#listeners.clear();
  }

  #finish(): void {
    this.#hasEnded = true;
    this.#signal?.removeEventListener('abort', this.#end);
    const others = this.#shared.members.filter((member) => member !== this.#member);
    this.#elements.release((element) => others.some((member) => member.shows(element)));
  }

  #receive({ type, event }: AnyEvent): void {
    if (type === 'error') return this.#fail(event);
    if (type.startsWith('participant-')) {
      this.#showRemote();
      if (!this.#hasAnnounced) return; // The page is notified of everyone first, in `#announceParticipants`.
    }
    if (type === 'local-stream') this.#elements.showLocal(event.stream);
    if (type === 'ended') this.#finish();
    this.#listeners.emit(type, event as never); // The two belong together.
    if (type === 'ended') this.#listeners.clear();
  }

  /** Notifies the page of participants who were there first, now that it has had time to add listeners. */
  #announceParticipants(): void {
    this.#hasAnnounced = true;
    for (const participant of this.participants) this.#listeners.emit('participant-joined', { participant });
  }

  #showAll(): void {
    const { localStream } = this;
    if (localStream?.getTracks().length) this.#elements.showLocal(localStream);
    this.#showRemote();
  }

  #showRemote(): void {
    const withStream = this.participants.filter(({ stream }) => stream);
    const first = withStream.find((participant) => !isLost(participant)) ?? withStream[0];
    this.#elements.showRemote(first?.stream ?? null);
  }

  /** Calls the handlers of videocalls.js, then reports the error to everyone. */
  #fail(error: VideoCallError): void {
    const { onlyAudioHandler, userMediaErrorHandler, userNoAudioErrorHandler } = this.#handlers;
    const { code, device } = error;
    if (code === 'insecure-context' || code === 'unsupported-browser') {
      // Both devices fail at once: one call of the handler is enough.
      if (device !== 'camera' || this.microphone === 'not-requested') callSafely(userMediaErrorHandler, error);
    } else if (device === 'microphone') {
      callSafely(userNoAudioErrorHandler, error);
    } else if (device === 'camera' && /live|muted/.test(this.microphone)) {
      callSafely(onlyAudioHandler, error);
    }
    this.#report(error);
  }

  #report(error: unknown): void {
    const { errorHandler } = this.#handlers;
    if (!errorHandler && !this.#listeners.has('error')) return console.warn(error);
    callSafely(errorHandler, error);
    this.#listeners.emit('error', error as VideoCallError);
  }

  #elementsOwner(): ElementsOwner {
    return {
      streams: () => [this.localStream, ...this.participants.map(({ stream }) => stream)].filter((stream) => stream !== null),
      playbackStarted: () => this.#listeners.emit('audio-started', {}),
      playbackBlocked: (cause) =>
        this.#report(
          VideoCallError.from({
            code: 'autoplay-blocked',
            category: 'media',
            message: 'the browser wants a click or a key before it plays sound',
            help: 'Click anywhere in the page to hear the others.',
            cause,
          }),
        ),
    };
  }
}

function bytesOf(data: BufferSource): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}

/** Whether a participant has lost the server and their media: perhaps they have joined again under another id. */
function isLost({ away, connection }: Participant): boolean {
  return away && connection === 'interrupted';
}
