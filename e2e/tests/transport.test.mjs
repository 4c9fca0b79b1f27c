// Signaling over a transport of the page's own, and the example of docs/your-own-dialect.md.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { callSite, endAndRelease, prepare } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { DOCS } from '../lib/paths.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

/** Leaves `overSocket(url, dialect)` in the page: a plain WebSocket behind a transport. */
const SOCKETS = `globalThis.overSocket = (url, dialect) => {
  let socket;
  let receive;
  const transport = {
    dialect,
    connect: (closed) =>
      new Promise((resolve, reject) => {
        transport.closed = closed;
        socket = new WebSocket(url);
        socket.onopen = () => resolve();
        socket.onerror = () => reject(new Error('refused'));
        socket.onclose = ({ code }) => closed(code);
        socket.onmessage = ({ data }) => receive(data);
      }),
    send: (text) => socket.send(text),
    onMessage: (listener) => (receive = listener),
    close: () => socket.close(),
  };
  return transport;
};`;

describe("a transport of the page's own", () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    const folder = mkdtempSync(join(tmpdir(), 'videocalls-e2e-docs-'));
    fixtures.defer(() => rmSync(folder, { recursive: true }));
    const document = readFileSync(join(DOCS, 'your-own-dialect.md'), 'utf8');
    writeFileSync(join(folder, 'example.js'), /```js\n(export function overBroadcastChannel[^]*?)```/.exec(document)[1]);
    site = await callSite({ '/docs/': folder });
    fixtures.defer(() => site.stop());
  });

  const open = async (person, kind = 'chromium') =>
    prepare(await fixtures.open(fixtures.browser(kind, person), site.origin, { before: SOCKETS }));
  const start = (page, path, dialect, options = {}) =>
    page.run(
      (url, dialect, options) => globalThis.start({ ...options, signaling: (globalThis.transport = overSocket(url, dialect)) }),
      server.socket(path),
      dialect,
      options,
    );

  for (const [dialect, path] of [['relay', `/relay/${freshRoom()}`], ['rooms', '/rooms']]) {
    test(`${dialect} over a WebSocket of the page's own`, async () => {
      const [a, b] = await Promise.all([open(ann), open(bob, 'firefox')]);
      const options = { room: freshRoom(), name: 'someone' };
      await start(a, path, dialect, options);
      await start(b, path, dialect, options);
      await inCall(a, b, '#remoteVideoElement');
      await endAndRelease(a);
      await endAndRelease(b);
    });
  }

  test('the example: two calls meet over a BroadcastChannel', async () => {
    const page = await open(ann);
    await page.run(async () => {
      const { overBroadcastChannel } = await import('/docs/example.js');
      // Both in one page, since a browser draws only the page in front.
      const join = (element) => api.initializeVideoCall({ signaling: overBroadcastChannel('tea'), remoteVideoElement: element });
      globalThis.calls = await Promise.all([join('localVideoElement'), join('remoteVideoElement')]);
    });
    await sees(page, ann, '#localVideoElement');
    await sees(page, ann, '#remoteVideoElement');
    await page.run(() => calls.forEach((call) => call.endCall()));
    await page.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(limit(500), 'release'));
  });

  describe('failures', () => {
    const failing = async (body) => {
      const page = await open(ann);
      return page.run(`async () => (await globalThis.start({ room: 'tea', signaling: ${body} })).error`);
    };

    for (const [what, body] of [
      ['connect rejects', "{ connect: async () => { throw new Error('no') }, send() {}, onMessage() {} }"],
      ['connect throws', "{ connect() { throw new Error('no') }, send() {}, onMessage() {} }"],
      ['onMessage throws', "{ connect() {}, send() {}, onMessage() { throw new Error('no') } }"],
      ['closed while it connects', '{ connect: (closed) => { closed(); return new Promise(() => {}); }, send() {}, onMessage() {} }'],
    ]) {
      test(`${what}: signaling-unreachable`, async () => {
        const { code, category } = await failing(body);
        assert.deepEqual([code, category], ['signaling-unreachable', 'signaling']);
      });
    }

    test('a close code has the meaning that the dialect gives it', async () => {
      const full = "{ dialect: 'relay', connect: (closed) => closed(4504), send() {}, onMessage() {} }";
      assert.equal((await failing(full)).code, 'room-full');
    });

    for (const [lacks, body] of [
      ['send', '{ connect() {}, onMessage() {} }'],
      ['onMessage', '{ connect() {}, send() {} }'],
      ['transport', '{ send() {}, onMessage() {} }'],
    ]) {
      test(`a transport without ${lacks === 'transport' ? 'connect' : lacks}: invalid-options`, async () => {
        const { code, message } = await failing(body);
        assert.equal(code, 'invalid-options');
        assert.match(message, new RegExp(lacks));
      });
    }

    test('send throws: the call goes on', async () => {
      const page = await open(ann);
      await page.run(() =>
        globalThis.start({
          signaling: {
            dialect: 'relay',
            connect() {},
            onMessage() {},
            send() {
              throw new Error('no');
            },
          },
        }),
      );
      await page.until(() => call.local.tracks.camera.state === 'live');
      assert.equal(await page.run(() => call.state), 'connected');
    });

    test('a lost connection ends a call that does not reconnect', async () => {
      const page = await open(ann);
      await start(page, '/rooms', 'rooms', { room: freshRoom(), reconnect: false });
      await page.run(() => globalThis.transport.closed());
      await page.until(() => call.state === 'ended');
      const { reason } = await page.run(() => globalThis.log.find(({ type }) => type === 'ended'));
      assert.equal(reason, 'server-gone');
    });
  });
});
