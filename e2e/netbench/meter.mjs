// What runs in each page to measure: every 50 ms it reads what has come in by the statistics of all
// connections, those that are gone included. It is sent as source text.

/** The script for a page. Times are those of `Date.now()`, the same for everyone on one machine. */
export const meterScript = `(${meter})()`;

function meter() {
  const KINDS = ['audio', 'video'];
  const links = [];
  const seen = new Map();
  const self = (globalThis.meter = {
    /** Packets and bytes in, packets that are missing, packets out. */
    totals: Object.fromEntries(KINDS.map((kind) => [kind, { bytes: 0, received: 0, lost: 0, sent: 0, frames: 0 }])),
    /** When more had come in than the time before, and how many bytes were in then. */
    arrivals: Object.fromEntries(KINDS.map((kind) => [kind, []])),
    /** When a connection's state changed, or the browser said something of the network. */
    events: [],
  });
  const note = (what, link) => self.events.push({ at: Date.now(), what, link });

  const Original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      const number = links.push(this) - 1;
      note('made', number);
      this.addEventListener('connectionstatechange', () => note(this.connectionState, number));
      this.addEventListener('iceconnectionstatechange', () => note(`ice ${this.iceConnectionState}`, number));
    }
  };
  Object.defineProperty(globalThis.RTCPeerConnection, 'name', { value: 'RTCPeerConnection' });
  for (const what of ['online', 'offline']) addEventListener(what, () => note(what));
  navigator.connection?.addEventListener('change', () => note('connection change'));

  const open = () => links.filter((link) => link.signalingState !== 'closed');

  /** Counters begin anew with each connection; ours go on. */
  const grow = (total, name, key, value = 0) => {
    const before = seen.get(key) ?? 0;
    seen.set(key, value);
    total[name] += Math.max(0, value - before);
  };

  const read = async (link) => {
    const number = links.indexOf(link);
    for (const report of (await link.getStats()).values()) {
      const total = self.totals[report.kind];
      const add = (name, value) => grow(total, name, `${number} ${report.id} ${name}`, value);
      if (report.type === 'inbound-rtp') {
        add('bytes', report.bytesReceived);
        add('received', report.packetsReceived);
        add('lost', report.packetsLost);
        add('frames', report.framesDecoded);
      } else if (report.type === 'outbound-rtp') {
        add('sent', report.packetsSent);
      }
    }
  };

  const sample = async () => {
    // A connection may be closed meanwhile, and of such a one Firefox may never say anything.
    const all = Promise.allSettled(open().map(read));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 500))]);
    for (const kind of KINDS) {
      const [arrivals, { bytes }] = [self.arrivals[kind], self.totals[kind]];
      if (bytes > (arrivals.at(-1)?.bytes ?? 0)) arrivals.push({ at: Date.now(), bytes });
    }
    setTimeout(sample, 50);
  };
  sample();

  /** How much of a kind had come by then. */
  const bytesAt = (kind, time) => self.arrivals[kind].findLast(({ at }) => at <= time)?.bytes ?? 0;

  /** The time at which sound and picture had come since then, 2 kB together; or nothing yet. */
  self.backSince = (since) => {
    const grown = (time) => KINDS.map((kind) => bytesAt(kind, time) - bytesAt(kind, since));
    const isBack = ([audio, video]) => audio > 0 && video > 0 && audio + video >= 2000;
    const later = KINDS.flatMap((kind) => self.arrivals[kind].map(({ at }) => at)).filter((at) => at > since);
    return later.sort((one, other) => one - other).find((at) => isBack(grown(at)));
  };

  /** The longest time between two arrivals of one kind, from a moment until another. */
  self.gap = (from, to = Date.now()) => {
    const gaps = KINDS.flatMap((kind) => {
      const times = self.arrivals[kind].map(({ at }) => at).filter((at) => at > from && at < to);
      return [...times, to].map((at, index) => at - (times[index - 1] ?? from));
    });
    return Math.max(...gaps);
  };

  /** The way that media takes: `{ local, remote, protocol, relayProtocol, rtt }`, the last in ms. */
  self.way = async () => {
    const reports = await Promise.all(open().map(async (link) => [...(await link.getStats()).values()]));
    for (const stats of reports) {
      const chosen = stats.find(({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId)?.selectedCandidatePairId;
      const pair = stats.find((one) => one.type === 'candidate-pair' && (chosen ? one.id === chosen : one.selected || (one.nominated && one.state === 'succeeded')));
      if (!pair) continue;
      const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.find((one) => one.id === id));
      return {
        local: local?.candidateType,
        remote: remote?.candidateType,
        protocol: local?.protocol,
        relayProtocol: local?.relayProtocol,
        rtt: pair.currentRoundTripTime * 1000,
      };
    }
    return null;
  };
}
