// A server that misbehaves as the room's name says (docs/faults.md): what can be survived ends in a
// call, and what can't in an end that says why, holds nothing and does not try again.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startFaultProxy } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

/** What a browser writes to its console when a socket fails that a script has opened. */
const SOCKET_FAILED = /WebSocket|can.t establish a connection|connection to ws\S+ was interrupted/i;

/** The way to the server is lost and found: row, fault, and how long it may be away. */
const LOST = [
  ['F1', 'drop_when_connected~1000', 2000],
  ['F1', 'close_when_connected~1000', 2000],
  ['F2', 'half_open~1000', 2000],
  ['F2', 'no_pong', 2000],
  ['F4', 'restart', 3000],
  ['F4', 'deploy', 3000],
];

/**
 * What is said is wrong: row, fault, until both are connected, what is told of it. An offer that goes
 * with the link it was made for, since something before it was lost, is made again after 10 s.
 */
const WRONG = [
  ['F6', 'garbage_json', 3000, 'malformed-message'],
  ['F6', 'binary_garbage', 3000, 'malformed-message'],
  ['F6', 'unknown_type', 3000],
  ['F7', 'huge', 3000, 'message-too-large'],
  ['F8', 'dup_all', 3000],
  ['F8', 'drop_nth', 3000],
  ['F8', 'reorder', 3000],
  ['F8', 'answer_twice', 3000],
  ['F25', 'candidate_first', 5000],
  ['F24', 'glare', 5000],
];

/** Row, fault, the reason of the end, how long it may take, and how many sockets there may be. */
const FINAL = [
  ['F3', 'no_first_message', 'server-silent', 6000, 1],
  ['F3', 'slow', 'server-silent', 6000, 1],
  ['F9', 'kick_first', 'kicked', 1000, 1],
  ['F9', 'kick_after', 'kicked', 1000, 1],
  ['F9', 'kick_on_return', 'kicked', 1000, 2],
  ['F10', 'room_full', 'room-full', 1000, 1],
  ['F11', 'token_expired', 'token-expired', 1000, 1],
  ['F11', 'forbidden', 'forbidden', 1000, 1],
];

describe('a server that misbehaves', () => {
  const scene = fixtures();
  let server;
  let site;

  before(async () => {
    server = await startFaultProxy('--ping', '1000', '--pong', '3000', '--seat-grace', '5');
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  const place = (fault) => ({ signaling: server.socket('/rooms'), room: `fault-${fault}-${freshRoom()}` });

  const enter = async (kind, person, options) => {
    const joined = await scene.join(scene.browser(kind, person), site.origin, options);
    joined.page.expectFault(SOCKET_FAILED);
    return joined.page;
  };

  const logged = (page, type, detail, timeout = 10_000) =>
    page.until(
      (type, detail) =>
        globalThis.log.find((entry) => entry.type === type && Object.entries(detail).every(([name, value]) => entry[name] === value)),
      type,
      detail,
      patience(timeout, `${type} ${JSON.stringify(detail)}`),
    );

  const told = (page) => page.run(() => globalThis.log.filter(({ type }) => type === 'errorHandler').map(({ error }) => error.code));

  for (const kind of ['chromium', 'firefox']) {
    for (const [row, fault, budget] of LOST) {
      test(`${row} ${fault}: the way back is found (${kind})`, async () => {
        const options = place(fault);
        const a = await enter(kind, ann, options);
        const b = await enter('chromium', bob, options);
        const lost = await logged(a, 'state-changed', { state: 'reconnecting' });
        const away = await within(budget, { row, browser: kind, what: `back after ${fault}` }, async () => {
          const back = await logged(a, 'state-changed', { state: 'connected' });
          return back.at - lost.at;
        });
        await inCall(a, b, REMOTE);
        const sockets = await a.run(() => globalThis.__e2e.made.sockets);
        // Each waits for a random part of its pause: the longer the server is away, the more of them there may be.
        assert.ok(sockets <= 5 + Math.floor(away / 1000), `a storm of ${sockets} sockets`);
      });
    }

    for (const [row, fault, budget, code] of WRONG) {
      test(`${row} ${fault}: they see each other all the same (${kind})`, async () => {
        const options = place(fault);
        const a = await enter(kind, ann, options);
        const began = Date.now();
        const b = await enter('chromium', bob, options);
        await within(budget, { row, browser: kind, what: `both connected in spite of ${fault}` }, async () => {
          const connected = ({ page }) =>
            page.until(() => globalThis.call.participants[0]?.connection === 'connected', patience(15_000, `a connection in spite of ${fault}`));
          await Promise.all([{ page: a }, { page: b }].map(connected));
          return Date.now() - began;
        });
        await inCall(a, b, REMOTE);
        for (const page of [a, b]) assert.deepEqual([...new Set(await told(page))], code ? [code] : []);
      });
    }

    for (const [row, fault, reason, budget, sockets] of FINAL) {
      test(`${row} ${fault}: it ends as '${reason}', and for good (${kind})`, async () => {
        const page = await prepare(await scene.open(scene.browser(kind, ann), site.origin));
        page.expectFault(SOCKET_FAILED);
        await within(budget, { row, browser: kind, what: `${fault} is told, and all released` }, () => ends(page, place(fault), reason));
        // Nothing can be awaited where nothing is to happen.
        await new Promise((resolve) => setTimeout(resolve, 1000));
        assert.equal(await page.run(() => globalThis.__e2e.made.sockets), sockets);
      });
    }

    test(`F3 no_first_message: asked again, the server answers (${kind})`, async () => {
      const options = place('no_first_message');
      const a = await enter(kind, ann, options);
      assert.deepEqual(await a.run((options) => globalThis.start(options).then(({ error }) => error), { ...options, name: ann.name }), undefined);
      await inCall(a, await enter('chromium', bob, options), REMOTE);
    });

    test(`F12 flood_1000ps: the page stays fluent (${kind})`, async () => {
      const options = place('flood~1000~4000');
      const a = await enter(kind, ann, options);
      const b = await enter('chromium', bob, options);
      const frames = await a.run(measureFrames, 2000);
      await within(50, { row: 'F12', browser: kind, what: 'time of a frame under 1000 messages a second (p95)' }, () => frames);
      await inCall(a, b, REMOTE);
      assert.deepEqual(await told(a), []);
    });
  }
});

/** Starts a call that ends by itself; gives the milliseconds until the page holds nothing any more. */
async function ends(page, options, reason) {
  const [ended, took] = await page.run(
    async (options) => {
      const began = performance.now();
      const { error } = await globalThis.start(options);
      const nap = () => new Promise((resolve) => setTimeout(resolve, 5));
      let ended = error?.code;
      while (!ended && performance.now() < began + 10_000) {
        await nap();
        ended = globalThis.log.find(({ type }) => type === 'ended')?.reason;
      }
      const held = () => Object.values(globalThis.__e2e.holdings()).reduce((sum, some) => sum + some);
      while (held() > 0 && performance.now() < began + 10_000) await nap();
      return [ended, performance.now() - began];
    },
    { name: ann.name, ...options },
  );
  assert.equal(ended, reason);
  return took;
}

/** Runs in the page: of the times between its frames, the one that 95 % are not above. */
async function measureFrames(milliseconds) {
  const times = [];
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  let last = await frame();
  for (const end = last + milliseconds; last < end; ) {
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times.sort((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1];
}
