// Signaling is lost: the media continues, and the call reconnects.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite, endAndRelease } from '../lib/calls.mjs';
import { limit, within } from '../lib/faults.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

/** What browsers write to the console when a WebSocket fails. */
const SOCKET_FAILED = /WebSocket|can.t establish a connection|connection to ws\S+ was interrupted/i;

describe('lost signaling', () => {
  const fixtures = createFixtures();
  let site;
  let room;

  before(async () => {
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const start = async (...args) => {
    const server = await startServer(...args);
    fixtures.defer(() => server.stop());
    return server;
  };

  const join = async (server, kind, person) => {
    const joined = await fixtures.join(fixtures.browser(kind, person), site.origin, { signaling: server.socket('/rooms'), room });
    joined.page.expectFault(SOCKET_FAILED);
    return joined;
  };

  const twoInCall = async (server, other) => {
    const pair = [await join(server, 'chromium', ann), await join(server, other, bob)];
    await inCall(pair[0].page, pair[1].page, REMOTE);
    return pair;
  };

  const stateIs = (page, state, timeout = 20_000) =>
    page.until((state) => globalThis.call.state === state, state, patience(timeout, `the state '${state}'`));

  /** Nobody has joined or left after the other participant. */
  const nobodyJoinedOrLeft = async (page) => {
    const events = await page.run(() => globalThis.log.filter(({ type }) => /^participant-(joined|left)$/.test(type)).length);
    assert.ok(events <= 1, `${page.person.name} was notified ${events} times`);
  };

  for (const other of ['chromium', 'firefox']) {
    test(`F1 the socket is closed: signaling reconnects, and the media has no gap (${other})`, async () => {
      const server = await start();
      const [a, b] = await twoInCall(server, other);
      const watch = await gaps(a.page, b.page);
      await within(2000, { row: 'F1', browser: other, what: 'signaling reconnects' }, () =>
        b.page.run(async () => {
          const began = performance.now();
          for (const socket of globalThis.__e2e.sockets()) socket.close();
          while (globalThis.call.state === 'connected') await new Promise((resolve) => setTimeout(resolve, 1));
          while (globalThis.call.state !== 'connected') await new Promise((resolve) => setTimeout(resolve, 5));
          return performance.now() - began;
        }),
      );
      await within(500, { row: 'F1', browser: other, what: 'longest gap of the media' }, () => watch.longest(2000));
      await inCall(a.page, b.page, REMOTE);
      await b.page.run(() => globalThis.call.toggleTrack('audio', false));
      await a.page.until(() => globalThis.call.participants[0]?.tracks.microphone.state === 'muted', patience(3000, 'a mute after the reconnect'));
      await Promise.all([a, b].map(({ page }) => nobodyJoinedOrLeft(page)));
    });

    test(`F4 the server is killed and restarted: both reconnect, and the media has no gap (${other})`, async () => {
      let server = await start();
      const [a, b] = await twoInCall(server, other);
      const watch = await gaps(a.page, b.page);
      await server.stop('SIGKILL');
      await Promise.all([a, b].map(({ page }) => stateIs(page, 'reconnecting')));
      await b.page.run(() => globalThis.call.toggleTrack('audio', false));
      await new Promise((resolve) => setTimeout(resolve, 5000));
      server = await start('--listen', new URL(server.origin).host);
      await within(3000, { row: 'F4', browser: other, what: 'both reconnect' }, async () => {
        const began = performance.now();
        await Promise.all([a, b].map(({ page }) => stateIs(page, 'connected')));
        return performance.now() - began;
      });
      await within(500, { row: 'F4', browser: other, what: 'longest gap of the media' }, () => watch.longest(1000));
      await a.page.until(() => globalThis.call.participants[0]?.tracks.microphone.state === 'muted', patience(5000, 'a mute from before the reconnect'));
      await Promise.all([a, b].map(({ page }) => nobodyJoinedOrLeft(page)));
    });

    test(`F2 the server stops answering: the socket is closed within 12 s, and signaling reconnects (${other})`, async () => {
      const server = await start();
      const [a, b] = await twoInCall(server, other);
      const watch = await gaps(a.page, b.page);
      server.signal('SIGSTOP');
      await within(12_500, { row: 'F2', browser: other, what: 'the dead socket is closed' }, async () => {
        const began = performance.now();
        await Promise.all([a, b].map(({ page }) => stateIs(page, 'reconnecting')));
        return performance.now() - began;
      });
      server.signal('SIGCONT');
      await Promise.all([a, b].map(({ page }) => stateIs(page, 'connected')));
      await within(500, { row: 'F2', browser: other, what: 'longest gap of the media' }, () => watch.longest(1000));
      await Promise.all([a, b].map(({ page }) => nobodyJoinedOrLeft(page)));
    });

    test(`the server does not return: the call ends after the time that \`reconnect\` allows, and releases everything (${other})`, async () => {
      const server = await start();
      const joined = await fixtures.join(fixtures.browser(other, bob), site.origin, { signaling: server.socket('/rooms'), room, reconnect: 2 });
      joined.page.expectFault(SOCKET_FAILED);
      await server.stop('SIGKILL');
      await joined.page.until(() => globalThis.log.find(({ type, reason }) => type === 'ended' && reason === 'server-gone'), patience(8000, 'the end'));
      assert.ok((await endAndRelease(joined.page)) < limit(500));
    });
  }
});
