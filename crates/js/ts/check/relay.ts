import { failed, type Finding } from './result.js';

/** Like a call: packets of one kilobyte, 50 in a second (400 kbit/s), for two seconds. */
const PACKET_BYTES = 1000;
const INTERVAL_MS = 20;
const PACKETS = 100;
/** How long the last packets may take, in milliseconds. */
const GRACE_MS = 500;
/** With more loss than this, in percent, calls are bad. */
const MAX_LOSS = 10;

/** Sends data through a TURN server to another connection of this page and back. */
export async function checkRelay(server: RTCIceServer, limit: number): Promise<Finding> {
  const configuration: RTCConfiguration = { iceServers: [server], iceTransportPolicy: 'relay' };
  const [near, far] = [new RTCPeerConnection(configuration), new RTCPeerConnection(configuration)];
  try {
    const channel = await connect(near, far, limit);
    if (!channel) {
      const help = 'The TURN server answers but passes nothing on. Please tell the people who run this page.';
      return failed('timed-out', `no data channel through ${String(server.urls)} within ${limit} ms`, help);
    }
    const rate = await measure(channel);
    if (rate.lossPercent <= MAX_LOSS) return { state: 'passed', rate };
    const help = 'Much of what is sent gets lost. Move closer to the router, or try a cable or another network.';
    return { ...failed('too-lossy', `${rate.lossPercent} % lost`, help), rate };
  } finally {
    near.close();
    far.close();
  }
}

/** Connects two connections of this page; the far one sends back whatever it receives. */
async function connect(near: RTCPeerConnection, far: RTCPeerConnection, limit: number): Promise<RTCDataChannel | undefined> {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.onicecandidate = ({ candidate }) => void to.addIceCandidate(candidate ?? undefined).catch(() => {});
  }
  far.ondatachannel = ({ channel }) => {
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({ data }) => channel.send(data as ArrayBuffer);
  };
  // Like media: what is lost is not sent again.
  const channel = near.createDataChannel('check', { ordered: false, maxRetransmits: 0 });
  channel.binaryType = 'arraybuffer';
  const opened = new Promise<RTCDataChannel | undefined>((resolve) => {
    channel.onopen = () => resolve(channel);
    setTimeout(() => resolve(undefined), limit);
  });
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription!);
  await far.setLocalDescription();
  await near.setRemoteDescription(far.localDescription!);
  return opened;
}

async function measure(channel: RTCDataChannel): Promise<NonNullable<Finding['rate']>> {
  const trips: number[] = [];
  channel.onmessage = ({ data }) => trips.push(performance.now() - new Float64Array(data as ArrayBuffer)[0]!);
  const packet = new Float64Array(PACKET_BYTES / 8);
  const start = performance.now();
  for (let sent = 0; sent < PACKETS; sent += 1) {
    packet[0] = performance.now();
    channel.send(packet);
    await pause(INTERVAL_MS);
  }
  const seconds = (performance.now() - start) / 1000;
  for (const end = performance.now() + GRACE_MS; trips.length < PACKETS && performance.now() < end;) await pause(INTERVAL_MS);
  trips.sort((a, b) => a - b);
  return {
    kbps: Math.round((trips.length * PACKET_BYTES * 8) / seconds / 1000),
    lossPercent: Math.round((1 - trips.length / PACKETS) * 100),
    roundTripMs: Math.round(trips[Math.floor(trips.length / 2)] ?? 0),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
