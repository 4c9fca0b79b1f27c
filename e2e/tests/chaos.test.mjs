// Random orders of what a page can do with a call, against a browser and a server that take their
// time or misbehave: there is never more than one link to a person nor more than one socket, and
// nothing is left when all is over. VIDEOCALLS_CHAOS says how many orders, VIDEOCALLS_SEED which
// is the first, VIDEOCALLS_FAULT_PROXY where the fault proxy is.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startProgram, startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const ORDERS = Number(process.env.VIDEOCALLS_CHAOS ?? 20);
const SEED = Number(process.env.VIDEOCALLS_SEED ?? 1);

/** What a server may do meanwhile; each is over in the end, or ends the call. */
const MODES = [
  'happy',
  'dup_all',
  'drop_nth',
  'reorder',
  'drop_when_connected',
  'close_when_connected',
  'close_before_join',
  'retry_after',
  'half_open',
  'kick_after',
  'room_full',
  'garbage_json',
  'answer_twice',
  'candidate_first',
];

/** What the console says of sockets that fail, which is part of the game. */
const SOCKET_FAILED = /WebSocket connection to/;

/** Runs in the page: a random order of doings, each after a random wait, and what was seen meanwhile. */
async function disorder(seed, options) {
  const probe = globalThis.__e2e;
  // mulberry32: small, and the same everywhere.
  let state = seed;
  const random = (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
  const nap = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const { initializeVideoCall, endCall, toggleTrack } = globalThis.api;

  probe.beforeCapture = () => nap(random(120));
  probe.afterCapture = () => nap(random(120));
  const done = [];
  const wrong = [];
  const calls = new Set();
  const codes = new Set();
  let aborter = new AbortController();

  const start = () => {
    if (aborter.signal.aborted) aborter = new AbortController();
    const started = initializeVideoCall({ ...options, signal: aborter.signal, reconnect: 5, errorHandler: () => {} });
    started.then(
      (call) => calls.add(call),
      (error) => {
        codes.add(error.code);
        if (error.name !== 'VideoCallError') wrong.push(`rejected with ${error}`);
      },
    );
    return started;
  };
  const one = () => [...calls][random(Math.max(calls.size, 1))];
  const kinds = ['audio', 'video'];
  const doings = {
    start,
    'start again': start,
    'start and wait': () => start().catch(() => {}),
    'second start': () => (start(), start()),
    endCall,
    'end of a call': () => one()?.endCall(),
    toggle: () => toggleTrack(kinds[random(2)], [true, false, undefined][random(3)]),
    'toggle of a call': () => one()?.toggleTrack(kinds[random(2)]),
    abort: () => aborter.abort(),
    read: () => one()?.participants.map(({ stream }) => stream?.getTracks()),
    startAudio: () => one()?.startAudio(),
  };
  const waits = {
    'at once': () => {},
    'in a microtask': () => Promise.resolve(),
    'in a task': () => nap(0),
    'soon': () => nap(random(40)),
    later: () => nap(random(400)),
    'when a socket is made': () => made('sockets'),
    'when devices are asked for': () => made('captures'),
    'when a link is made': () => made('links'),
  };
  const made = async (thing) => {
    const before = probe.made[thing];
    for (const end = performance.now() + 300; probe.made[thing] === before && performance.now() < end; ) await nap(1);
  };

  let over = false;
  const watch = (async () => {
    let [crowded, peers] = [0, 0];
    while (!over) {
      const { sockets } = probe.holdings();
      const leading = probe.connections().filter((link) => link.connectionState === 'connected').length;
      // A call that ends says goodbye while the next one begins already.
      crowded = sockets > 1 ? crowded + 1 : 0;
      peers = leading > 1 ? peers + 1 : 0;
      if (crowded === 100) wrong.push(`${sockets} sockets for a second`);
      if (peers === 100) wrong.push(`${leading} links to one person for a second`);
      await nap(10);
    }
  })();

  const pick = (table) => Object.entries(table)[random(Object.keys(table).length)];
  for (let step = 0; step < 12; step += 1) {
    const [[when, wait], [what, doing]] = [pick(waits), pick(doings)];
    done.push(`${when}: ${what}`);
    await wait();
    try {
      const outcome = doing();
      outcome?.catch?.(() => {});
      if (what === 'start and wait') await outcome;
    } catch (error) {
      wrong.push(`${what} threw ${error}`);
    }
  }
  await nap(random(500));
  endCall();
  aborter.abort();
  calls.forEach((call) => call.endCall());
  over = true;
  await watch;

  const began = performance.now();
  const held = () => Object.values(probe.holdings()).reduce((sum, count) => sum + count, 0);
  while (held() > 0 && performance.now() - began < 3000) await nap(5);
  const released = performance.now() - began;
  await nap(300);
  if (held() > 0) wrong.push(`left over: ${JSON.stringify(probe.holdings())}`);
  for (const call of calls) if (call.state !== 'ended') wrong.push(`a call is ${call.state} after its end`);
  return { done, wrong, released, codes: [...codes] };
}

describe('random orders', () => {
  const scene = fixtures();
  let server;
  let faults;
  let site;

  before(async () => {
    server = await startServer();
    scene.defer(() => server.stop());
    const binary = process.env.VIDEOCALLS_FAULT_PROXY;
    if (binary) {
      faults = await startProgram(binary, ['--listen', '127.0.0.1:0', '--seat-grace', '5']);
      scene.defer(() => faults.stop());
    }
    site = await callSite();
    scene.defer(() => site.stop());
  });

  /** The server that misbehaves takes turns, where there is one. */
  const options = (seed) => {
    const mode = MODES[seed % MODES.length];
    const [where, room] = faults ? [faults, `fault-${mode}-${freshRoom()}`] : [server, freshRoom()];
    return { signaling: where.socket('/rooms'), room };
  };

  test(`${ORDERS} orders, beginning with ${SEED}: one link, one socket, and nothing left`, { timeout: 60_000 + ORDERS * 30_000 }, async () => {
    const page = await prepare(await scene.open(scene.browser('chromium', ann), site.origin));
    const other = await prepare(await scene.open(scene.browser('chromium', bob), site.origin));
    for (const one of [page, other]) one.expectFault(SOCKET_FAILED);
    const codes = new Set();
    let slowest = 0;
    for (let seed = SEED; seed < SEED + ORDERS; seed += 1) {
      const said = options(seed);
      // Where the server lets someone in, somebody is there.
      const there = other.run((options) => globalThis.start({ ...options, reconnect: 2 }), said);
      const { done, wrong, released, codes: met } = await page.run(disorder, seed, said);
      assert.deepEqual(wrong, [], `order ${seed} in ${said.room}:\n${done.join('\n')}`);
      assert.ok(released <= limit(500), `order ${seed} in ${said.room}: released after ${released} ms:\n${done.join('\n')}`);
      slowest = Math.max(slowest, released);
      met.forEach((code) => codes.add(code));
      await other.run(() => globalThis.api.endCall());
      await there;
      await other.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(3000, 'the other to be done'));
      for (const one of [page, other]) await one.assertClean();
    }
    console.log(`${ORDERS} orders: slowest release ${Math.round(slowest)} ms, met ${[...codes]}`);

    // Whatever has been, a call is possible afterwards.
    await page.run(() => {
      globalThis.__e2e.beforeCapture = globalThis.__e2e.afterCapture = null;
    });
    const plain = { signaling: server.socket('/rooms'), room: freshRoom() };
    for (const one of [page, other]) await one.run((options) => globalThis.start(options), plain);
    await inCall(page, other, '#remoteVideoElement');
  });
});
