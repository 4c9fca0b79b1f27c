// Participants change while one has lost signaling: after its return it knows the same as the others.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { callSite } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, dan, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

/** What browsers write to the console when a WebSocket fails. */
const SOCKET_FAILED = /WebSocket|can.t establish a connection|connection to ws\S+ was interrupted/i;

/** How many events the server keeps for a participant who is away: docs/rooms.md. */
const KEPT_EVENTS = 64;

/**
 * Runs before the page's own scripts. While `globalThis.offline` is true, new sockets fail. `resumed` holds what
 * each `welcome` of the server says of that.
 */
const CUT_SOCKETS = `(() => {
  const Open = WebSocket;
  globalThis.resumed = [];
  globalThis.WebSocket = class extends Open {
    constructor(url, ...rest) {
      super(globalThis.offline ? 'ws://127.0.0.1:9/' : url, ...rest);
      this.addEventListener('message', ({ data }) => {
        const { type, resumed = false } = JSON.parse(data);
        if (type === 'welcome') globalThis.resumed.push(resumed);
      });
    }
  };
})()`;

describe('changes while a participant is away', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const join = async (kind, person) => {
    const browser = fixtures.browser(kind, person);
    const { page } = await fixtures.join(browser, site.origin, { signaling: server.socket('/rooms'), room }, { before: CUT_SOCKETS });
    page.expectFault(SOCKET_FAILED);
    page.expectFault(/ERR_UNSAFE_PORT|ERR_CONNECTION_REFUSED/);
    return page;
  };

  const stateIs = (page, state) => page.until((state) => globalThis.call.state === state, state, patience(20_000, `the state '${state}'`));

  const goOffline = async (page) => {
    await page.run(() => {
      globalThis.offline = true;
      globalThis.log.length = 0; // Who was there first has been announced.
      for (const socket of globalThis.__e2e.sockets()) socket.close();
    });
    await stateIs(page, 'reconnecting');
  };

  const goOnline = async (page) => {
    await page.run(() => {
      globalThis.offline = false;
      globalThis.dispatchEvent(new Event('online'));
    });
    await stateIs(page, 'connected');
  };

  const toggle = (page, device, on) => page.run((device, on) => globalThis.call.toggleTrack(device, on), device, on);

  /** Ann turns her microphone off, Bob turns his camera off and leaves, Dan joins. `more` happens in between. */
  const change = async ([a, b], kind, more) => {
    await toggle(a, 'audio', false);
    await toggle(b, 'video', false);
    await more?.(a);
    await a.until(() => globalThis.call.participants.some((participant) => stateOf(participant, 'video') === 'off'), patience(5000, "Bob's camera to be off"));
    await b.run(() => globalThis.call.endCall());
    return join(kind, dan);
  };

  /** Waits until each page knows of each other page what that one says of itself, and of nobody else. */
  const agree = async (pages, timeout = 20_000) => {
    const end = Date.now() + timeout;
    for (;;) {
      const [actual, all] = [await rosters(pages), await selves(pages)];
      const expected = all.map(({ id }) => all.filter((other) => other.id !== id));
      if (isDeepStrictEqual(actual, expected)) return;
      if (Date.now() > end) assert.deepEqual(actual, expected);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  for (const kind of ['chromium', 'firefox']) {
    const threeAgree = async () => {
      const pages = [await join('chromium', ann), await join('chromium', bob), await join(kind, cat)];
      await agree(pages);
      return pages;
    };

    test(`the server replays the events that a participant has missed (${kind})`, async () => {
      const [a, b, c] = await threeAgree();
      await goOffline(c);
      const d = await change([a, b], 'chromium');
      await goOnline(c);
      await agree([a, c, d]);
      await wasNotified(c, { resumed: true });
    });

    test(`a participant has missed more events than the server keeps, and receives the whole roster (${kind})`, async () => {
      const [a, b, c] = await threeAgree();
      await goOffline(c);
      const d = await change([a, b], 'chromium', async (page) => {
        for (let times = 0; times <= KEPT_EVENTS; times += 1) await toggle(page, 'video', times % 2 === 1);
      });
      await goOnline(c);
      await agree([a, c, d]);
      await wasNotified(c, { resumed: false });
    });

    test(`the server was restarted meanwhile, and a participant receives the whole roster (${kind})`, async () => {
      const [a, b, c] = await threeAgree();
      await goOffline(c);
      const { host } = new URL(server.origin);
      await server.stop('SIGKILL');
      server = await startServer('--listen', host);
      await Promise.all([a, b].map((page) => stateIs(page, 'connected')));
      const d = await change([a, b], 'chromium');
      await goOnline(c);
      await agree([a, c, d]);
      await wasNotified(c, { resumed: false });
    });
  }
});

const byId = (participants) => participants.sort((a, b) => (a.id < b.id ? -1 : 1));

/** What each page says of itself, in the order of the ids. */
async function selves(pages) {
  const one = (page) => page.run(() => ({ id: call.id, audio: stateOf(call.local, 'audio'), video: stateOf(call.local, 'video') }));
  const all = await Promise.all(pages.map(async (page) => ({ ...(await one(page)), name: page.person.name })));
  return byId(all.map(({ id, name, audio, video }) => ({ id, name, audio, video, away: false, connection: 'connected' })));
}

/** What each page says of the others, in the order of the pages' ids. */
async function rosters(pages) {
  const one = (page) =>
    page.run(() => ({
      id: call.id,
      others: call.participants.map((one) => {
        const { id, name, away, connection } = one;
        return { id, name, audio: stateOf(one, 'audio'), video: stateOf(one, 'video'), away, connection };
      }),
    }));
  const all = await Promise.all(pages.map(one));
  return byId(all).map(({ others }) => byId(others));
}

/** Since it went offline, the page was notified once of each who joined and left, and its seat was resumed or not. */
async function wasNotified(page, { resumed }) {
  const events = await page.run(() =>
    globalThis.log
      .filter(({ type }) => /^participant-(joined|left)$/.test(type))
      .map(({ type, participant }) => `${type.replace('participant-', '')} ${participant.name}`),
  );
  assert.deepEqual(events.sort(), ['joined Dan', 'left Bob']);
  assert.deepEqual(await page.run(() => globalThis.resumed), [false, resumed]);
}
