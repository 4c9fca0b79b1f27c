// Connections that can't be made, and pages that may not use devices: the error says why, and what to do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { createFixtures } from '../lib/fixtures.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';

describe('no route', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite({}, { policy: '' });
    fixtures.defer(() => site.stop());
  });

  const join = (person, options) => fixtures.join(fixtures.browser('chromium', person), site.origin, { signaling: server.socket('/rooms'), ...options });
  const error = (page, code) =>
    page.until(
      (code) => globalThis.log.find(({ type, error }) => type === 'errorHandler' && error.code === code)?.error,
      code,
      patience(45_000, `the error '${code}'`),
    );

  test('relay only without servers: both sides receive no-route with a hint at TURN', async () => {
    const options = { room: freshRoom(), iceTransportPolicy: 'relay' };
    const pages = [(await join(ann, options)).page, (await join(bob, options)).page];
    for (const { message, help } of await Promise.all(pages.map((page) => error(page, 'no-route')))) {
      assert.match(`${message} ${help}`, /TURN/);
    }
  });

  test('a TURN server that does not answer is reported once as turn-failed, with its address', async () => {
    const room = freshRoom();
    const iceServers = [{ urls: `turn:127.0.0.1:${await closedPort()}?transport=tcp`, username: 'ann', credential: 'secret' }];
    await join(bob, { room });
    const { page } = await join(ann, { room, iceServers, iceTransportPolicy: 'relay' });
    const { message } = await error(page, 'turn-failed');
    assert.match(message, /127\.0\.0\.1/);
    await error(page, 'no-route');
    const codes = await page.run(() => globalThis.log.filter(({ type }) => type === 'errorHandler').map(({ error }) => error.code));
    assert.equal(codes.filter((code) => code === 'turn-failed').length, 1);
  });

  test('in a frame of another site without `allow` the error names the attribute', async () => {
    const frames = await callSite({}, { policy: '' });
    fixtures.defer(() => frames.stop());
    const page = await fixtures.open(fixtures.browser('chromium', ann), site.origin);
    page.expectFault(/Permissions policy violation/);
    await page.run((src) => document.body.append(Object.assign(document.createElement('iframe'), { src })), `${frames.origin}/`);
    const frame = await page.raw.waitForFrame((frame) => frame.url().startsWith(frames.origin));
    await frame.waitForSelector('#remoteVideoElement');
    await prepare({ run: (body) => frame.evaluate(`(${body})()`) });
    await frame.evaluate((options) => globalThis.start(options), { signaling: server.socket('/rooms'), room: freshRoom(), name: 'Ann' });
    await frame.waitForFunction(() => globalThis.log.some(({ type }) => type === 'errorHandler'));
    const { message, help } = await frame.evaluate(() => globalThis.log.find(({ type }) => type === 'errorHandler').error);
    assert.match(`${message} ${help}`, /allow="camera; microphone"/);
  });
});

/** A port on which nothing listens. */
async function closedPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
