// `AgoraRTC` in a classic script, as far as a group call needs it (docs/compatibility.md lists what
// that is), over the `rooms` of the server that this script comes from and the package beside it:
//
//   <script src="https://example.org/videocalls/agora.js"></script>
//
// `data-signaling` names other rooms, `data-ice-servers` is the JSON of an RTCIceServer list. The uid
// travels as the participant's name. What the page creates reaches the call by promises, which the
// first `publish` keeps.

const script = document.currentScript;
const signaling = script.dataset.signaling ?? new URL('/rooms', script.src).href;
const iceServers = JSON.parse(script.dataset.iceServers ?? 'null') ?? undefined;

const KINDS = ['audio', 'video'];
const EVENTS = ['user-joined', 'user-published', 'user-unpublished', 'user-left'];

const failure = (code, message) => Object.assign(new Error(message), { name: 'AgoraRTCException', code });

const notOffered = (what) =>
  failure('NOT_SUPPORTED', `${what} is not offered by videocalls; its docs/compatibility.md lists what is`);

/** A base class below which what is not there says so by its name, rather than be undefined. */
function only(owner) {
  // What promises, JSON and frameworks look for in any object they meet.
  const quiet = /^(then|toJSON|[_$@].*)$/;
  const refuse = (_, name) => {
    throw notOffered(`${owner}.${String(name)}`);
  };
  const get = (target, name) =>
    typeof name === 'symbol' || name in target || quiet.test(name) ? target[name] : refuse(target, name);
  const base = function () {};
  base.prototype = new Proxy({}, { get, set: refuse });
  return base;
}

/** A track that can be played. `find` gives the browser's track, which may change. */
class Track extends only('track') {
  #kind;
  #find;
  #element;
  #mirrored;

  constructor(kind, find, mirrored = false) {
    super();
    this.#kind = kind;
    this.#find = find;
    this.#mirrored = mirrored;
  }

  /** Plays in an element, or one of this id; sound needs none. */
  play(where) {
    const found = typeof where === 'string' ? document.getElementById(where) : where;
    const place = this.#kind === 'audio' ? document.body : found;
    if (!place) throw failure('INVALID_PARAMS', `there is no element '${where}' to play in`);
    this.stop();
    const element = (this.#element = document.createElement(this.#kind));
    element.autoplay = element.playsInline = true;
    if (this.#kind === 'video') {
      element.muted = true;
      Object.assign(element.style, { width: '100%', height: '100%', objectFit: 'cover' });
      if (this.#mirrored) element.style.transform = 'scaleX(-1)';
    }
    place.append(element);
    this._refresh();
  }

  stop() {
    if (this.#element) this.#element.srcObject = null;
    this.#element?.remove();
    this.#element = undefined;
  }

  getMediaStreamTrack() {
    return this.#find();
  }

  /** @internal Another connection has another track. */
  _refresh() {
    const [element, track] = [this.#element, this.#find()];
    if (!element || element.srcObject?.getTracks()[0] === track) return;
    element.srcObject = track ? new MediaStream([track]) : null;
    element.play().catch(({ name }) => {
      // Sound that the browser holds back until someone has clicked.
      if (name === 'NotAllowedError') addEventListener('click', () => element.play().catch(() => {}), { once: true });
    });
  }
}

/** The microphone or the camera. */
class LocalTrack extends Track {
  #media;
  #published = true;
  #tell;
  muted = false;
  enabled = true;

  constructor(media) {
    super(media.kind, () => media, media.kind === 'video');
    this.#media = media;
  }

  /** Sends nothing, which the others are not told. */
  async setMuted(muted) {
    this.muted = muted;
    this.#apply();
  }

  /** Sends nothing, and for the others it is no longer published. */
  async setEnabled(enabled) {
    this.enabled = enabled;
    this.#apply();
  }

  close() {
    this.stop();
    this.#media.stop();
    this.setEnabled(false);
  }

  /** @internal In a call `tell` says whether there is something to see or hear; out of one nobody does. */
  _publish(published, tell) {
    this.#published = published;
    this.#tell = tell;
    this.#apply();
  }

  // The call turns the track on and off as well, so it is asked first.
  #apply() {
    const on = this.enabled && this.#published;
    this.#tell?.(on);
    this.#media.enabled = on && !this.muted;
  }
}

class Client extends only('client') {
  #handlers = new Map(EVENTS.map((event) => [event, new Set()]));
  #visit;

  get remoteUsers() {
    return [...(this.#visit?.users.values() ?? [])];
  }

  on(event, handler) {
    this.#handlersOf(event).add(handler);
  }

  once(event, handler) {
    const first = (...details) => {
      this.off(event, first);
      handler(...details);
    };
    this.on(event, first);
  }

  off(event, handler) {
    this.#handlersOf(event).delete(handler);
  }

  /** Enters the room of this name, with nothing to see or hear yet. */
  async join(appId, channel, token, uid) {
    if (this.#visit) throw failure('INVALID_OPERATION', 'the client has joined already');
    const visit = (this.#visit = new Visit(uid));
    try {
      const { initializeVideoCall } = await import(new URL('videocalls.js', script.src));
      visit.call = await initializeVideoCall({
        signaling,
        iceServers,
        room: roomOf(channel),
        name: String(visit.uid),
        token: token ?? undefined,
        constraints: { audio: visit.awaited('audio'), video: visit.awaited('video') },
        signal: visit.aborter.signal,
      });
    } catch (error) {
      if (this.#visit === visit) this.#visit = undefined;
      throw error;
    }
    this.#listen(visit);
    return visit.uid;
  }

  async leave() {
    const visit = this.#visit;
    this.#visit = undefined;
    visit?.end();
  }

  /** Publishes what one `createMicrophoneAndCameraTracks` has given: both, or one and later the other. */
  async publish(tracks) {
    const { visit, own } = this.#own('publish', tracks);
    if (!own.length) return;
    const first = !visit.pair;
    visit.pair ??= pairs.get(own[0]);
    if (own.some((track) => !visit.pair.includes(track))) {
      throw notOffered('client.publish of a second microphone or camera');
    }
    for (const track of first ? visit.pair : own) {
      const { kind, readyState } = track.getMediaStreamTrack();
      track._publish(own.includes(track), (on) => visit.call.toggleTrack(kind, on));
      visit.give[kind](readyState === 'live' ? track.getMediaStreamTrack() : null);
    }
    await visit.settled();
  }

  /** Without tracks: all of them. */
  async unpublish(tracks = this.#visit?.pair ?? []) {
    const { visit, own } = this.#own('unpublish', tracks);
    for (const track of own) {
      const { kind } = track.getMediaStreamTrack();
      track._publish(false, (on) => visit.call.toggleTrack(kind, on));
    }
  }

  /** Gives what a user has published, for playing. */
  async subscribe(user, mediaType) {
    const visit = this.#joined('subscribe');
    if (!KINDS.includes(mediaType)) throw notOffered(`client.subscribe to '${mediaType}'`);
    const [id] = [...visit.users].find(([, known]) => known === user && user[has(mediaType)]) ?? [];
    if (!id) throw failure('INVALID_REMOTE_USER', `user ${user?.uid} has no ${mediaType} to subscribe to`);
    return (user[`${mediaType}Track`] ??= new Track(mediaType, () => visit.trackOf(id, mediaType)));
  }

  #joined(what) {
    if (this.#visit?.call) return this.#visit;
    throw failure('INVALID_OPERATION', `client.${what} comes after client.join`);
  }

  #own(what, tracks) {
    const visit = this.#joined(what);
    const own = [tracks].flat();
    if (own.every((track) => pairs.has(track))) return { visit, own };
    throw failure('INVALID_LOCAL_TRACK', `client.${what} takes what createMicrophoneAndCameraTracks gives`);
  }

  #listen(visit) {
    // In a turn of its own: what the page does in a handler must not come amid the call's own doing.
    const later = (act) => (event) => queueMicrotask(() => this.#visit === visit && act(event));
    const meet = ({ participant }) => this.#meet(visit, participant);
    visit.call.on('participant-joined', later(meet));
    visit.call.on('participant-changed', later(meet));
    visit.call.on('participant-left', later(({ participant, reason }) => {
      this.#part(visit, participant.id, reason === 'bye' ? 'Quit' : 'ServerTimeOut');
    }));
    visit.call.on('ended', later(({ error }) => {
      console.warn(error);
      for (const id of [...visit.users.keys()]) this.#part(visit, id, 'ServerTimeOut');
      this.leave();
    }));
    visit.call.participants.forEach((participant) => later(meet)({ participant }));
  }

  #meet(visit, participant) {
    const user = visit.users.get(participant.id) ?? this.#welcome(visit, participant);
    for (const kind of user ? KINDS : []) {
      const published =
        participant[kind] === 'live' && (user[has(kind)] || participant.connection === 'connected');
      if (published === user[has(kind)]) {
        user[`${kind}Track`]?._refresh();
        continue;
      }
      user[has(kind)] = published;
      if (!published) silence(user, kind);
      this.#emit(published ? 'user-published' : 'user-unpublished', user, kind);
    }
  }

  #welcome(visit, { id, name }) {
    const uid = visit.uidOf(name ?? id);
    if (uid === visit.uid) return undefined; // Oneself, of before a reload.
    for (const [other, user] of visit.users) {
      if (user.uid === uid) this.#part(visit, other, 'ServerTimeOut'); // The other one before theirs.
    }
    const user = { uid, hasAudio: false, hasVideo: false, audioTrack: undefined, videoTrack: undefined };
    visit.users.set(id, user);
    this.#emit('user-joined', user);
    return user;
  }

  #part(visit, id, reason) {
    const user = visit.users.get(id);
    if (!visit.users.delete(id)) return;
    KINDS.forEach((kind) => silence(user, kind));
    this.#emit('user-left', user, reason);
  }

  #handlersOf(event) {
    const handlers = this.#handlers.get(event);
    if (!handlers) throw notOffered(`client.on('${event}')`);
    return handlers;
  }

  #emit(event, ...details) {
    for (const handler of [...this.#handlers.get(event)]) {
      try {
        handler(...details);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

/** The time between a client's `join` and its end. */
class Visit {
  aborter = new AbortController();
  users = new Map(); // By the participant's id, which is new after a reload; the uid is not.
  give = {};
  call; // Once the server has let us in.
  pair; // Once something is published.

  constructor(uid) {
    this.uid = uid ?? crypto.getRandomValues(new Uint32Array(1))[0];
  }

  /** The track that `give` will give. */
  awaited(kind) {
    return new Promise((resolve) => (this.give[kind] = resolve));
  }

  trackOf(id, kind) {
    const { stream } = this.call.participants.find((participant) => participant.id === id) ?? {};
    return stream?.getTracks().find((track) => track.kind === kind);
  }

  /** In one channel all uids are numbers or all are text; names are always text. */
  uidOf(name) {
    return typeof this.uid === 'number' && /^\d+$/.test(name) ? Number(name) : name;
  }

  /** Resolves when what was given has arrived in the call. */
  settled() {
    return new Promise((resolve) => {
      const look = () => {
        if (![this.call.microphone, this.call.camera].includes('pending')) resolve();
      };
      this.call.on('local-changed', look);
      this.call.on('ended', resolve);
      look();
    });
  }

  end() {
    this.aborter.abort();
    this.pair?.forEach((track) => track._publish(true));
    KINDS.forEach((kind) => this.give[kind]?.(null));
    for (const user of this.users.values()) KINDS.forEach((kind) => silence(user, kind));
  }
}

/** Which tracks were made together: the call takes both or none. */
const pairs = new WeakMap();

class AgoraRTC extends only('AgoraRTC') {
  /** Browsers agree on the codec among themselves. */
  createClient({ mode = 'rtc' } = {}) {
    if (mode !== 'rtc') throw notOffered(`AgoraRTC.createClient with mode '${mode}'`);
    return new Client();
  }

  async createMicrophoneAndCameraTracks(audio, video) {
    if (!navigator.mediaDevices) throw failure('NOT_SUPPORTED', 'camera and microphone need https or localhost');
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        deviceId: audio?.microphoneId,
        echoCancellation: audio?.AEC,
        autoGainControl: audio?.AGC,
        noiseSuppression: audio?.ANS,
      },
      video: { deviceId: video?.cameraId, facingMode: video?.facingMode, ...size(video?.encoderConfig ?? '480p') },
    });
    const pair = [...stream.getAudioTracks(), ...stream.getVideoTracks()].map((media) => new LocalTrack(media));
    pair.forEach((track) => pairs.set(track, pair));
    return pair;
  }
}

/** From a preset such as `720p_1`, or from width, height and frame rate. */
function size(config) {
  if (typeof config === 'string') return { height: { ideal: parseInt(config, 10) } };
  const { width, height, frameRate } = config;
  return { width, height, frameRate };
}

/** A room's name has fewer characters to choose from than a channel's. */
function roomOf(channel) {
  return String(channel).replace(/[^\w.-]/gu, (other) => `~${other.codePointAt(0).toString(16)}~`);
}

function has(kind) {
  return kind === 'audio' ? 'hasAudio' : 'hasVideo';
}

function silence(user, kind) {
  user[`${kind}Track`]?.stop();
  user[`${kind}Track`] = undefined;
}

globalThis.AgoraRTC = new AgoraRTC();
