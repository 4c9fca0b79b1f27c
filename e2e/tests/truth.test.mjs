// What changes while someone is away: who comes back knows what the others know.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, dan, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

/** What a browser writes to its console when a socket fails that a script has opened. */
const SOCKET_FAILED = /WebSocket|can.t establish a connection|connection to ws\S+ was interrupted/i;

/** How many events a server keeps for someone who is away: docs/rooms.md. */
const RING = 64;

/**
 * Runs before the page's own scripts: while `globalThis.dark`, its sockets lead nowhere. `resumed` has
 * what each welcome says of that.
 */
const DARKNESS = `(() => {
  const Open = WebSocket;
  globalThis.resumed = [];
  globalThis.WebSocket = class extends Open {
    constructor(url, ...rest) {
      super(globalThis.dark ? 'ws://127.0.0.1:9/' : url, ...rest);
      this.addEventListener('message', ({ data }) => {
        const { type, resumed = false } = JSON.parse(data);
        if (type === 'welcome') globalThis.resumed.push(resumed);
      });
    }
  };
})()`;

describe('what changes while someone is away', () => {
  const scene = fixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startServer();
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const enter = async (kind, person) => {
    const browser = scene.browser(kind, person);
    const { page } = await scene.join(browser, site.origin, { signaling: server.socket('/rooms'), room }, { before: DARKNESS });
    page.expectFault(SOCKET_FAILED);
    page.expectFault(/ERR_UNSAFE_PORT|ERR_CONNECTION_REFUSED/);
    return page;
  };

  const reaches = (page, state) => page.until((state) => globalThis.call.state === state, state, patience(20_000, `the state '${state}'`));

  const goDark = async (page) => {
    await page.run(() => {
      globalThis.dark = true;
      for (const socket of globalThis.__e2e.sockets()) socket.close();
    });
    await reaches(page, 'reconnecting');
  };

  const goBright = async (page) => {
    await page.run(() => {
      globalThis.dark = false;
      globalThis.dispatchEvent(new Event('online'));
    });
    await reaches(page, 'connected');
  };

  const toggle = (page, device, on) => page.run((device, on) => globalThis.call.toggleTrack(device, on), device, on);

  /** Ann turns her microphone off, Bob his camera and goes, Dan comes. `further` is what else happens. */
  const change = async ([a, b], kind, further) => {
    await toggle(a, 'audio', false);
    await toggle(b, 'video', false);
    await further?.(a);
    await a.until(() => globalThis.call.participants.some(({ video }) => video === 'muted'), patience(5000, "Bob's camera to be off"));
    await b.run(() => globalThis.call.endCall());
    return enter(kind, dan);
  };

  /** Each of them knows of each other one what that one says of itself, and of nobody else. */
  const agree = async (pages, timeout = 20_000) => {
    const end = Date.now() + timeout;
    for (;;) {
      const [known, truth] = [await rosters(pages), await selves(pages)];
      const wanted = truth.map(({ id }) => truth.filter((other) => other.id !== id));
      if (same(known, wanted)) return;
      if (Date.now() > end) assert.deepEqual(known, wanted);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  for (const kind of ['chromium', 'firefox']) {
    const three = async () => {
      const pages = [await enter('chromium', ann), await enter('chromium', bob), await enter(kind, cat)];
      await agree(pages);
      return pages;
    };

    test(`what was missed is replayed (${kind})`, async () => {
      const [a, b, c] = await three();
      await goDark(c);
      const d = await change([a, b], 'chromium');
      await goBright(c);
      await agree([a, c, d]);
      await wasTold(c, { resumed: true });
    });

    test(`more was missed than the server keeps (${kind})`, async () => {
      const [a, b, c] = await three();
      await goDark(c);
      const d = await change([a, b], 'chromium', async (page) => {
        for (let times = 0; times <= RING; times += 1) await toggle(page, 'video', times % 2 === 1);
      });
      await goBright(c);
      await agree([a, c, d]);
      await wasTold(c, { resumed: false });
    });

    test(`the server was started anew meanwhile (${kind})`, async () => {
      const [a, b, c] = await three();
      await goDark(c);
      const { host } = new URL(server.origin);
      await server.stop('SIGKILL');
      server = await startServer('--listen', host);
      await Promise.all([a, b].map((page) => reaches(page, 'connected')));
      const d = await change([a, b], 'chromium');
      await goBright(c);
      await agree([a, c, d]);
      await wasTold(c, { resumed: false });
    });
  }
});

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const byId = (people) => people.sort((a, b) => (a.id < b.id ? -1 : 1));

/** What each page says of itself. */
async function selves(pages) {
  const one = (page) => page.run(() => ({ id: call.id, audio: call.microphone, video: call.camera }));
  const all = await Promise.all(pages.map(async (page) => ({ ...(await one(page)), name: page.person.name })));
  return byId(all.map(({ id, name, audio, video }) => ({ id, name, audio, video, away: false, connection: 'connected' })));
}

/** What each page says of the others, in the order of the ids of who says it. */
async function rosters(pages) {
  const one = (page) =>
    page.run(() => ({
      id: call.id,
      others: call.participants.map(({ id, name, audio, video, away, connection }) => ({ id, name, audio, video, away, connection })),
    }));
  const all = await Promise.all(pages.map(one));
  return byId(all).map(({ others }) => byId(others));
}

/** Of all who came and went the page has heard once, and its seat was given back in this way. */
async function wasTold(page, { resumed }) {
  const moves = await page.run(() =>
    globalThis.log
      .filter(({ type }) => /^participant-(joined|left)$/.test(type))
      .map(({ type, participant }) => `${type.replace('participant-', '')} ${participant.name}`),
  );
  assert.deepEqual(moves.sort(), ['joined Dan', 'left Bob']);
  assert.deepEqual(await page.run(() => globalThis.resumed), [false, resumed]);
}
