// Random sequences of what a page can do with a call, with a slow browser and a server that misbehaves: there is
// never more than one link to a participant nor more than one socket, and everything is released at the end.
// VIDEOCALLS_CHAOS is the number of sequences, VIDEOCALLS_SEED the first of them, VIDEOCALLS_FAULT_PROXY the
// fault proxy.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startProgram, startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const SEQUENCES = Number(process.env.VIDEOCALLS_CHAOS ?? 20);
const SEED = Number(process.env.VIDEOCALLS_SEED ?? 1);

/** Modes of the fault proxy. Each of them passes, or ends the call. */
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

/** What browsers write to the console when a WebSocket fails. */
const SOCKET_FAILED = /WebSocket connection to/;

/** Runs in the page: random actions, each after a random wait; resolves to what was done and what went wrong. */
async function randomActions(seed, options) {
  const probe = globalThis.__e2e;
  // mulberry32, a small random generator that gives the same numbers everywhere.
  let state = seed;
  const random = (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const { initializeVideoCall, endCall, toggleTrack } = globalThis.api;

  probe.beforeCapture = () => pause(random(120));
  probe.afterCapture = () => pause(random(120));
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
  const anyCall = () => [...calls][random(Math.max(calls.size, 1))];
  const kinds = ['audio', 'video'];
  const actions = {
    start,
    'start again': start,
    'start and wait': () => start().catch(() => {}),
    'second start': () => (start(), start()),
    endCall,
    'end of a call': () => anyCall()?.endCall(),
    toggle: () => toggleTrack(kinds[random(2)], [true, false, undefined][random(3)]),
    'toggle of a call': () => anyCall()?.toggleTrack(kinds[random(2)]),
    abort: () => aborter.abort(),
    read: () => anyCall()?.participants.map(({ stream }) => stream?.getTracks()),
    startAudio: () => anyCall()?.startAudio(),
  };
  const waits = {
    'at once': () => {},
    'in a microtask': () => Promise.resolve(),
    'in a task': () => pause(0),
    'soon': () => pause(random(40)),
    later: () => pause(random(400)),
    'when a socket is made': () => made('sockets'),
    'when devices are asked for': () => made('captures'),
    'when a link is made': () => made('links'),
  };
  const made = async (thing) => {
    const before = probe.made[thing];
    for (const end = performance.now() + 300; probe.made[thing] === before && performance.now() < end; ) await pause(1);
  };

  let over = false;
  const watch = (async () => {
    let [withTwoSockets, withTwoLinks] = [0, 0];
    while (!over) {
      const { sockets } = probe.holdings();
      const connected = probe.connections().filter((link) => link.connectionState === 'connected').length;
      // The socket of a call that ends may still be closing when the next call starts.
      withTwoSockets = sockets > 1 ? withTwoSockets + 1 : 0;
      withTwoLinks = connected > 1 ? withTwoLinks + 1 : 0;
      if (withTwoSockets === 100) wrong.push(`${sockets} sockets for a second`);
      if (withTwoLinks === 100) wrong.push(`${connected} links to one participant for a second`);
      await pause(10);
    }
  })();

  const pick = (table) => Object.entries(table)[random(Object.keys(table).length)];
  for (let step = 0; step < 12; step += 1) {
    const [[when, wait], [what, act]] = [pick(waits), pick(actions)];
    done.push(`${when}: ${what}`);
    await wait();
    try {
      const outcome = act();
      outcome?.catch?.(() => {});
      if (what === 'start and wait') await outcome;
    } catch (error) {
      wrong.push(`${what} threw ${error}`);
    }
  }
  await pause(random(500));
  endCall();
  aborter.abort();
  calls.forEach((call) => call.endCall());
  over = true;
  await watch;

  const began = performance.now();
  const held = () => Object.values(probe.holdings()).reduce((sum, count) => sum + count, 0);
  while (held() > 0 && performance.now() - began < 3000) await pause(5);
  const released = performance.now() - began;
  await pause(300);
  if (held() > 0) wrong.push(`left over: ${JSON.stringify(probe.holdings())}`);
  for (const call of calls) if (call.state !== 'ended') wrong.push(`a call is ${call.state} after its end`);
  return { done, wrong, released, codes: [...codes] };
}

describe('random sequences', () => {
  const fixtures = createFixtures();
  let server;
  let proxy;
  let site;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    const binary = process.env.VIDEOCALLS_FAULT_PROXY;
    if (binary) {
      proxy = await startProgram(binary, ['--listen', '127.0.0.1:0', '--seat-grace', '5']);
      fixtures.defer(() => proxy.stop());
    }
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  /** The next mode of the fault proxy; without a proxy, the server itself. */
  const options = (seed) => {
    const mode = MODES[seed % MODES.length];
    const [where, room] = proxy ? [proxy, `fault-${mode}-${freshRoom()}`] : [server, freshRoom()];
    return { signaling: where.socket('/rooms'), room };
  };

  test(`after each of ${SEQUENCES} sequences from ${SEED} on everything is released`, { timeout: 60_000 + SEQUENCES * 30_000 }, async () => {
    const page = await prepare(await fixtures.open(fixtures.browser('chromium', ann), site.origin));
    const other = await prepare(await fixtures.open(fixtures.browser('chromium', bob), site.origin));
    for (const one of [page, other]) one.expectFault(SOCKET_FAILED);
    const codes = new Set();
    let slowest = 0;
    for (let seed = SEED; seed < SEED + SEQUENCES; seed += 1) {
      const callOptions = options(seed);
      // Another participant is in the room if the server accepts one.
      const joining = other.run((options) => globalThis.start({ ...options, reconnect: 2 }), callOptions);
      const { done, wrong, released, codes: newCodes } = await page.run(randomActions, seed, callOptions);
      assert.deepEqual(wrong, [], `sequence ${seed} in ${callOptions.room}:\n${done.join('\n')}`);
      assert.ok(released <= limit(500), `sequence ${seed} in ${callOptions.room}: released after ${released} ms:\n${done.join('\n')}`);
      slowest = Math.max(slowest, released);
      newCodes.forEach((code) => codes.add(code));
      await other.run(() => globalThis.api.endCall());
      await joining;
      await other.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(3000, 'the other to release everything'));
      for (const one of [page, other]) await one.assertClean();
    }
    console.log(`${SEQUENCES} sequences: slowest release ${Math.round(slowest)} ms, errors ${[...codes]}`);

    // A call is possible afterwards.
    await page.run(() => {
      globalThis.__e2e.beforeCapture = globalThis.__e2e.afterCapture = null;
    });
    const lastCall = { signaling: server.socket('/rooms'), room: freshRoom() };
    for (const one of [page, other]) await one.run((options) => globalThis.start(options), lastCall);
    await inCall(page, other, '#remoteVideoElement');
  });
});
