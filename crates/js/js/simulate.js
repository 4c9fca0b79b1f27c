// Faults caused on purpose, for tests of what becomes of a call: loaded when the first is asked for,
// and no part of what a visitor downloads. docs/simulate.md says what each does.
//
// They work from outside, on the sockets, connections and tracks that a call holds; the call itself
// knows nothing of them.

/** Causes a fault in what is held, or in what of it belongs to this call; see `Fault` in videocalls.d.ts. */
export async function simulate(fault, holdings, call) {
  const cause = FAULTS[fault?.kind];
  if (!cause) throw new TypeError(`there is no fault '${fault?.kind}'; known are: ${Object.keys(FAULTS).join(', ')}`);
  await cause(fault, new Innards(holdings, call));
}

/** What a call holds, sorted. */
class Innards {
  #held;
  #call;

  constructor(holdings, call) {
    this.#held = [...holdings];
    this.#call = call;
  }

  get socket() {
    const socket = this.#held.find((held) => held.send && held.readyState <= WebSocket.OPEN);
    if (!socket) throw new Error('there is no socket at the moment');
    return socket;
  }

  /** The connections that lead to someone: to this participant, or to anyone. */
  links(participant) {
    const leading = this.#held.filter((held) => held.remoteDescription);
    if (participant === undefined) return leading;
    const stream = this.#call?.participants.find(({ id }) => id === participant)?.stream;
    const leadsThere = ({ track }) => stream?.getTracks().includes(track);
    return leading.filter((link) => link.getReceivers().some(leadsThere));
  }

  tracks(kind) {
    const all = this.#call?.localStream?.getTracks() ?? this.#held;
    return all.filter((track) => track.kind === kind && track.readyState === 'live');
  }
}

const FAULTS = {
  drop: (fault, { socket }) => meddle(socket, fault, () => {}),
  delay: (fault, { socket }) => meddle(socket, fault, (pass) => setTimeout(pass, fault.ms)),
  duplicate: (fault, { socket }) =>
    meddle(socket, fault, (pass) => {
      pass();
      pass();
    }),
  reorder(fault, { socket }) {
    const { count = 2 } = fault;
    const kept = [];
    const release = () => kept.splice(0).reverse().forEach((pass) => pass());
    meddle(socket, { ...fault, count }, (pass) => {
      if (kept.push(pass) === 1) setTimeout(release, 100); // Perhaps no more come.
      if (kept.length === count) release();
    });
  },
  'kill-socket': (_, { socket }) => socket.close(),
  'break-link': ({ participant }, innards) => innards.links(participant).forEach((link) => link.close()),
  'freeze-link': ({ participant, ms }, innards) =>
    Promise.all(innards.links(participant).map((link) => freeze(link, ms))),
  'end-track': ({ track }, innards) => innards.tracks(track).forEach(end),
  'mute-track': ({ track, ms }, innards) => innards.tracks(track).forEach((track) => mute(track, ms)),
  'unplug-track'({ track }, innards) {
    const gone = innards.tracks(track).map((track) => track.getSettings().deviceId);
    hide(track, (device) => gone.includes(device.deviceId));
    innards.tracks(track).forEach(end);
    tellOfDevices();
  },
  'lose-device'({ track, ms }, innards) {
    const found = hide(track, () => true);
    innards.tracks(track).forEach(end);
    tellOfDevices();
    later(ms, () => {
      found();
      tellOfDevices();
    });
  },
  'expire-credentials': (_, innards) => innards.links().forEach(expire),
  transceivers: ({ participant, gaps }, innards) =>
    Promise.all(innards.links(participant).map((link) => addTransceivers(link, gaps))),
  panic: (_, { socket }) => socket.dispatchEvent(new Trap('message')),
};

const passedOn = new WeakSet();

/** Has `deal` decide what becomes of the next messages: it is given what passes one on. */
function meddle(socket, { direction = 'in', count = 1 }, deal) {
  let left = count;
  if (direction === 'out') {
    const send = socket.send;
    socket.send = (text) => {
      const pass = () => send.call(socket, text);
      if (left === 0) return pass();
      left -= 1;
      deal(pass);
    };
    return;
  }
  const hear = (event) => {
    if (passedOn.has(event)) return;
    if ((left -= 1) === 0) socket.removeEventListener('message', hear, true);
    event.stopImmediatePropagation();
    deal(() => {
      const again = new MessageEvent('message', { data: event.data });
      passedOn.add(again);
      socket.dispatchEvent(again);
    });
  };
  socket.addEventListener('message', hear, true);
}

/** Nothing goes out any more, and nothing seems to come in, while the connection says that all is well. */
async function freeze(link, ms) {
  const report = await link.getStats();
  link.getStats = () => Promise.resolve(report);
  const send = (active) =>
    Promise.all(
      link.getSenders().map((sender) => {
        const parameters = sender.getParameters();
        parameters.encodings?.forEach((encoding) => (encoding.active = active));
        return sender.setParameters(parameters).catch(() => {}); // Not negotiated yet, or closed.
      }),
    );
  await send(false);
  later(ms, () => {
    delete link.getStats;
    send(true);
  });
}

/** A browser says nothing of what a script stops. */
function end(track) {
  track.stop();
  track.dispatchEvent(new Event('ended'));
}

function mute(track, ms) {
  track.dispatchEvent(new Event('mute'));
  later(ms, () => track.dispatchEvent(new Event('unmute')));
}

/** As if there were no such devices; gives what brings them back. */
function hide(track, isGone) {
  const devices = navigator.mediaDevices;
  const { enumerateDevices, getUserMedia } = devices;
  const isHidden = (device) => device.kind === `${track}input` && isGone(device);
  const rest = async () => (await enumerateDevices.call(devices)).filter((device) => !isHidden(device));
  devices.enumerateDevices = rest;
  devices.getUserMedia = async (constraints) => {
    const wish = constraints[track];
    if (!wish) return getUserMedia.call(devices, constraints);
    const left = (await rest()).find(({ kind }) => kind === `${track}input`);
    if (!left) throw new DOMException('Requested device not found', 'NotFoundError');
    const another = wish.deviceId ? wish : { ...wish, deviceId: { exact: left.deviceId } };
    return getUserMedia.call(devices, { ...constraints, [track]: another });
  };
  return () => Object.assign(devices, { enumerateDevices, getUserMedia });
}

const tellOfDevices = () => navigator.mediaDevices.dispatchEvent(new Event('devicechange'));

/** What the servers are asked for from now on, they refuse: until the page gives new credentials. */
function expire(link) {
  const configuration = link.getConfiguration();
  const expired = (server) => (server.credential ? { ...server, credential: 'expired' } : server);
  link.setConfiguration({ ...configuration, iceServers: configuration.iceServers.map(expired) });
}

/**
 * One after each pause. Of one codec each: with all, so many do not fit into one message. Inactive:
 * what is negotiated is the same, and no track comes into the stream that an element shows.
 */
async function addTransceivers(link, gaps) {
  const codecs = RTCRtpReceiver.getCapabilities('audio').codecs.filter(({ mimeType }) => mimeType === 'audio/opus');
  for (const gap of gaps) {
    if (gap > 0) await new Promise((resolve) => setTimeout(resolve, gap));
    link.addTransceiver('audio', { direction: 'inactive' }).setCodecPreferences?.(codecs);
  }
}

/** Whoever reads it meets an exception; Rust is broken by one, as by a panic. */
class Trap extends Event {
  get data() {
    throw new WebAssembly.RuntimeError('unreachable, as simulated');
  }
}

function later(ms, step) {
  if (ms !== undefined) setTimeout(step, ms);
}

/** Buttons for the app's developers. */
export function panel(holdings) {
  const details = document.createElement('details');
  details.className = 'faults';
  details.append(Object.assign(document.createElement('summary'), { textContent: 'Faults' }));
  for (const fault of OFFERED) {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: Object.values(fault).join(' ') });
    button.addEventListener('click', () => simulate(fault, holdings).catch((error) => console.warn(error)));
    details.append(button);
  }
  return details;
}

const OFFERED = [
  { kind: 'drop' },
  { kind: 'delay', ms: 2000 },
  { kind: 'duplicate' },
  { kind: 'reorder' },
  { kind: 'kill-socket' },
  { kind: 'break-link' },
  { kind: 'freeze-link' },
  ...['audio', 'video'].flatMap((track) => [
    { kind: 'end-track', track },
    { kind: 'mute-track', track, ms: 10_000 },
    { kind: 'unplug-track', track },
    { kind: 'lose-device', track, ms: 10_000 },
  ]),
  { kind: 'expire-credentials' },
  { kind: 'transceivers', gaps: [0, 0, 0] },
  { kind: 'panic' },
];
