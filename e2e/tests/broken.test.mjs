// The WebAssembly fails: everything is released, the page is notified, and a new call is possible.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

/** Sends a message that overflows the stack when the WebAssembly reads it. */
const EXHAUST = `
  globalThis.exhaust = (socket) => {
    class Endless extends Event {
      get data() {
        return this.data;
      }
    }
    socket.dispatchEvent(new Endless('message'));
  };
`;

describe('the WebAssembly fails', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let room;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const options = () => ({ signaling: server.socket('/rooms'), room });
  const released = (page) =>
    page.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(3000, 'everything released'));
  const ended = (page) => page.until(() => globalThis.log.find(({ type }) => type === 'ended'), patience(3000, 'the end'));

  /** Makes the call of a page fail; resolves to the milliseconds until it has released everything and ended. */
  const fails = async (page, cause) => {
    const began = Date.now();
    await page.run(cause);
    await Promise.all([released(page), ended(page)]);
    return Date.now() - began;
  };

  const CAUSES = {
    'a panic': () => globalThis.call.simulate({ kind: 'panic' }).catch(() => {}),
    'a stack overflow': () => globalThis.exhaust(globalThis.__e2e.sockets()[0]),
  };

  for (const kind of ['chromium', 'firefox']) {
    for (const [name, cause] of Object.entries(CAUSES)) {
      test(`F53 ${name}: everything is released, the page is notified, and a new call is possible (${kind})`, async () => {
        const a = await fixtures.join(fixtures.browser('chromium', ann), site.origin, options());
        const b = await fixtures.join(fixtures.browser(kind, bob), site.origin, options(), { before: EXHAUST });
        b.page.expectFault(/unreachable, as simulated|call stack|too much recursion|get data@/);
        await inCall(a.page, b.page, REMOTE);
        await within(1000, { row: 'F53', browser: kind, what: `${name}: released and notified` }, () => fails(b.page, cause));
        const { reason, error } = await ended(b.page);
        assert.equal(reason, 'internal');
        assert.equal(error.name, 'VideoCallError');
        assert.equal(error.code, 'internal');
        assert.equal(error.category, 'internal');
        assert.match(error.help, /went wrong/);
        const after = await b.page.run(() => ({
          state: globalThis.call.state,
          others: globalThis.call.participants.length,
          stream: globalThis.call.localStream,
          shown: document.querySelector('#remoteVideoElement').srcObject,
        }));
        assert.deepEqual(after, { state: 'ended', others: 0, stream: null, shown: null });
        await b.page.run(() => {
          globalThis.call.toggleTrack('audio');
          globalThis.call.endCall();
          globalThis.log.length = 0;
        });
        const again = await b.page.run((options) => globalThis.start(options), { name: bob.name, ...options() });
        assert.ok(again.id, `a new call in the same page: ${JSON.stringify(again)}`);
        await inCall(a.page, b.page, REMOTE);
      });
    }
  }

  test('while the browser still asks for the devices: those that are granted later are released', async () => {
    const page = await prepare(
      await fixtures.open(fixtures.browser('chromium', ann), site.origin, {
        before: '__e2e.beforeCapture = () => new Promise((resolve) => { globalThis.allow = resolve; });',
      }),
    );
    page.expectFault(/unreachable, as simulated/);
    await page.run((options) => globalThis.start(options), options());
    await page.until(() => globalThis.allow);
    await page.run(() => globalThis.call.simulate({ kind: 'panic' }).catch(() => {}));
    await ended(page);
    await page.run(() => globalThis.allow());
    await page.until(() => globalThis.__e2e.made.tracks > 0);
    await released(page);
  });

  test('before the server has let it in: the start is rejected, and the next one succeeds', async () => {
    const page = await prepare(await fixtures.open(fixtures.browser('chromium', ann), site.origin));
    page.expectFault(/unreachable, as simulated/);
    const outcome = await page.run((options) => {
      performance.now = () => {
        delete performance.now;
        throw new WebAssembly.RuntimeError('unreachable, as simulated');
      };
      return globalThis.start(options);
    }, options());
    assert.equal(outcome.error.code, 'internal');
    await released(page);
    const again = await page.run((options) => globalThis.start(options), options());
    assert.ok(again.id);
  });

  test('in the app: an error page is shown, and the camera is released', async () => {
    const page = await fixtures.open(fixtures.browser('chromium', ann), `${server.origin}/?room=${room}&debug`);
    page.expectFault(/unreachable, as simulated/);
    await page.until(() => document.querySelector('#join'));
    await page.fill('#name', 'Ann');
    await page.click('#join');
    await page.until(() => document.querySelector('[data-call-state="connected"]'));
    await page.until(() => globalThis.__e2e.holdings().tracks === 2);
    await page.run(() => {
      document.querySelector('.faults').open = true;
      [...document.querySelectorAll('.faults button')].find(({ textContent }) => textContent === 'panic').click();
    });
    await released(page);
    const text = await page.run(() => document.body.innerText);
    assert.match(text, /^Something went wrong/);
    await Promise.all([page.raw.waitForNavigation(), page.click('#broken a')]);
    await page.until(() => document.querySelector('#join'), patience(5000, 'the lobby'));
  });

  test('the panel of simulated faults is shown only with `debug` in the address', async () => {
    const page = await fixtures.open(fixtures.browser('chromium', ann), `${server.origin}/?room=${room}`);
    await page.until(() => document.querySelector('#join'));
    assert.equal(await page.run(() => document.querySelector('.faults')), null);
    const loaded = await page.run(() => performance.getEntriesByType('resource').map(({ name }) => name));
    assert.ok(!loaded.some((name) => name.includes('simulate')));
  });
});
