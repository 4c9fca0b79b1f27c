// Moderation between real browsers: what a moderator does takes effect, stays after a reload and a reconnect, and nobody
// else can do it.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { hears, hearsNothing, inCall, seesNobody } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { accessToken, MODERATOR, SECRET } from '../lib/tokens.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('moderation', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer('--auth-secret', SECRET);
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  const optionsOf = (person, room, grants) => ({
    signaling: server.socket('/rooms'),
    room,
    token: accessToken({ sub: person.name, name: person.name, grants }),
  });
  const enter = (kind, person, room, grants = ['join', 'publish']) =>
    fixtures.join(fixtures.browser(kind, person), site.origin, optionsOf(person, room, grants));
  /** Ann, who moderates, and Bob, in a call. */
  const pair = async (room = freshRoom()) => {
    const a = await enter('chromium', ann, room, MODERATOR);
    const b = await enter('firefox', bob, room);
    await inCall(a.page, b.page, REMOTE);
    return { room, a: a.page, b: b.page, bobId: b.id };
  };
  const moderate = (page, act, ...args) => page.run((act, args) => globalThis.call.moderate[act](...args), act, args);
  const ended = (page) => page.until(() => globalThis.log.find(({ type }) => type === 'ended')?.reason, patience(5000, 'the end'));
  /** Loads the page again and starts the same call. */
  const reload = async (page, options) => {
    await page.raw.reload();
    await prepare(page);
    return page.run((options) => globalThis.start(options), options);
  };
  const reconnect = async (page) => {
    await page.run(() => globalThis.call.simulate({ kind: 'kill-socket' }));
    await page.until(() => globalThis.log.some(({ state }) => state === 'reconnecting'));
    await page.until(() => globalThis.call.state === 'connected');
  };

  test('a muted participant is not heard, also after a reload, until they unmute themselves', async () => {
    const { room, a, b, bobId } = await pair();
    await moderate(a, 'mute', bobId);
    await hearsNothing(a, REMOTE);
    assert.equal(await b.run(() => globalThis.call.microphone), 'muted');
    const asked = await b.until(() => globalThis.log.find(({ type }) => type === 'asked'));
    assert.deepEqual([asked.act, asked.from], ['mute', ann.name]);
    await reconnect(b);
    await hearsNothing(a, REMOTE);
    await reload(b, optionsOf(bob, room, ['join', 'publish']));
    await a.until(() => globalThis.call.participants[0]?.connection === 'connected');
    await hearsNothing(a, REMOTE);
    assert.equal(await b.run(() => globalThis.call.toggleTrack('audio', true)), true);
    await hears(a, bob, REMOTE);
  });

  test('a participant whose video was stopped is not seen', async () => {
    const { a, b, bobId } = await pair();
    await moderate(a, 'stopVideo', bobId);
    await seesNobody(a, REMOTE);
    assert.equal(await b.run(() => globalThis.call.camera), 'muted');
    await moderate(a, 'stopScreen', bobId);
    await b.until(() => globalThis.log.some(({ act }) => act === 'stop-screen'));
  });

  test('a removed participant is out, and stays out after a reload', async () => {
    const { room, a, b, bobId } = await pair();
    await moderate(a, 'remove', bobId);
    assert.equal(await ended(b), 'removed');
    await a.until(() => globalThis.log.find(({ type }) => type === 'participant-left')?.reason === 'removed');
    assert.equal((await reload(b, optionsOf(bob, room, ['join', 'publish']))).error?.code, 'removed');
  });

  test('a locked room stays locked while its people reload and reconnect', async () => {
    const { room, a, b } = await pair();
    await moderate(a, 'lock');
    await b.until(() => globalThis.call.locked);
    assert.equal((await enter('chromium', cat, room)).error?.code, 'room-locked');
    await reconnect(a);
    assert.equal(await a.run(() => globalThis.call.locked), true);
    assert.equal((await reload(b, optionsOf(bob, room, ['join', 'publish']))).error, undefined);
    assert.equal(await b.run(() => globalThis.call.locked), true);
    assert.equal((await enter('chromium', cat, room)).error?.code, 'room-locked');
    await moderate(a, 'lock', false);
    await b.until(() => !globalThis.call.locked);
    assert.equal((await enter('chromium', cat, room)).error, undefined);
  });

  test('newcomers wait in the lobby until the moderator admits or denies them', async () => {
    const room = freshRoom();
    const { page: a } = await enter('chromium', ann, room, MODERATOR);
    await moderate(a, 'lobby');
    await a.until(() => globalThis.call.lobby);
    const { page: b } = await enter('firefox', bob, room);
    assert.equal(await b.run(() => globalThis.call.state), 'waiting');
    const knock = await a.until(() => globalThis.call.knocks[0]);
    assert.equal(knock.name, bob.name);
    // A moderator who reloads still sees who waits.
    await reload(a, optionsOf(ann, room, MODERATOR));
    assert.equal((await a.until(() => globalThis.call.knocks[0])).id, knock.id);
    await moderate(a, 'admit', knock.id);
    await inCall(a, b, REMOTE);
    assert.deepEqual(await a.run(() => globalThis.call.knocks), []);

    const { page: e } = await enter('chromium', cat, room);
    assert.equal(await e.run(() => globalThis.call.state), 'waiting');
    await moderate(a, 'deny', (await a.until(() => globalThis.call.knocks[0])).id);
    assert.equal(await ended(e), 'denied');
  });

  test('a call that is ended for all ends for all', async () => {
    const { a, b } = await pair();
    await moderate(a, 'endForAll');
    for (const page of [a, b]) assert.equal(await ended(page), 'call-ended');
  });

  test('nobody else can moderate: an error at once, and nothing happens', async () => {
    const { a, b } = await pair();
    const codes = await b.run(() => {
      const { moderate } = globalThis.call;
      const id = globalThis.call.participants[0].id;
      const acts = ['admit', 'deny', 'lock', 'lobby', 'mute', 'stopVideo', 'stopScreen', 'remove', 'endForAll'];
      return acts.map((act) => {
        try {
          return void moderate[act](act === 'lock' || act === 'lobby' ? true : id);
        } catch (error) {
          return error.code;
        }
      });
    });
    assert.deepEqual([...new Set(codes)], ['not-permitted']);
    await inCall(a, b, REMOTE);
    assert.equal(await a.run(() => globalThis.call.locked), false);
  });
});
