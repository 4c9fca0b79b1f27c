import type { Participant, VideoCall } from '../videocalls.js';
import { failure, notOffered, only } from './errors.js';
import { KINDS, latest, LocalTrack, Track, type Kind } from './tracks.js';
import { forgetTrack, Visit, type RemoteUser, type Uid } from './visit.js';

/** The source of each kind of track. */
const SOURCES = { audio: 'microphone', video: 'camera' } as const;

const EVENTS = ['user-joined', 'user-published', 'user-unpublished', 'user-left'] as const;

type EventName = (typeof EVENTS)[number];
type Handler = (...details: unknown[]) => void;
type LeaveReason = 'Quit' | 'ServerTimeOut';

export class Client extends only('client') {
  #handlers = new Map<string, Set<Handler>>(EVENTS.map((event) => [event, new Set()]));
  #visit: Visit | undefined;

  get remoteUsers(): RemoteUser[] {
    return [...(this.#visit?.users.values() ?? [])];
  }

  on(event: string, handler: Handler): void {
    this.#handlersOf(event).add(handler);
  }

  once(event: string, handler: Handler): void {
    const first: Handler = (...details) => {
      this.off(event, first);
      handler(...details);
    };
    this.on(event, first);
  }

  off(event: string, handler: Handler): void {
    this.#handlersOf(event).delete(handler);
  }

  /** Enters the room of this name, without tracks. */
  async join(_appId: unknown, channel: unknown, token?: string | null, uid?: Uid | null): Promise<Uid> {
    if (this.#visit) throw failure('INVALID_OPERATION', 'the client has joined already');
    const visit = (this.#visit = new Visit(channel, uid));
    try {
      await visit.join(token);
    } catch (error) {
      if (this.#visit === visit) this.#visit = undefined;
      throw error;
    }
    this.#listen(visit, visit.call as VideoCall);
    return visit.uid;
  }

  async leave(): Promise<void> {
    const visit = this.#visit;
    this.#visit = undefined;
    visit?.end();
  }

  /** Publishes a microphone, a camera, or both. What was created before the first `publish` can be published later. */
  async publish(tracks: LocalTrack | LocalTrack[]): Promise<void> {
    const { visit, own } = this.#own('publish', tracks);
    if (!own.length) return;
    const isFirst = !visit.tracks;
    visit.tracks ??= KINDS.flatMap((kind) => own.find((track) => track.kind === kind) ?? latest(kind) ?? []);
    const published = visit.tracks;
    if (own.some((track) => !published.includes(track))) {
      throw notOffered('client.publish of a second microphone or camera');
    }
    for (const track of isFirst ? published : own) setPublished(visit, track, own.includes(track));
    if (isFirst) provide(visit, published);
    await visit.settled();
  }

  /** Without tracks: all of them. */
  async unpublish(tracks?: LocalTrack | LocalTrack[]): Promise<void> {
    const { visit, own } = this.#own('unpublish', tracks ?? this.#visit?.tracks ?? []);
    for (const track of own) setPublished(visit, track, false);
  }

  /** Returns the track that a user has published, for playing. */
  async subscribe(user: RemoteUser, mediaType: Kind): Promise<Track> {
    const visit = this.#joined('subscribe');
    if (!KINDS.includes(mediaType)) throw notOffered(`client.subscribe to '${mediaType}'`);
    const [id] = [...visit.users].find(([, known]) => known === user && user[has(mediaType)]) ?? [];
    if (!id) throw failure('INVALID_REMOTE_USER', `user ${user?.uid} has no ${mediaType} to subscribe to`);
    return (user[`${mediaType}Track`] ??= new Track(mediaType, () => visit.trackOf(id, mediaType)));
  }

  #joined(method: string): Visit {
    if (this.#visit?.call) return this.#visit;
    throw failure('INVALID_OPERATION', `client.${method} comes after client.join`);
  }

  #own(method: string, tracks: LocalTrack | LocalTrack[]): { visit: Visit; own: LocalTrack[] } {
    const visit = this.#joined(method);
    const own = [tracks].flat();
    if (own.every((track) => track instanceof LocalTrack)) return { visit, own };
    throw failure('INVALID_LOCAL_TRACK', `client.${method} takes tracks that AgoraRTC has created`);
  }

  #listen(visit: Visit, call: VideoCall): void {
    const meet = ({ participant }: { participant: Participant }) => this.#meet(visit, participant);
    call.on('participant-joined', this.#later(visit, meet));
    call.on('participant-changed', this.#later(visit, meet));
    call.on(
      'participant-left',
      this.#later(visit, ({ participant, reason }) => this.#remove(visit, participant.id, reason === 'bye' ? 'Quit' : 'ServerTimeOut')),
    );
    call.on(
      'ended',
      this.#later(visit, ({ error }) => {
        console.warn(error);
        for (const id of [...visit.users.keys()]) this.#remove(visit, id, 'ServerTimeOut');
        void this.leave();
      }),
    );
  }

  /** In a task of its own, so that the page's handlers do not run within the call's events. */
  #later<E>(visit: Visit, action: (event: E) => void): (event: E) => void {
    return (event) => queueMicrotask(() => this.#visit === visit && action(event));
  }

  #meet(visit: Visit, participant: Participant): void {
    const user = visit.users.get(participant.id);
    if (user) return this.#update(user, participant);
    const uid = visit.uidOf(participant);
    if (uid instanceof Promise) void uid.then((uid) => this.#meetNamed(visit, participant.id, uid));
    else this.#add(visit, participant, uid);
  }

  /** Once the name is registered, if they are still there. */
  #meetNamed(visit: Visit, id: string, uid: Uid): void {
    const present = visit.call?.participants.find((participant) => participant.id === id);
    if (present && this.#visit === visit && !visit.users.has(id)) this.#add(visit, present, uid);
  }

  #add(visit: Visit, participant: Participant, uid: Uid): void {
    if (uid === visit.uid) return; // This client, from before a reload.
    for (const [id, user] of visit.users) {
      if (user.uid === uid) this.#remove(visit, id, 'ServerTimeOut'); // Replaced by the new one.
    }
    const user: RemoteUser = { uid, hasAudio: false, hasVideo: false, audioTrack: undefined, videoTrack: undefined };
    visit.users.set(participant.id, user);
    this.#emit('user-joined', user);
    this.#update(user, participant);
  }

  #update(user: RemoteUser, participant: Participant): void {
    for (const kind of KINDS) {
      const { state } = participant.tracks[SOURCES[kind]];
      const isPublished = state === 'live' && (user[has(kind)] || participant.connection === 'connected');
      if (isPublished === user[has(kind)]) {
        user[`${kind}Track`]?.refresh();
        continue;
      }
      user[has(kind)] = isPublished;
      if (!isPublished) forgetTrack(user, kind);
      this.#emit(isPublished ? 'user-published' : 'user-unpublished', user, kind);
    }
  }

  #remove(visit: Visit, id: string, reason: LeaveReason): void {
    const user = visit.users.get(id);
    if (!user) return;
    visit.users.delete(id);
    for (const kind of KINDS) forgetTrack(user, kind);
    this.#emit('user-left', user, reason);
  }

  #handlersOf(event: string): Set<Handler> {
    const handlers = this.#handlers.get(event);
    if (!handlers) throw notOffered(`client.on('${event}')`);
    return handlers;
  }

  #emit(event: EventName, ...details: unknown[]): void {
    for (const handler of [...this.#handlersOf(event)]) {
      try {
        handler(...details);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

function setPublished(visit: Visit, track: LocalTrack, isPublished: boolean): void {
  track.setPublished(isPublished, (on) => visit.turn(track.kind, on));
}

/** Passes the tracks to the call, which takes them once. */
function provide(visit: Visit, tracks: LocalTrack[]): void {
  for (const kind of KINDS) {
    const media = tracks.find((track) => track.kind === kind)?.media;
    visit.provide(kind, media?.readyState === 'live' ? media : null);
  }
}

function has(kind: Kind): 'hasAudio' | 'hasVideo' {
  return kind === 'audio' ? 'hasAudio' : 'hasVideo';
}
