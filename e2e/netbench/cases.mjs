// The cases: what happens to the network, what is measured, and the budgets.
//
// `row` is the row of the fault matrix (xtask/src/faults/rows.rs) that a figure belongs to, or `-`.

import { SIGNALING, TURN_SECRET, TURN_URLS } from './services.mjs';

const SECOND = 1000;
/** After this time, something does not come back at all. */
const LONG = 30 * SECOND;
/**
 * The longest gap in media without an interruption: frames arrive 20 times a second, the meter reads as often, and a busy machine
 * delays both.
 */
const FLOWING = 500;
const TURN = { urls: TURN_URLS, secret: TURN_SECRET };

/** `run(testbed, measured, options)` writes a number for each of the figures into `measured`. */
export const CASES = {
  facts: {
    title: 'check of the benchmark: the browsers measure the simulated delay and loss',
    figures: {
      'error of the round trip': { row: '-', budget: 25 },
      // Four standard deviations, for a thousand packets in each direction.
      'error of the loss': { row: '-', budget: 5.1, unit: '%' },
      'disconnected after': { row: '-', budget: 10 * SECOND },
    },
    run: facts,
  },
  'T-N1': blackout(3, { row: 'F20', budget: 1 * SECOND }),
  'T-N2': blackout(8, { row: 'F20', budget: 1 * SECOND }),
  'T-N3': blackout(30, { row: 'F21', budget: 3 * SECOND }),
  'T-N4': {
    title: 'network interface replaced, without an event in the page',
    figures: { 'media gap': { row: 'F22', budget: 10 * SECOND } },
    run: (testbed, measured) => interfaceSwitch(testbed, measured, unannounced),
  },
  'T-N4e': {
    title: 'network interface replaced, with an event in the page',
    figures: { 'media gap': { row: 'F22', budget: 3 * SECOND } },
    run: (testbed, measured) => interfaceSwitch(testbed, measured, announced),
  },
  'T-N5': {
    title: 'UDP blocked, TURN over TCP available',
    figures: { 'media from joining': { row: '-', budget: 5 * SECOND } },
    run: blockedUdp,
  },
  NAT1: {
    title: 'both behind port-restricted NATs, a direct path by STUN of our server',
    figures: { 'media from joining': { row: '-', budget: 5 * SECOND } },
    run: (testbed, measured) => behindNats(testbed, measured, { kind: 'port-restricted', path: 'direct' }),
  },
  NAT2: {
    title: 'both behind symmetric NATs, TURN of our server over UDP',
    figures: { 'media from joining': { row: '-', budget: 5 * SECOND } },
    run: (testbed, measured) => behindNats(testbed, measured, { kind: 'symmetric', path: 'udp' }),
  },
  NAT3: {
    title: 'both behind symmetric NATs, UDP blocked for the one who joins: TURN of our server over TCP',
    figures: { 'media from joining': { row: '-', budget: 5 * SECOND } },
    run: (testbed, measured) => behindNats(testbed, measured, { kind: 'symmetric', path: 'tcp', block: [{ protocol: 'udp' }] }),
  },
  NAT4: {
    title: 'TURN credentials renewed by our server during a call of more than their life',
    figures: { 'new relay': { row: '-', budget: 2 * SECOND }, 'media gap': { row: '-', budget: FLOWING } },
    run: renewedByServer,
  },
  'T-N6': {
    title: '20 % loss, round trip 200 ms, jitter 50 ms, for 20 s',
    figures: { 'audio lost': { row: 'F31', budget: 30, unit: '%' } },
    run: badLine,
  },
  'T-N7': {
    title: 'only the connection to the server blocked',
    figures: { 'media gap': { row: 'F2', budget: FLOWING }, 'back with the server': { row: 'F2', budget: 10 * SECOND } },
    run: blockedSignaling,
  },
  'T-N8': {
    title: 'server killed, and started again after 5 s',
    figures: { 'media gap': { row: 'F4', budget: FLOWING }, 'back with the server': { row: 'F4', budget: 3 * SECOND } },
    run: killedServer,
  },
  F23: {
    title: 'blackout of 30 s on a TURN connection whose credentials have expired',
    figures: { 'media back': { row: 'F23', budget: 3 * SECOND } },
    run: expiredCredentials,
  },
};

function blackout(seconds, { row, budget }) {
  return {
    title: `blackout of ${seconds} s for one participant`,
    figures: { 'media back': { row, budget } },
    async run(testbed, measured, { run }) {
      await settledCall(testbed);
      measured['media back'] = await cutOff(testbed, seconds, run);
      await testbed.assertTogether();
    },
  };
}

/** Starts a call and lets it settle: bandwidth is estimated, candidate pairs are checked. */
async function settledCall(testbed, ...options) {
  await testbed.call(...options);
  await hold(3 * SECOND);
}

/** Cuts off one participant: Ann in odd runs, Bob in even ones. */
async function cutOff(testbed, seconds, run) {
  const port = run % 2 === 1 ? 'a0' : 'b0';
  await testbed.network.cut(port);
  await hold(seconds * SECOND);
  return testbed.mediaBack(await testbed.network.restore(port), LONG);
}

async function facts(testbed, measured) {
  await settledCall(testbed);
  measured['disconnected after'] = await timeToDisconnected(testbed);
  await testbed.connected(LONG);
  // 75 ms more on each of Ann's lines, on top of the round trip of 50 ms.
  await testbed.network.both('a0', { delay: 87.5, loss: 0.2 });
  const lost = await audioLost(testbed, 20 * SECOND);
  measured['error of the loss'] = Math.max(...lost.map((percent) => Math.abs(percent - 20)));
  const pairs = await testbed.each((participant) => participant.run(() => globalThis.meter.selectedPair()));
  measured['error of the round trip'] = Math.max(...pairs.map(({ rtt }) => Math.abs(rtt - 200)));
}

/**
 * How long both browsers take to report `disconnected`. Only UDP is blocked, because the call would react to the loss of its
 * server.
 */
async function timeToDisconnected(testbed) {
  const since = Date.now();
  await testbed.network.both('a0', { block: [{ protocol: 'udp' }] });
  const times = await testbed.disconnected(since, LONG);
  await testbed.network.restore('a0');
  if (Math.min(...times) < 4 * SECOND) throw new Error(`a connection was disconnected only ${Math.min(...times)} ms after the cut`);
  return Math.max(...times);
}

/** Percent of the audio packets sent by one participant that the other does not receive, for both directions. */
async function audioLost(testbed, milliseconds) {
  const count = () => testbed.each((participant) => participant.run(() => ({ ...globalThis.meter.totals.audio })));
  const before = await count();
  await hold(milliseconds);
  const after = await count();
  const grown = (index, name) => after[index][name] - before[index][name];
  return [[0, 1], [1, 0]].map(([from, to]) => 100 * (1 - grown(to, 'received') / grown(from, 'sent')));
}

async function interfaceSwitch(testbed, measured, change) {
  await settledCall(testbed);
  const since = Date.now();
  await change(testbed);
  await hold(SECOND / 2); // Packets in transit must not count as arrivals over the new interface.
  await testbed.mediaBack(Date.now(), LONG);
  measured['media gap'] = await testbed.gap(since);
  await testbed.assertTogether();
}

async function unannounced({ network }) {
  await network.up('a1');
  await network.down('a0');
}

/** If the browser itself does not notice, the page gets the event from here. */
async function announced({ network, a }) {
  await network.down('a0');
  await hold(SECOND / 2);
  const since = Date.now();
  await network.up('a1');
  await hold(SECOND / 5);
  await a.run((since) => {
    const noticed = globalThis.meter.events.some(({ at, what }) => at >= since && what === 'online');
    if (!noticed) globalThis.dispatchEvent(new Event('online'));
  }, since);
}

async function blockedUdp(testbed, measured) {
  await testbed.startTurn();
  await testbed.network.both('a0', { block: [{ protocol: 'udp' }] });
  measured['media from joining'] = await testbed.call(withTurn, { ...TURN, seconds: 3600 });
  const pair = await testbed.a.until(5 * SECOND, 'the selected candidate pair', () => globalThis.meter.selectedPair());
  if (pair.local !== 'relay') throw new Error(`media uses a candidate of type ${pair.local}`);
}

/**
 * Runs in the page: returns options with a TURN server. The credentials are created here instead of on a server: once or, with
 * `renewed`, whenever the call asks for them.
 */
async function withTurn({ urls, secret, seconds, renewed = false, iceTransportPolicy = 'all' }) {
  const bytes = (text) => new TextEncoder().encode(text);
  const iceServers = async () => {
    const username = `${Math.floor(Date.now() / 1000) + seconds}:netbench`;
    const key = await crypto.subtle.importKey('raw', bytes(secret), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
    const signature = await crypto.subtle.sign('HMAC', key, bytes(username));
    return [{ urls, username, credential: btoa(String.fromCharCode(...new Uint8Array(signature))) }];
  };
  return { iceServers: renewed ? iceServers : await iceServers(), iceTransportPolicy };
}

/** A call between two NATs with no other ICE servers than those that our server offers. */
async function behindNats(testbed, measured, { kind, path, block = [] }) {
  await testbed.restartServer('--turn', '3478');
  await putBehindNats(testbed, kind);
  await testbed.network.both('a0', { block });
  measured['media from joining'] = await testbed.call();
  const pairs = await selectedPairs(testbed);
  const relays = pairs.flatMap(({ local, remote }) => [local, remote]).filter((type) => type === 'relay');
  if ((path === 'direct') !== (relays.length === 0)) throw new Error(`media uses ${JSON.stringify(pairs)}`);
  if (path === 'tcp' && pairs[0].relayProtocol !== 'tcp') throw new Error(`media uses ${JSON.stringify(pairs[0])}`);
}

async function putBehindNats({ network }, kind) {
  for (const port of ['a0', 'b0']) await network.nat(port, kind);
}

function selectedPairs(testbed) {
  return testbed.each((participant) => participant.until(5 * SECOND, 'the selected candidate pair', () => globalThis.meter.selectedPair()));
}

/** The credentials with which the call began have expired, and its connection has others that are valid. */
async function renewedByServer(testbed, measured) {
  await testbed.restartServer('--turn', '3478', '--turn-ttl', '20');
  await putBehindNats(testbed, 'symmetric');
  await settledCall(testbed);
  const since = Date.now();
  await hold(25 * SECOND);
  measured['media gap'] = await testbed.gap(since);
  measured['new relay'] = Math.max(...(await testbed.each((participant) => participant.run(timeToRelay))));
  await testbed.assertTogether();
}

/** Runs in the page: the milliseconds until the ICE servers of the call have given a relay. */
async function timeToRelay() {
  const [{ iceServers }] = globalThis.__e2e.connections().map((link) => link.getConfiguration());
  const link = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
  const start = performance.now();
  const relay = new Promise((resolve, reject) => {
    link.addEventListener('icecandidate', ({ candidate }) => (candidate ? resolve() : reject(new Error('no relay'))));
  });
  link.createDataChannel('relay');
  await link.setLocalDescription();
  await relay.finally(() => link.close());
  return performance.now() - start;
}

async function badLine(testbed, measured) {
  await settledCall(testbed);
  const since = Date.now();
  await testbed.network.both('a0', { delay: 87.5, jitter: 50, loss: 0.2 });
  measured['audio lost'] = Math.max(...(await audioLost(testbed, 20 * SECOND)));
  await testbed.network.restore('a0');
  await testbed.assertTogether();
  await assertSameLinks(testbed, since);
}

async function assertSameLinks(testbed, since) {
  const created = await testbed.each((participant) => participant.run((since) => globalThis.meter.events.some(({ at, what }) => at > since && what === 'created'), since));
  if (created.includes(true)) throw new Error('a connection was replaced');
}

async function blockedSignaling(testbed, measured, { blocked }) {
  await settledCall(testbed);
  const block = [{ protocol: 'tcp', port: SIGNALING.port }];
  const since = Date.now();
  for (const port of ['a0', 'b0']) await testbed.network.both(port, { block });
  await hold(blocked * SECOND);
  measured['media gap'] = await testbed.gap(since);
  for (const port of ['a0', 'b0']) await testbed.network.restore(port);
  await signalingReturns(testbed, measured, since, Date.now());
}

async function killedServer(testbed, measured) {
  await settledCall(testbed);
  const since = Date.now();
  await testbed.killServer();
  await hold(5 * SECOND);
  measured['media gap'] = await testbed.gap(since);
  await signalingReturns(testbed, measured, since, await testbed.startServer());
}

/** Both participants connect to the server again, and media had no gap. */
async function signalingReturns(testbed, measured, since, back) {
  measured['back with the server'] = await testbed.signalingBack(back, LONG);
  await hold(SECOND);
  measured['media gap'] = await testbed.gap(since);
  await testbed.assertSignalingWorks();
  await testbed.assertTogether();
}

async function expiredCredentials(testbed, measured, { run }) {
  await testbed.startTurn();
  await settledCall(testbed, withTurn, { ...TURN, seconds: 20, renewed: true, iceTransportPolicy: 'relay' });
  await hold(20 * SECOND);
  measured['media back'] = await cutOff(testbed, 30, run);
  await testbed.assertTogether();
}

/** Waits while the network stays as it is. */
function hold(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
