// A call that is ended at any moment releases everything soon, and nothing of it starts afterwards.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

/**
 * The moments at which a call is ended while it starts: functions that run in the page, are called before the
 * start with the promise of the call, and resolve at the moment.
 */
const MOMENTS = {
  'at once': async () => {},
  'in the next task': () => new Promise((resolve) => setTimeout(resolve)),
  'when the socket is made': () => globalThis.made('sockets'),
  'when the devices are asked for': () => globalThis.made('captures'),
  'when the link is made': () => globalThis.made('links'),
  'just before the devices are given': () =>
    new Promise((resolve) => {
      globalThis.__e2e.beforeCapture = resolve;
    }),
  'just after the devices are given': () =>
    new Promise((resolve) => {
      globalThis.__e2e.afterCapture = resolve;
    }),
  'when the server has accepted it': (starting) => starting,
  'when the devices are live': async (starting) => {
    const call = await starting;
    await globalThis.waitFor(() => call.local.tracks.camera.state === 'live');
  },
  'when another participant is there': async (starting) => {
    const call = await starting;
    await globalThis.waitFor(() => call.participants.length > 0);
  },
  'when it is connected with the other participant': async (starting) => {
    const call = await starting;
    await globalThis.waitFor(() => call.participants[0]?.connection === 'connected');
  },
};

const MOMENTS_SCRIPT = `
  globalThis.waitFor = async (condition) => {
    for (const end = performance.now() + 10_000; !condition(); ) {
      if (performance.now() > end) throw new Error(\`timed out: \${condition}\`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  globalThis.made = (thing) => {
    const before = globalThis.__e2e.made[thing];
    return waitFor(() => globalThis.__e2e.made[thing] > before);
  };
  globalThis.moments = { ${Object.entries(MOMENTS).map(([name, moment]) => `${JSON.stringify(name)}: ${moment}`)} };
`;

/** Runs in the page: starts a call, ends it at the moment, and watches what it holds from then on. */
async function startAndEnd(name, options) {
  const probe = globalThis.__e2e;
  probe.beforeCapture = null;
  probe.afterCapture = null;
  let started;
  const starting = new Promise((resolve) => {
    started = resolve;
  });
  starting.catch(() => {});
  const moment = globalThis.moments[name](starting);
  let code = null;
  const call = globalThis.api.initializeVideoCall(options);
  call.catch((error) => {
    code = error.code;
  });
  started(call);
  await moment;
  globalThis.api.endCall();

  const end = performance.now();
  const held = () => Object.values(probe.holdings()).reduce((sum, count) => sum + count, 0);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  while (held() > 0 && performance.now() - end < 3000) await pause();
  const released = performance.now() - end;
  let restarted = 0;
  while (performance.now() - end < released + 300) {
    restarted = Math.max(restarted, held());
    await pause();
  }
  return { code, released, restarted };
}

describe('ending a call', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', ann); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  test('before the WebAssembly has loaded: the socket that was opened early is closed', async () => {
    const page = await fixtures.open(fixtures.browser('chromium', ann), site.origin);
    await page.run(async (signaling) => {
      const { default: init, initializeVideoCall, endCall } = await import('/videocalls/videocalls.js');
      init(new Promise(() => {}));
      initializeVideoCall({ signaling, room: 'slow' });
      globalThis.openedEarly = globalThis.__e2e.made.sockets;
      endCall();
    }, server.socket('/rooms'));
    assert.equal(await page.run(() => globalThis.openedEarly), 1);
    // The server would close it by itself after some seconds.
    await page.until(() => globalThis.__e2e.holdings().sockets === 0, patience(2_000, 'the socket to be closed'));
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`at any moment of its start: everything is released, in ${kind}`, async () => {
      const options = { signaling: server.socket('/rooms'), room: freshRoom() };
      const b = await fixtures.join(fixtures.browser('chromium', bob), site.origin, options);
      const page = await prepare(await fixtures.open(fixtures.browser(kind, ann), site.origin, { before: MOMENTS_SCRIPT }));
      // Firefox logs each socket that was closed before it was open as an error.
      if (kind === 'firefox') page.expectFault(/establish a connection to the server at|was interrupted while the page was loading/);
      await page.run(() => globalThis.api.default());
      for (const name of Object.keys(MOMENTS)) {
        const { code, released, restarted } = await page.run(startAndEnd, name, options);
        assert.ok(released <= limit(500), `ended ${name}: everything was released after ${released} ms`);
        assert.equal(restarted, 0, `ended ${name}: something started afterwards`);
        assert.ok([null, 'aborted'].includes(code), `ended ${name}: ${code}`);
      }
      await b.page.until(() => globalThis.call.participants.length === 0, patience(3000, 'an empty room'));
    });
  }

  test('while the browser still asks for the devices: those that are granted later are released', async () => {
    const page = await prepare(
      await fixtures.open(fixtures.browser('chromium', ann), site.origin, {
        before: '__e2e.beforeCapture = () => new Promise((resolve) => { globalThis.allow = resolve; });',
      }),
    );
    const { id } = await page.run((options) => globalThis.start(options), { signaling: server.socket('/rooms'), room: freshRoom() });
    assert.ok(id, 'the call joins before the devices are there');
    await page.until(() => globalThis.allow);
    await page.run(() => globalThis.call.endCall());
    await page.run(() => globalThis.allow());
    await page.until(() => globalThis.__e2e.made.tracks > 0);
    await page.until(() => globalThis.__e2e.holdings().tracks === 0, patience(limit(500), 'the camera to be released'));
  });

  test('twice, from its own listener, and with a listener that throws: it ends once', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const { page } = await fixtures.join(fixtures.browser('chromium', ann), site.origin, options);
    page.expectFault(/thrown by a listener/);
    const ends = await page.run(async () => {
      const { call } = globalThis;
      const reasons = [];
      call.on('ended', () => {
        throw new Error('thrown by a listener');
      });
      call.on('ended', ({ reason }) => {
        reasons.push(reason);
        call.endCall();
      });
      call.endCall();
      call.endCall();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return reasons;
    });
    assert.deepEqual(ends, ['left']);
    await page.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(limit(500), 'everything released'));
    const after = await page.run(() => ({
      state: globalThis.call.state,
      participants: globalThis.call.participants.length,
      stream: globalThis.call.localStream,
      track: String(globalThis.call.toggleTrack('audio')),
    }));
    assert.deepEqual(after, { state: 'ended', participants: 0, stream: null, track: 'undefined' });
  });

  test('and starting again in the same page and room: both are in a call', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const b = await fixtures.join(fixtures.browser('chromium', bob), site.origin, options);
    const a = await fixtures.join(fixtures.browser('chromium', ann), site.origin, options);
    for (let i = 0; i < 3; i += 1) {
      await inCall(a.page, b.page, '#remoteVideoElement');
      await a.page.run(async (options) => {
        globalThis.call.endCall();
        await globalThis.start(options);
      }, options);
    }
    await inCall(a.page, b.page, '#remoteVideoElement');
  });

  test('starts of the same call share it until the last of them has ended theirs', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const page = await prepare(await fixtures.open(fixtures.browser('chromium', ann), site.origin));
    const outcome = await page.run(async (options) => {
      const starting = [globalThis.api.initializeVideoCall(options), globalThis.api.initializeVideoCall(options)];
      const [first, second] = await Promise.all(starting);
      const later = await globalThis.api.initializeVideoCall(options);
      const ids = new Set([first.id, second.id, later.id]).size;
      first.endCall();
      later.endCall();
      const states = [first.state, second.state, later.state];
      const { sockets, captures } = globalThis.__e2e.made;
      second.endCall();
      const next = await globalThis.api.initializeVideoCall(options);
      const another = next.state === 'connected' && globalThis.__e2e.made.sockets;
      next.endCall();
      return { ids, states, sockets, captures, another };
    }, options);
    assert.deepEqual(outcome, { ids: 1, states: ['ended', 'connected', 'ended'], sockets: 1, captures: 1, another: 2 });
  });

  // React's StrictMode runs each effect twice: start, cleanup, start.
  test('start, end when started, start: the second start has a living call in its own elements', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const b = await fixtures.join(fixtures.browser('chromium', bob), site.origin, options);
    const page = await prepare(await fixtures.open(fixtures.browser('chromium', ann), site.origin));
    const outcome = await page.run(async (options) => {
      const errors = [];
      const effect = (remoteVideoElement) => {
        const starting = globalThis.api.initializeVideoCall({ ...options, remoteVideoElement, errorHandler: ({ code }) => errors.push(code) });
        return { starting, cleanup: () => starting.then((call) => call.endCall()) };
      };
      const first = effect('localVideoElement');
      first.cleanup();
      const second = effect('remoteVideoElement');
      const [one, other] = [await first.starting, await second.starting];
      return { states: [one.state, other.state], sockets: globalThis.__e2e.made.sockets, errors };
    }, options);
    assert.deepEqual(outcome, { states: ['ended', 'connected'], sockets: 1, errors: [] });
    await inCall(page, b.page, '#remoteVideoElement');
    assert.equal(await page.run(() => document.querySelector('#localVideoElement').srcObject), null);
    await page.run(() => globalThis.api.endCall());
  });

  test('and starting again in the same turn, before the WebAssembly has loaded: the second call lives', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const page = await prepare(await fixtures.open(fixtures.browser('chromium', ann), site.origin));
    const outcome = await page.run(async (options) => {
      const first = globalThis.api.initializeVideoCall(options).catch(({ code }) => code);
      globalThis.api.endCall();
      const second = await globalThis.api.initializeVideoCall(options);
      const { state } = second;
      second.endCall();
      return [await first, state];
    }, options);
    assert.deepEqual(outcome, ['aborted', 'connected']);
  });
});
