// Fault simulation, for tests; docs/simulate.md describes each fault. It works from outside, on the sockets, connections and
// tracks that a call holds. Loaded when the first fault is asked for, so that visitors do not download it.
import type { VideoCall } from './call.js';
import type { Holding } from './engine.js';

type Kind = 'audio' | 'video';

/** Which messages a fault affects: by default the next one that arrives. */
export interface MessageFault {
  direction?: 'in' | 'out';
  count?: number;
}

/** A fault that {@link VideoCall.simulate} can cause. Times are in milliseconds. */
export type Fault =
  | ({ kind: 'drop' | 'duplicate' } & MessageFault)
  | ({ kind: 'delay'; ms: number } & MessageFault)
  /** Reverses the order of `count` messages, by default 2. */
  | ({ kind: 'reorder' } & MessageFault)
  | { kind: 'kill-socket' }
  /** Affects one participant, or all. Without `ms`, lasts until the connection is replaced. */
  | { kind: 'break-link'; participant?: string }
  | { kind: 'freeze-link'; participant?: string; ms?: number }
  | { kind: 'end-track' | 'unplug-track'; track: Kind }
  /** Without `ms`, forever. */
  | { kind: 'mute-track' | 'lose-device'; track: Kind; ms?: number }
  | { kind: 'expire-credentials' }
  /** Adds an inactive transceiver to the connection after each of these pauses. */
  | { kind: 'transceivers'; gaps: readonly number[]; participant?: string }
  /** Makes the WebAssembly fail. */
  | { kind: 'panic' };

type FaultOf<K extends Fault['kind']> = Extract<Fault, { kind: K }>;
type Causes = { [K in Fault['kind']]: (fault: FaultOf<K> & Fault, call: Holdings) => unknown };

/** Causes a fault in what a call holds. Without `call`, in everything that is held. */
export async function simulate(fault: Fault, holdings: ReadonlySet<Holding>, call?: VideoCall): Promise<void> {
  const cause = CAUSES[fault?.kind] as ((fault: Fault, call: Holdings) => unknown) | undefined;
  if (!cause) throw new TypeError(`there is no fault '${fault?.kind}'; known are: ${Object.keys(CAUSES).join(', ')}`);
  await cause(fault, new Holdings(holdings, call));
}

/** What a call holds, by kind. */
class Holdings {
  #all: Holding[];
  #call: VideoCall | undefined;

  constructor(all: ReadonlySet<Holding>, call: VideoCall | undefined) {
    this.#all = [...all];
    this.#call = call;
  }

  get socket(): WebSocket {
    const isOpen = (held: Holding): held is WebSocket => 'send' in held && held.readyState <= WebSocket.OPEN;
    const socket = this.#all.find(isOpen);
    if (!socket) throw new Error('there is no socket at the moment');
    return socket;
  }

  /** The connections to one participant, or to all. */
  links(participant?: string): RTCPeerConnection[] {
    const isConnected = (held: Holding): held is RTCPeerConnection => Boolean((held as RTCPeerConnection).remoteDescription);
    const links = this.#all.filter(isConnected);
    if (participant === undefined) return links;
    const stream = this.#call?.participants.find(({ id }) => id === participant)?.stream;
    const isTheirs = ({ track }: RTCRtpReceiver) => stream?.getTracks().includes(track);
    return links.filter((link) => link.getReceivers().some(isTheirs));
  }

  tracks(kind: Kind): MediaStreamTrack[] {
    const isTrack = (held: Holding): held is MediaStreamTrack => 'stop' in held;
    const tracks = this.#call?.localStream?.getTracks() ?? this.#all.filter(isTrack);
    return tracks.filter((track) => track.kind === kind && track.readyState === 'live');
  }
}

const CAUSES: Causes = {
  drop: (fault, { socket }) => intercept(socket, fault, () => {}),
  delay: (fault, { socket }) => intercept(socket, fault, (pass) => setTimeout(pass, fault.ms)),
  duplicate: (fault, { socket }) =>
    intercept(socket, fault, (pass) => {
      pass();
      pass();
    }),
  reorder(fault, { socket }) {
    const { count = 2 } = fault;
    const kept: (() => void)[] = [];
    const release = () => kept.splice(0).reverse().forEach((pass) => pass());
    intercept(socket, { ...fault, count }, (pass) => {
      if (kept.push(pass) === 1) setTimeout(release, 100); // Perhaps no more come.
      if (kept.length === count) release();
    });
  },
  'kill-socket': (_, { socket }) => socket.close(),
  'break-link': ({ participant }, call) => call.links(participant).forEach((link) => link.close()),
  'freeze-link': ({ participant, ms }, call) => Promise.all(call.links(participant).map((link) => freeze(link, ms))),
  'end-track': ({ track }, call) => call.tracks(track).forEach(end),
  'mute-track': ({ track, ms }, call) => call.tracks(track).forEach((track) => mute(track, ms)),
  'unplug-track'({ track }, call) {
    const unplugged = call.tracks(track).map((track) => track.getSettings().deviceId);
    hide(track, (device) => unplugged.includes(device.deviceId));
    call.tracks(track).forEach(end);
    fireDeviceChange();
  },
  'lose-device'({ track, ms }, call) {
    const restore = hide(track, () => true);
    call.tracks(track).forEach(end);
    fireDeviceChange();
    after(ms, () => {
      restore();
      fireDeviceChange();
    });
  },
  'expire-credentials': (_, call) => call.links().forEach(expire),
  transceivers: ({ participant, gaps }, call) => Promise.all(call.links(participant).map((link) => addTransceivers(link, gaps))),
  panic: (_, { socket }) => socket.dispatchEvent(new Trap('message')),
};

const repeated = new WeakSet<Event>();

/** Lets `decide` say what happens to the next messages; it gets a function that lets one through. */
function intercept(socket: WebSocket, fault: MessageFault, decide: (pass: () => void) => void): void {
  const { direction = 'in', count = 1 } = fault;
  if (direction === 'out') interceptSent(socket, count, decide);
  else interceptReceived(socket, count, decide);
}

function interceptSent(socket: WebSocket, count: number, decide: (pass: () => void) => void): void {
  const { send } = socket;
  let left = count;
  socket.send = (text) => {
    const pass = () => send.call(socket, text);
    if (left === 0) return pass();
    left -= 1;
    decide(pass);
  };
}

function interceptReceived(socket: WebSocket, count: number, decide: (pass: () => void) => void): void {
  let left = count;
  const listener = (event: MessageEvent) => {
    if (repeated.has(event)) return;
    if ((left -= 1) === 0) socket.removeEventListener('message', listener, true);
    event.stopImmediatePropagation();
    decide(() => {
      const again = new MessageEvent('message', { data: event.data });
      repeated.add(again);
      socket.dispatchEvent(again);
    });
  };
  socket.addEventListener('message', listener, true);
}

/** Sends nothing more and reports the same statistics forever, while the connection state stays `connected`. */
async function freeze(link: RTCPeerConnection, ms: number | undefined): Promise<void> {
  const report = await link.getStats();
  link.getStats = () => Promise.resolve(report);
  const setActive = (active: boolean) =>
    Promise.all(
      link.getSenders().map((sender) => {
        const parameters = sender.getParameters();
        parameters.encodings?.forEach((encoding) => (encoding.active = active));
        return sender.setParameters(parameters).catch(() => {}); // Not negotiated yet, or closed.
      }),
    );
  await setActive(false);
  after(ms, () => {
    Reflect.deleteProperty(link, 'getStats');
    void setActive(true);
  });
}

/** Browsers fire no event for a track that a script stops. */
function end(track: MediaStreamTrack): void {
  track.stop();
  track.dispatchEvent(new Event('ended'));
}

function mute(track: MediaStreamTrack, ms: number | undefined): void {
  track.dispatchEvent(new Event('mute'));
  after(ms, () => track.dispatchEvent(new Event('unmute')));
}

/** Makes devices disappear; returns a function that brings them back. */
function hide(kind: Kind, isGone: (device: MediaDeviceInfo) => boolean): () => void {
  const devices = navigator.mediaDevices;
  const { enumerateDevices, getUserMedia } = devices;
  const isHidden = (device: MediaDeviceInfo) => device.kind === `${kind}input` && isGone(device);
  const visible = async () => (await enumerateDevices.call(devices)).filter((device) => !isHidden(device));
  devices.enumerateDevices = visible;
  devices.getUserMedia = async (constraints = {}) => {
    const wanted = constraints[kind];
    if (!wanted) return getUserMedia.call(devices, constraints);
    const left = (await visible()).find((device) => device.kind === `${kind}input`);
    if (!left) throw new DOMException('Requested device not found', 'NotFoundError');
    const given = wanted === true ? {} : wanted;
    const another = given.deviceId ? given : { ...given, deviceId: { exact: left.deviceId } };
    return getUserMedia.call(devices, { ...constraints, [kind]: another });
  };
  return () => Object.assign(devices, { enumerateDevices, getUserMedia });
}

const fireDeviceChange = (): boolean => navigator.mediaDevices.dispatchEvent(new Event('devicechange'));

/** TURN servers refuse the connection from now on, until the page provides new credentials. */
function expire(link: RTCPeerConnection): void {
  const configuration = link.getConfiguration();
  const expired = (server: RTCIceServer) => (server.credential ? { ...server, credential: 'expired' } : server);
  link.setConfiguration({ ...configuration, iceServers: (configuration.iceServers ?? []).map(expired) });
}

/**
 * With one codec each, since so many descriptions with all codecs exceed the size of a message. Inactive, so that
 * no track is added to the stream that an element shows.
 */
async function addTransceivers(link: RTCPeerConnection, gaps: readonly number[]): Promise<void> {
  const { codecs = [] } = RTCRtpReceiver.getCapabilities('audio') ?? {};
  const opus = codecs.filter(({ mimeType }) => mimeType === 'audio/opus');
  for (const gap of gaps) {
    if (gap > 0) await new Promise((resolve) => setTimeout(resolve, gap));
    link.addTransceiver('audio', { direction: 'inactive' }).setCodecPreferences?.(opus);
  }
}

/** Throws when the WebAssembly reads it, which is as fatal as a panic. */
class Trap extends Event {
  get data(): never {
    throw new WebAssembly.RuntimeError('unreachable, as simulated');
  }
}

function after(ms: number | undefined, action: () => void): void {
  if (ms !== undefined) setTimeout(action, ms);
}

/** Buttons for developers of the app. */
export function panel(holdings: ReadonlySet<Holding>): HTMLElement {
  const details = document.createElement('details');
  details.className = 'faults';
  details.append(Object.assign(document.createElement('summary'), { textContent: 'Faults' }));
  for (const fault of OFFERED) {
    const textContent = Object.values(fault).join(' ');
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent });
    button.addEventListener('click', () => void simulate(fault, holdings).catch((error) => console.warn(error)));
    details.append(button);
  }
  return details;
}

const OFFERED: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'delay', ms: 2000 },
  { kind: 'duplicate' },
  { kind: 'reorder' },
  { kind: 'kill-socket' },
  { kind: 'break-link' },
  { kind: 'freeze-link' },
  ...(['audio', 'video'] as const).flatMap((track): Fault[] => [
    { kind: 'end-track', track },
    { kind: 'mute-track', track, ms: 10_000 },
    { kind: 'unplug-track', track },
    { kind: 'lose-device', track, ms: 10_000 },
  ]),
  { kind: 'expire-credentials' },
  { kind: 'transceivers', gaps: [0, 0, 0] },
  { kind: 'panic' },
];
