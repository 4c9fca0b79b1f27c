// The way to the server is lost: the media goes on, and the call finds its way back.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite, endAndRelease } from '../lib/calls.mjs';
import { limit, within } from '../lib/faults.mjs';
import { gaps } from '../lib/gaps.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

/** What a browser writes to its console when a socket fails that a script has opened. */
const SOCKET_FAILED = /WebSocket|can.t establish a connection|connection to ws\S+ was interrupted/i;

describe('the way to the server is lost', () => {
  const scene = fixtures();
  let site;
  let room;

  before(async () => {
    site = await callSite();
    scene.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const started = async (...args) => {
    const server = await startServer(...args);
    scene.defer(() => server.stop());
    return server;
  };

  const enter = async (server, kind, person) => {
    const joined = await scene.join(scene.browser(kind, person), site.origin, { signaling: server.socket('/rooms'), room });
    joined.page.expectFault(SOCKET_FAILED);
    return joined;
  };

  const two = async (server, other) => {
    const pair = [await enter(server, 'chromium', ann), await enter(server, other, bob)];
    await inCall(pair[0].page, pair[1].page, REMOTE);
    return pair;
  };

  const reaches = (page, state, timeout = 20_000) =>
    page.until((state) => globalThis.call.state === state, state, patience(timeout, `the state '${state}'`));

  /** Nobody came or went, for as long as the call has been. */
  const nobodyMoved = async (page) => {
    const moved = await page.run(() => globalThis.log.filter(({ type }) => /^participant-(joined|left)$/.test(type)).length);
    assert.ok(moved <= 1, `${page.person.name} saw ${moved} come or go`);
  };

  for (const other of ['chromium', 'firefox']) {
    test(`F1 the socket is cut: the way back takes no 2 s, and the media has no gap (${other})`, async () => {
      const server = await started();
      const [a, b] = await two(server, other);
      const watch = await gaps(a.page, b.page);
      await within(2000, { row: 'F1', browser: other, what: 'signaling is back' }, () =>
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
      await a.page.until(() => globalThis.call.participants[0]?.audio === 'muted', patience(3000, 'the mute after the return'));
      await Promise.all([a, b].map(({ page }) => nobodyMoved(page)));
    });

    test(`F4 the server is killed and comes back: both are in again within 3 s, and the media has no gap (${other})`, async () => {
      let server = await started();
      const [a, b] = await two(server, other);
      const watch = await gaps(a.page, b.page);
      await server.stop('SIGKILL');
      await Promise.all([a, b].map(({ page }) => reaches(page, 'reconnecting')));
      await b.page.run(() => globalThis.call.toggleTrack('audio', false));
      await new Promise((resolve) => setTimeout(resolve, 5000));
      server = await started('--listen', new URL(server.origin).host);
      await within(3000, { row: 'F4', browser: other, what: 'both are in again' }, async () => {
        const began = performance.now();
        await Promise.all([a, b].map(({ page }) => reaches(page, 'connected')));
        return performance.now() - began;
      });
      await within(500, { row: 'F4', browser: other, what: 'longest gap of the media' }, () => watch.longest(1000));
      await a.page.until(() => globalThis.call.participants[0]?.audio === 'muted', patience(5000, 'what was muted meanwhile'));
      await Promise.all([a, b].map(({ page }) => nobodyMoved(page)));
    });

    test(`F2 the server stops answering: the socket is given up within 12 s and found again (${other})`, async () => {
      const server = await started();
      const [a, b] = await two(server, other);
      const watch = await gaps(a.page, b.page);
      server.signal('SIGSTOP');
      await within(12_500, { row: 'F2', browser: other, what: 'the dead socket is given up' }, async () => {
        const began = performance.now();
        await Promise.all([a, b].map(({ page }) => reaches(page, 'reconnecting')));
        return performance.now() - began;
      });
      server.signal('SIGCONT');
      await Promise.all([a, b].map(({ page }) => reaches(page, 'connected')));
      await within(500, { row: 'F2', browser: other, what: 'longest gap of the media' }, () => watch.longest(1000));
      await Promise.all([a, b].map(({ page }) => nobodyMoved(page)));
    });

    test(`the server does not come back: the call ends when its patience does, and holds nothing (${other})`, async () => {
      const server = await started();
      const joined = await scene.join(scene.browser(other, bob), site.origin, { signaling: server.socket('/rooms'), room, reconnect: 2 });
      joined.page.expectFault(SOCKET_FAILED);
      await server.stop('SIGKILL');
      await joined.page.until(() => globalThis.log.find(({ type, reason }) => type === 'ended' && reason === 'server-gone'), patience(8000, 'the end'));
      assert.ok((await endAndRelease(joined.page)) < limit(500));
    });
  }
});
