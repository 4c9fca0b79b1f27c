// Ended at whatever moment, a call gives everything back within half a second, and nothing of it
// comes to life later.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

/**
 * The moments at which a start is cut short: functions of the page, called before the start with
 * the promise of the call, and done when the moment has come.
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
  'when the server has let it in': (starting) => starting,
  'when the devices are live': async (starting) => {
    const call = await starting;
    await globalThis.soon(() => call.camera === 'live');
  },
  'when someone else is there': async (starting) => {
    const call = await starting;
    await globalThis.soon(() => call.participants.length > 0);
  },
  'when it is connected with them': async (starting) => {
    const call = await starting;
    await globalThis.soon(() => call.participants[0]?.connection === 'connected');
  },
};

const MOMENTS_SCRIPT = `
  globalThis.soon = async (condition) => {
    for (const end = performance.now() + 10_000; !condition(); ) {
      if (performance.now() > end) throw new Error(\`the moment never came: \${condition}\`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  globalThis.made = (thing) => {
    const before = globalThis.__e2e.made[thing];
    return soon(() => globalThis.__e2e.made[thing] > before);
  };
  globalThis.moments = { ${Object.entries(MOMENTS).map(([name, moment]) => `${JSON.stringify(name)}: ${moment}`)} };
`;

/** Runs in the page: starts a call, ends it at the moment, and watches what is held from then on. */
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
  const nap = () => new Promise((resolve) => setTimeout(resolve, 5));
  while (held() > 0 && performance.now() - end < 3000) await nap();
  const released = performance.now() - end;
  let back = 0;
  while (performance.now() - end < released + 300) {
    back = Math.max(back, held());
    await nap();
  }
  return { code, released, back };
}

describe('ending a call', () => {
  const scene = fixtures();
  let server;
  let site;

  before(async () => {
    scene.browser('firefox', ann); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  test('before the WebAssembly has come', async () => {
    const page = await scene.open(scene.browser('chromium', ann), site.origin);
    await page.run(async (signaling) => {
      const { default: init, initializeVideoCall, endCall } = await import('/videocalls/videocalls.js');
      init(new Promise(() => {}));
      initializeVideoCall({ signaling, room: 'slow' });
      globalThis.dialled = globalThis.__e2e.made.sockets;
      endCall();
    }, server.socket('/rooms'));
    assert.equal(await page.run(() => globalThis.dialled), 1);
    // A server would hang up by itself after some seconds.
    await page.until(() => globalThis.__e2e.holdings().sockets === 0, patience(2_000, 'the socket to be closed'));
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`at any moment of its start, in ${kind}`, async () => {
      const options = { signaling: server.socket('/rooms'), room: freshRoom() };
      const b = await scene.join(scene.browser('chromium', bob), site.origin, options);
      const page = await prepare(await scene.open(scene.browser(kind, ann), site.origin, { before: MOMENTS_SCRIPT }));
      // Firefox writes each socket that was closed before it was open into its console.
      if (kind === 'firefox') page.expectFault(/establish a connection to the server at|was interrupted while the page was loading/);
      await page.run(() => globalThis.api.default());
      for (const name of Object.keys(MOMENTS)) {
        const { code, released, back } = await page.run(startAndEnd, name, options);
        assert.ok(released <= limit(500), `ended ${name}: everything was released after ${released} ms`);
        assert.equal(back, 0, `ended ${name}: something came to life again`);
        assert.ok([null, 'aborted'].includes(code), `ended ${name}: ${code}`);
      }
      await b.page.until(() => globalThis.call.participants.length === 0, patience(3000, 'an empty room'));
    });
  }

  test('while the browser still asks for the devices, which are given too late', async () => {
    const page = await prepare(
      await scene.open(scene.browser('chromium', ann), site.origin, {
        before: '__e2e.beforeCapture = () => new Promise((resolve) => { globalThis.allow = resolve; });',
      }),
    );
    const { id } = await page.run((options) => globalThis.start(options), { signaling: server.socket('/rooms'), room: freshRoom() });
    assert.ok(id, 'a call is let in before the devices are there');
    await page.until(() => globalThis.allow);
    await page.run(() => globalThis.call.endCall());
    await page.run(() => globalThis.allow());
    await page.until(() => globalThis.__e2e.made.tracks > 0);
    await page.until(() => globalThis.__e2e.holdings().tracks === 0, patience(limit(500), 'the camera light to go off'));
  });

  test('twice, or from its own listener, or with listeners that throw', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const { page } = await scene.join(scene.browser('chromium', ann), site.origin, options);
    page.expectFault(/thrown by a listener/);
    const ends = await page.run(async () => {
      const { call } = globalThis;
      const heard = [];
      call.on('ended', () => {
        throw new Error('thrown by a listener');
      });
      call.on('ended', ({ reason }) => {
        heard.push(reason);
        call.endCall();
      });
      call.endCall();
      call.endCall();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return heard;
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

  test('and starting again, in the same page and room', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const b = await scene.join(scene.browser('chromium', bob), site.origin, options);
    const a = await scene.join(scene.browser('chromium', ann), site.origin, options);
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
    const page = await prepare(await scene.open(scene.browser('chromium', ann), site.origin));
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
    const b = await scene.join(scene.browser('chromium', bob), site.origin, options);
    const page = await prepare(await scene.open(scene.browser('chromium', ann), site.origin));
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

  test('and starting again in the same turn, before the WebAssembly has come', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const page = await prepare(await scene.open(scene.browser('chromium', ann), site.origin));
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
