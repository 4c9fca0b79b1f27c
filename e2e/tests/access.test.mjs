// Access tokens: which ones start a call, and calls that outlive them.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { inCall, seesNobody } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { accessToken, SECRET } from '../lib/tokens.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('access tokens', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer('--auth-secret', SECRET, '--auth-leeway', '0');
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  const join = (kind, person, options) =>
    fixtures.join(fixtures.browser(kind, person), site.origin, { signaling: server.socket('/rooms'), ...options });

  /** Starts a call whose tokens come from `supply`, which runs here. */
  const joinWith = async (kind, person, room, supply) => {
    const page = await prepare(await fixtures.open(fixtures.browser(kind, person), site.origin));
    await page.raw.exposeFunction('supplyToken', supply);
    const options = { signaling: server.socket('/rooms'), room };
    const outcome = await page.run((options) => globalThis.start({ ...options, token: () => globalThis.supplyToken() }), options);
    return { page, ...outcome };
  };

  test('a call without a good token does not start, and its error says why', async () => {
    const room = freshRoom();
    for (const [token, code] of [
      [undefined, 'invalid-token'],
      ['nonsense', 'invalid-token'],
      [accessToken({ seconds: -5 }), 'token-expired'],
      [accessToken({ room: 'another' }), 'forbidden'],
      [accessToken({ grants: ['publish'] }), 'forbidden'],
    ]) {
      const { error } = await join('chromium', ann, { room, token });
      assert.equal(error?.code, code);
      assert.equal(error.category, 'signaling');
    }
    const once = accessToken({ jti: room, once: true });
    assert.equal((await join('chromium', ann, { room, token: once })).error, undefined);
    assert.equal((await join('chromium', ann, { room: freshRoom(), token: once })).error?.code, 'token-used');
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`a call goes on without a gap for several lifetimes of its tokens, ${kind}`, async () => {
      const room = freshRoom();
      const supplied = [];
      const a = await join('chromium', ann, { room, token: accessToken() });
      const b = await joinWith(kind, bob, room, () => {
        supplied.push(accessToken({ seconds: 3, sub: 'bob' }));
        return supplied.at(-1);
      });
      await inCall(a.page, b.page, REMOTE);
      const since = await a.page.run(() => globalThis.log.length);
      // The fourth token is fetched when the first two have expired.
      await b.page.until(() => globalThis.call.state === 'connected');
      const end = Date.now() + 30_000;
      while (supplied.length < 4 && Date.now() < end) await b.page.run(() => new Promise((resolve) => setTimeout(resolve, 100)));
      assert.ok(supplied.length >= 4, `${supplied.length} tokens`);
      await inCall(a.page, b.page, REMOTE);
      const events = await a.page.run((since) => globalThis.log.slice(since), since);
      const gaps = events.filter(({ type, participant }) => type === 'participant-left' || participant?.away || type === 'ended');
      assert.deepEqual(gaps, []);
      const states = await b.page.run(() => globalThis.log.filter(({ type }) => type === 'state-changed').map(({ state }) => state));
      assert.ok(!states.includes('reconnecting'), states.join());
    });
  }

  test('a page that has no more tokens leaves the call, which says why', async () => {
    let isFirst = true;
    const { page } = await joinWith('chromium', ann, freshRoom(), () => {
      if (!isFirst) throw new Error('signed out');
      isFirst = false;
      return accessToken({ seconds: 2 });
    });
    const error = await page.until(() => globalThis.log.find(({ type }) => type === 'errorHandler')?.error);
    assert.equal(error.code, 'token-failed');
    const ended = await page.until(() => globalThis.log.find(({ type }) => type === 'ended'), patience(30_000, 'the end'));
    assert.equal(ended.reason, 'token-expired');
  });

  test('a participant who may send sound only is not seen, and can not turn the camera on', async () => {
    const room = freshRoom();
    const a = await join('chromium', ann, { room, token: accessToken() });
    const b = await join('firefox', bob, { room, token: accessToken({ grants: ['join', 'publish-microphone'] }) });
    await b.page.until(() => globalThis.call.camera === 'muted' && globalThis.call.microphone === 'live');
    await a.page.until(() => globalThis.call.participants[0]?.connection === 'connected');
    assert.equal(await a.page.run(() => globalThis.call.participants[0].video), 'not-requested');
    assert.deepEqual(await b.page.run(() => globalThis.call.grants), ['join', 'publish-microphone']);
    assert.equal(await b.page.run(() => globalThis.call.toggleTrack('video', true)), false);
    const error = await b.page.until(() => globalThis.log.find(({ type }) => type === 'errorHandler')?.error);
    assert.equal(error.code, 'not-permitted');
    await seesNobody(a.page, REMOTE);
  });
});
