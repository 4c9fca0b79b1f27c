// The test before a call names what fails and why, with a real TURN server, in both browsers.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { CONTROL_CAPTURE, withoutDevices } from '../lib/capture.mjs';
import { startCoturn } from '../lib/coturn.mjs';
import { createFixtures } from '../lib/fixtures.mjs';
import { ann, bob } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';

describe('connection check', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let turn;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
    turn = await startCoturn();
    fixtures.defer(() => turn.stop());
  });

  const check = async (kind, options, prepareDevices = () => {}) => {
    const browser = fixtures.browser(kind, kind === 'chromium' ? ann : bob);
    const page = await prepare(await fixtures.open(browser, site.origin, { before: CONTROL_CAPTURE }));
    // A server that is not there is an error in the console of the browser itself.
    page.expectFault(/WebSocket|ERR_CONNECTION|can.t establish a connection|WebRTC|ICE failed|404|Failed to load/);
    await prepareDevices(page);
    return page.run(async (options) => {
      const live = [];
      const report = await api.checkConnection({ ...options, onResult: (result) => live.push(result) });
      if (JSON.stringify(live) !== JSON.stringify(report.results)) throw new Error('onResult and the report differ');
      return { ...report, tracks: globalThis.__e2e.holdings().tracks, links: globalThis.__e2e.holdings().links };
    }, options);
  };
  const find = ({ results }, name) => results.find(({ check }) => check === name);
  const at = ({ host, port }, scheme = 'turn', rest = '') => `${scheme}:${host}:${port}${rest}`;
  const right = { username: 'ann', credential: 'right' };

  for (const kind of ['chromium', 'firefox']) {
    test(`${kind}: everything passes, is measured, and nothing stays open`, async () => {
      const report = await check(kind, {
        signaling: server.socket('/rooms'),
        iceServers: [{ urls: at(turn, 'stun') }, { ...right, urls: [at(turn), at(turn, 'turn', '?transport=tcp')] }],
      });
      const states = report.results.map(({ check, state }) => `${check} ${state}`).sort();
      const all = ['browser', 'camera', 'microphone', 'relay', 'server', 'stun', 'turn-tcp', 'turn-udp'];
      assert.deepEqual(
        states,
        all.map((check) => `${check} passed`),
        JSON.stringify(report.results, null, 1),
      );
      assert.equal(report.passed, true);
      const { rate } = find(report, 'relay');
      assert.ok(rate.kbps > 100 && rate.lossPercent <= 10 && rate.roundTripMs < 1000, JSON.stringify(rate));
      // Without a sound card Firefox runs no AudioContext.
      if (kind === 'chromium') assert.ok(find(report, 'microphone').level > 0.05);
      assert.deepEqual([report.tracks, report.links], [0, 0]);
    });

    test(`${kind}: refused credentials are told from a blocked path, and TCP helps where UDP is blocked`, async () => {
      const udpBlocked = await startCoturn(['--no-udp']);
      fixtures.defer(() => udpBlocked.stop());
      // Takes what is sent, like a firewall that drops it.
      const silent = createSocket('udp4').bind(udpBlocked.port, udpBlocked.host);
      await once(silent, 'listening');
      fixtures.defer(() => silent.close());

      const nobody = await check(kind, {
        microphone: false,
        camera: false,
        timeout: 3000,
        iceServers: { urls: at(udpBlocked, 'stun') },
      });
      assert.equal(find(nobody, 'stun').reason, 'no-answer', JSON.stringify(nobody.results));

      const wrong = await check(kind, {
        microphone: false,
        camera: false,
        iceServers: { urls: at(turn), username: 'ann', credential: 'wrong' },
      });
      assert.equal(find(wrong, 'turn-udp').reason, 'credentials-refused', JSON.stringify(wrong.results));
      assert.equal(wrong.passed, false);

      const blocked = await check(kind, {
        microphone: false,
        camera: false,
        timeout: 3000,
        iceServers: { ...right, urls: [at(udpBlocked), at(udpBlocked, 'turn', '?transport=tcp')] },
      });
      assert.equal(find(blocked, 'turn-udp').reason, 'no-answer', JSON.stringify(blocked.results));
      assert.equal(find(blocked, 'turn-tcp').state, 'passed', JSON.stringify(blocked.results));
      assert.equal(find(blocked, 'relay').state, 'passed', JSON.stringify(blocked.results));
      assert.equal(blocked.passed, true, 'one way to TURN is enough');
    });

    test(`${kind}: a missing microphone, a blocked WebSocket and a missing server are named`, async () => {
      const report = await check(kind, { signaling: site.origin }, (page) => withoutDevices(page, ['audio']));
      assert.equal(find(report, 'microphone').reason, 'device-not-found');
      assert.equal(find(report, 'camera').state, 'passed');
      assert.equal(find(report, 'server').reason, 'websocket-blocked', JSON.stringify(report.results));
      assert.equal(report.passed, false);
      for (const { state, message, help } of report.results) assert.equal(Boolean(message && help), state === 'failed');

      const absent = await check(kind, { microphone: false, camera: false, signaling: 'ws://127.0.0.1:9/rooms' });
      assert.equal(find(absent, 'server').reason, 'server-unreachable', JSON.stringify(absent.results));
    });
  }
});
