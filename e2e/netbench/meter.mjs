// The meter of a page: reads the statistics of all connections every 50 ms and adds up what has arrived. It is sent to the
// page as source text.

/** The script for a page. Times are of `Date.now()`, which all pages on one machine share. */
export const meterScript = `(${meter})()`;

function meter() {
  const KINDS = ['audio', 'video'];
  const links = [];
  const seen = new Map();
  const self = (globalThis.meter = {
    /** Bytes and packets received, packets lost, packets sent, frames decoded. */
    totals: Object.fromEntries(KINDS.map((kind) => [kind, { bytes: 0, received: 0, lost: 0, sent: 0, frames: 0 }])),
    /** The times at which more bytes had arrived than before, and how many in total. */
    arrivals: Object.fromEntries(KINDS.map((kind) => [kind, []])),
    /** State changes of connections, and network events of the browser. */
    events: [],
  });
  const note = (what, link) => self.events.push({ at: Date.now(), what, link });

  const Original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      const number = links.push(this) - 1;
      note('created', number);
      this.addEventListener('connectionstatechange', () => note(this.connectionState, number));
      this.addEventListener('iceconnectionstatechange', () => note(`ice ${this.iceConnectionState}`, number));
    }
  };
  Object.defineProperty(globalThis.RTCPeerConnection, 'name', { value: 'RTCPeerConnection' });
  for (const what of ['online', 'offline']) addEventListener(what, () => note(what));
  navigator.connection?.addEventListener('change', () => note('connection change'));

  const open = () => links.filter((link) => link.signalingState !== 'closed');

  /** Adds the growth of a counter, because each connection counts from zero. */
  const addGrowth = (total, name, key, value = 0) => {
    const before = seen.get(key) ?? 0;
    seen.set(key, value);
    total[name] += Math.max(0, value - before);
  };

  const read = async (link) => {
    const number = links.indexOf(link);
    for (const report of (await link.getStats()).values()) {
      const total = self.totals[report.kind];
      const add = (name, value) => addGrowth(total, name, `${number} ${report.id} ${name}`, value);
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
    // In Firefox, getStats of a connection that is closed in the meantime may never settle.
    const all = Promise.allSettled(open().map(read));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 500))]);
    for (const kind of KINDS) {
      const [arrivals, { bytes }] = [self.arrivals[kind], self.totals[kind]];
      if (bytes > (arrivals.at(-1)?.bytes ?? 0)) arrivals.push({ at: Date.now(), bytes });
    }
    setTimeout(sample, 50);
  };
  sample();

  /** How many bytes of a kind had arrived by a time. */
  const bytesAt = (kind, time) => self.arrivals[kind].findLast(({ at }) => at <= time)?.bytes ?? 0;

  /** The time at which audio and video had both arrived since `since`, 2 kB together; undefined before that. */
  self.mediaSince = (since) => {
    const grown = (time) => KINDS.map((kind) => bytesAt(kind, time) - bytesAt(kind, since));
    const isBack = ([audio, video]) => audio > 0 && video > 0 && audio + video >= 2000;
    const later = KINDS.flatMap((kind) => self.arrivals[kind].map(({ at }) => at)).filter((at) => at > since);
    return later.sort((one, other) => one - other).find((at) => isBack(grown(at)));
  };

  /** The longest time between two arrivals of one kind, between two times. */
  self.gap = (from, to = Date.now()) => {
    const gaps = KINDS.flatMap((kind) => {
      const times = self.arrivals[kind].map(({ at }) => at).filter((at) => at > from && at < to);
      return [...times, to].map((at, index) => at - (times[index - 1] ?? from));
    });
    return Math.max(...gaps);
  };

  /** The selected candidate pair: `{ local, remote, protocol, relayProtocol, rtt }`, `rtt` in ms. */
  self.selectedPair = async () => {
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
