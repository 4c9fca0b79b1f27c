import { connectEarly, type EarlySocket } from './connect-early.js';
import { engineFailure, type CallHandle, type CoreOptions, type Engine, type EngineUser, type Holding, type Instance, type Snapshot } from './engine.js';
import { aborted, fileFailure, VideoCallError, type EndReason, type ErrorDetails } from './errors.js';
import type { AnyEvent, ChatLine, Participant } from './events.js';
import type { Act } from './moderate.js';
import { fetchIceServers } from './ice-servers.js';
import { ParticipantList } from './participants.js';
import type { Prepared } from './options.js';

/** A `VideoCall`, as the call that it shares with others sees it. */
export interface Member {
  receive(event: AnyEvent): void;
  shows(element: HTMLMediaElement): boolean;
}

/** What the WebAssembly sends with an event. */
interface Detail {
  state?: string;
  participant?: Omit<Participant, 'stream'>;
  reason?: string;
  error?: ErrorDetails;
  from?: string;
  act?: string;
}

/** What the WebAssembly sends with a chat line. */
type LineDetail = Omit<ChatLine, 'participant' | 'time'> & { age: number };

const BEFORE_START: Snapshot = {
  state: 'idle',
  microphone: 'pending',
  camera: 'pending',
  handRaised: false,
  participants: [],
  locked: false,
  lobby: false,
  knocks: [],
};

/**
 * A call in the WebAssembly. Everyone who starts the same call shares one of these, and it ends when the last of them has
 * ended theirs.
 */
export class SharedCall implements EngineUser {
  /** Fulfilled when the server has let the call in, be it only into the lobby. */
  readonly joined: Promise<void>;
  #members = new Set<Member>();
  #engine: Engine;
  #instance: Instance | undefined;
  /** Present from the start in the WebAssembly to the end of the call. */
  #handle: CallHandle | undefined;
  #last = BEFORE_START;
  #participants = new ParticipantList((id) => this.#handle?.streamOf(id) ?? null);
  #socket: EarlySocket | undefined;
  /** Events that arrive during the call of `start` that returns the handle. */
  #early: [string, unknown][] = [];
  /** Settles the wait for the server. */
  #admission: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  /** Why the call is over. */
  #end: VideoCallError | undefined;

  constructor(engine: Engine, prepared: Prepared, first: Member) {
    this.#engine = engine;
    this.#members.add(first);
    this.joined = this.#start(prepared);
    this.joined.catch(() => {}); // Each member reports it.
  }

  get snapshot(): Snapshot {
    return this.#handle?.snapshot() ?? this.#last;
  }

  get participants(): readonly Participant[] {
    return this.#participants.update(this.snapshot.participants);
  }

  get localStream(): MediaStream | null {
    return this.#handle?.localStream ?? null;
  }

  get holdings(): ReadonlySet<Holding> {
    return this.#instance?.wasm.holdings ?? new Set();
  }

  get hasEnded(): boolean {
    return this.snapshot.state === 'ended';
  }

  get members(): readonly Member[] {
    return [...this.#members];
  }

  add(member: Member): void {
    this.#members.add(member);
  }

  /** Ends the call for a member; returns true if it goes on for others. */
  leave(member: Member): boolean {
    const goesOn = this.#members.size > 1;
    if (goesOn) this.#members.delete(member);
    else this.end();
    return goesOn;
  }

  toggleTrack(kind: string, enabled?: boolean): boolean | undefined {
    return this.#handle?.toggleTrack(kind, enabled);
  }

  moderate(act: Act, to: string | undefined, on: boolean): void {
    this.#handle?.moderate(act, to, on);
  }

  /** The WebAssembly's side of the call, while there is one. */
  get handle(): CallHandle | undefined {
    return this.#handle;
  }

  end(): void {
    if (this.#handle) {
      this.#handle.endCall();
    } else {
      this.#end ??= aborted();
      this.#last = { ...this.#last, state: 'ended' };
      this.#socket?.close(); // The WebAssembly may take long to load.
    }
  }

  engineFailed(cause: unknown): void {
    const error = engineFailure(cause);
    if (this.#handle) this.#ended('internal', error);
    else this.#admission?.reject(VideoCallError.from(error));
  }

  async #start({ core, askIceServers }: Prepared): Promise<void> {
    const options: CoreOptions = { ...core, ...this.#connectEarly(core) };
    if (askIceServers) {
      options.fetchIceServers = () => fetchIceServers(askIceServers);
    }
    try {
      this.#instance = await this.#engine.load();
      if (this.#end) throw this.#end;
      await this.#join(this.#instance, options);
      if (this.#end) throw this.#end; // Let in and removed at once.
    } catch (error) {
      this.#instance?.users.delete(this);
      this.#socket?.close();
      this.#last = { ...this.#last, state: 'ended' };
      throw error instanceof Error ? error : VideoCallError.from(error as ErrorDetails);
    }
  }

  /**
   * The dialects `rooms` and `relay` connect to exactly the given address, so it can be done in advance; not while the page
   * fetches a token, because a server does not wait long for the join.
   */
  #connectEarly({ url, dialect = 'rooms', openSocket, fetchToken }: CoreOptions): Partial<CoreOptions> {
    const isPossible = /^(rooms|relay)$/.test(dialect) && !openSocket && !fetchToken && 'RTCPeerConnection' in globalThis;
    this.#socket = isPossible ? connectEarly(url) : undefined;
    return this.#socket ? { openSocket: this.#socket.take } : {};
  }

  #join({ wasm, users }: Instance, options: CoreOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#admission = { resolve, reject };
      users.add(this);
      this.#handle = wasm.start(options, (type, detail) => this.#receive(type, detail));
      for (const [type, detail] of this.#early.splice(0)) this.#receive(type, detail);
    });
  }

  #receive(type: string, detail: unknown): void {
    if (!this.#handle) {
      this.#early.push([type, detail]);
    } else if (type === 'ended') {
      const { reason, error } = detail as Detail;
      this.#ended(reason as EndReason, error);
    } else {
      const event = this.#event(type, detail);
      if (event) this.#emit(event);
      if (/^(connected|waiting)$/.test((detail as Detail | undefined)?.state ?? '')) this.#admission?.resolve();
    }
  }

  /** The event as the page receives it. */
  #event(type: string, detail: unknown): AnyEvent | undefined {
    const { participant, from, act } = (detail ?? {}) as Detail;
    if (type === 'error') return { type, event: VideoCallError.from(detail as ErrorDetails) };
    if (type === 'local-changed') {
      const { microphone, camera } = this.snapshot;
      return { type, event: { microphone, camera } };
    }
    if (type === 'asked') {
      const moderator = this.participants.find(({ id }) => id === from);
      return { type, event: { participant: moderator, act: act as 'mute' } };
    }
    if (type === 'room-changed') {
      const { locked, lobby } = this.snapshot;
      return { type, event: { locked, lobby } };
    }
    if (from !== undefined) return this.#message(type, from, detail);
    if (!participant) return { type, event: detail } as AnyEvent;
    return { type, event: { ...(detail as Detail), participant: this.#known(participant) } } as AnyEvent;
  }

  /** A message of a participant. */
  #message(type: string, from: string, detail: unknown): AnyEvent | undefined {
    const participant = this.participants.find(({ id }) => id === from) ?? null;
    if (type === 'text') {
      const { age, ...line } = detail as LineDetail;
      return { type, event: { ...line, participant, time: Date.now() - age } };
    }
    if (type === 'file-channel') {
      const { channel } = detail as { channel: RTCDataChannel };
      if (participant) this.#fileOffered(participant, channel).catch(() => channel.close()); // files.js could not be loaded.
      return undefined;
    }
    const { from: _, ...rest } = detail as { from: string };
    return participant ? ({ type, event: { ...rest, participant } } as unknown as AnyEvent) : undefined;
  }

  async #fileOffered(participant: Participant, channel: RTCDataChannel): Promise<void> {
    const early: unknown[] = [];
    channel.onmessage = ({ data }) => early.push(data);
    const { receiveFile } = await import('./files.js');
    const file = await receiveFile(participant.id, channel, early, fileFailure);
    if (file) this.#emit({ type: 'file', event: { participant, file } });
  }

  /** The object of a participant in `participants`, or of one who has left. */
  #known(participant: Omit<Participant, 'stream'>): Participant {
    const present = this.participants.find(({ id }) => id === participant.id);
    return present ?? { ...participant, stream: this.#handle?.streamOf(participant.id) ?? null };
  }

  #ended(reason: EndReason, details: ErrorDetails | undefined): void {
    const handle = this.#handle;
    this.#last = { ...this.snapshot, state: 'ended', participants: [] };
    this.#handle = undefined;
    this.#instance?.users.delete(this);
    queueMicrotask(() => handle?.free()); // The WebAssembly is still on the stack.
    const error = details && VideoCallError.from(details);
    this.#end = error ?? aborted();
    this.#admission?.reject(this.#end);
    this.#emit({ type: 'ended', event: error ? { reason, error } : { reason } });
    this.#members.clear();
  }

  #emit(event: AnyEvent): void {
    for (const member of this.members) member.receive(event);
  }
}
