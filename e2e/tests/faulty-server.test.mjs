// A server that misbehaves as the room's name says (docs/faults.md): the call recovers, or ends with a reason,
// releases everything and does not try again.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startFaultProxy } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

/** What browsers write to the console when a WebSocket fails. */
const SOCKET_FAILED = /WebSocket|can.t establish a connection|connection to ws\S+ was interrupted/i;

/** The call reconnects: row, fault, and within what time. */
const RECONNECTS = [
  ['F1', 'drop_when_connected~1000', 2000],
  ['F1', 'close_when_connected~1000', 2000],
  ['F2', 'half_open~1000', 2000],
  ['F2', 'no_pong', 2000],
  ['F4', 'restart', 3000],
  ['F4', 'deploy', 3000],
];

/**
 * Bad messages are survived: row, fault, within what time both are connected, and the error code that the page
 * receives. An offer that is lost is made again after 10 s.
 */
const SURVIVES = [
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

/** The call ends: row, fault, the reason, within what time, and how many sockets there were. */
const ENDS = [
  ['F3', 'no_first_message', 'server-silent', 6000, 1],
  ['F3', 'slow', 'server-silent', 6000, 1],
  ['F9', 'kick_first', 'removed', 1000, 1],
  ['F9', 'kick_after', 'removed', 1000, 1],
  ['F9', 'kick_on_return', 'removed', 1000, 2],
  ['F10', 'room_full', 'room-full', 1000, 1],
  ['F11', 'token_expired', 'token-expired', 1000, 1],
  ['F11', 'forbidden', 'forbidden', 1000, 1],
];

describe('a server that misbehaves', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    server = await startFaultProxy('--ping', '1000', '--pong', '3000', '--seat-grace', '5');
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  const optionsFor = (fault) => ({ signaling: server.socket('/rooms'), room: `fault-${fault}-${freshRoom()}` });

  const join = async (kind, person, options) => {
    const joined = await fixtures.join(fixtures.browser(kind, person), site.origin, options);
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

  const errorCodes = (page) => page.run(() => globalThis.log.filter(({ type }) => type === 'errorHandler').map(({ error }) => error.code));

  for (const kind of ['chromium', 'firefox']) {
    for (const [row, fault, budget] of RECONNECTS) {
      test(`${row} ${fault}: the call reconnects (${kind})`, async () => {
        const options = optionsFor(fault);
        const a = await join(kind, ann, options);
        const b = await join('chromium', bob, options);
        const lost = await logged(a, 'state-changed', { state: 'reconnecting' });
        const away = await within(budget, { row, browser: kind, what: `reconnected after ${fault}` }, async () => {
          const back = await logged(a, 'state-changed', { state: 'connected' });
          return back.at - lost.at;
        });
        await inCall(a, b, REMOTE);
        const sockets = await a.run(() => globalThis.__e2e.made.sockets);
        // Each attempt waits for a random time: the longer the server is away, the more attempts there are.
        assert.ok(sockets <= 5 + Math.floor(away / 1000), `${sockets} sockets`);
      });
    }

    for (const [row, fault, budget, code] of SURVIVES) {
      test(`${row} ${fault}: both see and hear each other (${kind})`, async () => {
        const options = optionsFor(fault);
        const a = await join(kind, ann, options);
        const began = Date.now();
        const b = await join('chromium', bob, options);
        await within(budget, { row, browser: kind, what: `both connected despite ${fault}` }, async () => {
          const connected = ({ page }) =>
            page.until(() => globalThis.call.participants[0]?.connection === 'connected', patience(15_000, `a connection despite ${fault}`));
          await Promise.all([{ page: a }, { page: b }].map(connected));
          return Date.now() - began;
        });
        await inCall(a, b, REMOTE);
        for (const page of [a, b]) assert.deepEqual([...new Set(await errorCodes(page))], code ? [code] : []);
      });
    }

    for (const [row, fault, reason, budget, sockets] of ENDS) {
      test(`${row} ${fault}: the call ends with '${reason}' and does not try again (${kind})`, async () => {
        const page = await prepare(await fixtures.open(fixtures.browser(kind, ann), site.origin));
        page.expectFault(SOCKET_FAILED);
        await within(budget, { row, browser: kind, what: `${fault}: ended and released` }, () => ends(page, optionsFor(fault), reason));
        // There is no event to wait for when nothing is to happen.
        await new Promise((resolve) => setTimeout(resolve, 1000));
        assert.equal(await page.run(() => globalThis.__e2e.made.sockets), sockets);
      });
    }

    test(`F3 no_first_message: a second start succeeds when the server answers (${kind})`, async () => {
      const options = optionsFor('no_first_message');
      const a = await join(kind, ann, options);
      assert.deepEqual(await a.run((options) => globalThis.start(options).then(({ error }) => error), { ...options, name: ann.name }), undefined);
      await inCall(a, await join('chromium', bob, options), REMOTE);
    });

    test(`F12 flood_1000ps: the page keeps its frame rate (${kind})`, async () => {
      const options = optionsFor('flood~1000~4000');
      const a = await join(kind, ann, options);
      const b = await join('chromium', bob, options);
      const frames = await a.run(measureFrames, 2000);
      await within(50, { row: 'F12', browser: kind, what: 'time of a frame under 1000 messages a second (p95)' }, () => frames);
      await inCall(a, b, REMOTE);
      assert.deepEqual(await errorCodes(a), []);
    });
  }
});

/** Starts a call that ends by itself; resolves to the milliseconds until the page has released everything. */
async function ends(page, options, reason) {
  const [ended, took] = await page.run(
    async (options) => {
      const began = performance.now();
      const { error } = await globalThis.start(options);
      const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
      let ended = error?.code;
      while (!ended && performance.now() < began + 10_000) {
        await pause();
        ended = globalThis.log.find(({ type }) => type === 'ended')?.reason;
      }
      const held = () => Object.values(globalThis.__e2e.holdings()).reduce((sum, some) => sum + some);
      while (held() > 0 && performance.now() < began + 10_000) await pause();
      return [ended, performance.now() - began];
    },
    { name: ann.name, ...options },
  );
  assert.equal(ended, reason);
  return took;
}

/** Runs in the page: the 95th percentile of the times between its frames. */
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
