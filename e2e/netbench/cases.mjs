// What is done to the network, what is measured, and how much is allowed.
//
// `row` is the fault that a figure belongs to: F2 a way to the server that is silent, F4 a server that
// starts anew, F20 a network that is away for a moment, F21 for long, F22 another interface, F23 a relay
// whose credentials have expired, F31 a bad line. Some belong to none.

import { SIGNALING, TURN_SECRET, TURN_URLS } from './services.mjs';

const SECOND = 1000;
/** Long enough to see that something does not come back at all. */
const LONG = 30 * SECOND;
/**
 * What may lie between two arrivals of media that flows: pictures come 20 times a second, the meter
 * looks as often, and a busy machine is late with both.
 */
const FLOWING = 500;
const RELAY = { urls: TURN_URLS, secret: TURN_SECRET };

/** `run(scene, measured, options)` writes into `measured`, by name, a number for each of the figures. */
export const CASES = {
  facts: {
    title: 'what the bench says it does to the network is what the browsers measure',
    figures: {
      'error of the round trip': { row: '-', budget: 25 },
      // A thousand packets in either direction: four times the standard deviation.
      'error of the loss': { row: '-', budget: 5.1, unit: '%' },
      'disconnected after': { row: '-', budget: 10 * SECOND },
    },
    run: facts,
  },
  'T-N1': blackout(3, { row: 'F20', budget: 1 * SECOND }),
  'T-N2': blackout(8, { row: 'F20', budget: 1 * SECOND }),
  'T-N3': blackout(30, { row: 'F21', budget: 3 * SECOND }),
  'T-N4': {
    title: 'one interface comes up, the other goes down, and nothing says so',
    figures: { 'media gap': { row: 'F22', budget: 10 * SECOND } },
    run: (scene, measured) => interfaceSwitch(scene, measured, unannounced),
  },
  'T-N4e': {
    title: 'one interface goes down, another comes up, and the page hears of it',
    figures: { 'media gap': { row: 'F22', budget: 3 * SECOND } },
    run: (scene, measured) => interfaceSwitch(scene, measured, announced),
  },
  'T-N5': {
    title: 'UDP is blocked, there is a relay by TCP',
    figures: { 'media from joining': { row: '-', budget: 5 * SECOND } },
    run: blockedUdp,
  },
  'T-N6': {
    title: '20 % loss, round trip 200 ms, jitter 50 ms, for 20 s',
    figures: { 'audio lost': { row: 'F31', budget: 30, unit: '%' } },
    run: rough,
  },
  'T-N7': {
    title: 'only the way to the server is blocked',
    figures: { 'media gap': { row: 'F2', budget: FLOWING }, 'back with the server': { row: 'F2', budget: 10 * SECOND } },
    run: blockedSignaling,
  },
  'T-N8': {
    title: 'the server is killed, and there again after 5 s',
    figures: { 'media gap': { row: 'F4', budget: FLOWING }, 'back with the server': { row: 'F4', budget: 3 * SECOND } },
    run: killedServer,
  },
  F23: {
    title: 'a blackout of 30 s on a relay whose credentials have expired',
    figures: { 'media back': { row: 'F23', budget: 3 * SECOND } },
    run: expiredCredentials,
  },
};

function blackout(seconds, { row, budget }) {
  return {
    title: `one is cut off for ${seconds} s`,
    figures: { 'media back': { row, budget } },
    async run(scene, measured, { run }) {
      await steadyCall(scene);
      measured['media back'] = await cutOff(scene, seconds, run);
      await scene.assertTogether();
    },
  };
}

/** A call that has run for a while: bandwidth is found, candidates are tried. */
async function steadyCall(scene, ...options) {
  await scene.call(...options);
  await hold(3 * SECOND);
}

/** Who joined and who waited take turns to be cut off. */
async function cutOff(scene, seconds, run) {
  const port = run % 2 === 1 ? 'a0' : 'b0';
  await scene.network.cut(port);
  await hold(seconds * SECOND);
  return scene.mediaBack(await scene.network.restore(port), LONG);
}

async function facts(scene, measured) {
  await steadyCall(scene);
  measured['disconnected after'] = await timeToDisconnected(scene);
  await scene.connected(LONG);
  // On top of 50 ms: 75 ms more on each of Ann's lines.
  await scene.network.both('a0', { delay: 87.5, loss: 0.2 });
  const lost = await audioLost(scene, 20 * SECOND);
  measured['error of the loss'] = Math.max(...lost.map((percent) => Math.abs(percent - 20)));
  const ways = await scene.each((person) => person.run(() => globalThis.meter.way()));
  measured['error of the round trip'] = Math.max(...ways.map(({ rtt }) => Math.abs(rtt - 200)));
}

/**
 * How long both browsers take to notice that nothing comes any more. Of a whole cut the call would
 * hear from its server too, and act on it.
 */
async function timeToDisconnected(scene) {
  const since = Date.now();
  await scene.network.both('a0', { block: [{ protocol: 'udp' }] });
  const times = await scene.disconnected(since, LONG);
  await scene.network.restore('a0');
  if (Math.min(...times) < 4 * SECOND) throw new Error(`a connection was lost ${Math.min(...times)} ms after the cut`);
  return Math.max(...times);
}

/** Percent of the packets of sound that one has sent and the other has not got, in both directions. */
async function audioLost(scene, milliseconds) {
  const count = () => scene.each((person) => person.run(() => ({ ...globalThis.meter.totals.audio })));
  const before = await count();
  await hold(milliseconds);
  const after = await count();
  const grown = (index, name) => after[index][name] - before[index][name];
  return [[0, 1], [1, 0]].map(([from, to]) => 100 * (1 - grown(to, 'received') / grown(from, 'sent')));
}

async function interfaceSwitch(scene, measured, change) {
  await steadyCall(scene);
  const since = Date.now();
  await change(scene);
  await hold(SECOND / 2); // What was on its way is not what comes by the new one.
  await scene.mediaBack(Date.now(), LONG);
  measured['media gap'] = await scene.gap(since);
  await scene.assertTogether();
}

async function unannounced({ network }) {
  await network.plug('a1');
  await network.unplug('a0');
}

/** Where the browser itself does not notice, the page is told in its place. */
async function announced({ network, a }) {
  await network.unplug('a0');
  await hold(SECOND / 2);
  const since = Date.now();
  await network.plug('a1');
  await hold(SECOND / 5);
  await a.run((since) => {
    const noticed = globalThis.meter.events.some(({ at, what }) => at >= since && what === 'online');
    if (!noticed) globalThis.dispatchEvent(new Event('online'));
  }, since);
}

async function blockedUdp(scene, measured) {
  await scene.startTurn();
  await scene.network.both('a0', { block: [{ protocol: 'udp' }] });
  measured['media from joining'] = await scene.call(relayed, { ...RELAY, seconds: 3600 });
  const way = await scene.a.until(5 * SECOND, 'the chosen way', () => globalThis.meter.way());
  if (way.local !== 'relay') throw new Error(`media goes from a candidate of kind ${way.local}`);
}

/**
 * Runs in the page: options for a relay. The credentials are made here in the place of a server, once
 * or, where the call may come for new ones (`renewed`), whenever it does.
 */
async function relayed({ urls, secret, seconds, renewed = false, iceTransportPolicy = 'all' }) {
  const bytes = (text) => new TextEncoder().encode(text);
  const iceServers = async () => {
    const username = `${Math.floor(Date.now() / 1000) + seconds}:netbench`;
    const key = await crypto.subtle.importKey('raw', bytes(secret), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
    const signature = await crypto.subtle.sign('HMAC', key, bytes(username));
    return [{ urls, username, credential: btoa(String.fromCharCode(...new Uint8Array(signature))) }];
  };
  return { iceServers: renewed ? iceServers : await iceServers(), iceTransportPolicy };
}

async function rough(scene, measured) {
  await steadyCall(scene);
  const since = Date.now();
  await scene.network.both('a0', { delay: 87.5, jitter: 50, loss: 0.2 });
  measured['audio lost'] = Math.max(...(await audioLost(scene, 20 * SECOND)));
  await scene.network.restore('a0');
  await scene.assertTogether();
  await assertSameLinks(scene, since);
}

async function assertSameLinks(scene, since) {
  const made = await scene.each((person) => person.run((since) => globalThis.meter.events.some(({ at, what }) => at > since && what === 'made'), since));
  if (made.includes(true)) throw new Error('a connection was made anew');
}

async function blockedSignaling(scene, measured, { blocked }) {
  await steadyCall(scene);
  const block = [{ protocol: 'tcp', port: SIGNALING.port }];
  const since = Date.now();
  for (const port of ['a0', 'b0']) await scene.network.both(port, { block });
  await hold(blocked * SECOND);
  measured['media gap'] = await scene.gap(since);
  for (const port of ['a0', 'b0']) await scene.network.restore(port);
  await comesBack(scene, measured, since, Date.now());
}

async function killedServer(scene, measured) {
  await steadyCall(scene);
  const since = Date.now();
  await scene.killServer();
  await hold(5 * SECOND);
  measured['media gap'] = await scene.gap(since);
  await comesBack(scene, measured, since, await scene.startServer());
}

/** The server is back: both are with it again, and nobody has seen or heard a thing of it. */
async function comesBack(scene, measured, since, back) {
  measured['back with the server'] = await scene.signalingBack(back, LONG);
  await hold(SECOND);
  measured['media gap'] = await scene.gap(since);
  await scene.assertTold();
  await scene.assertTogether();
}

async function expiredCredentials(scene, measured, { run }) {
  await scene.startTurn();
  await steadyCall(scene, relayed, { ...RELAY, seconds: 20, renewed: true, iceTransportPolicy: 'relay' });
  await hold(20 * SECOND);
  measured['media back'] = await cutOff(scene, 30, run);
  await scene.assertTogether();
}

/** The time during which the network is as it is now. */
function hold(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
