// Who comes and goes: what the others notice, and that the place is free again.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, dan, freshRoom } from '../lib/participants.mjs';
import { hears, inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('who comes and goes', () => {
  const scene = fixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startServer('--room-capacity', '3');
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const enter = (person) =>
    scene.join(scene.browser('chromium', person), site.origin, { signaling: server.socket('/rooms'), room });

  const three = async () => {
    const people = [];
    for (const person of [ann, bob, cat]) people.push(await enter(person));
    await allPerceive(people);
    return people;
  };
  const allPerceive = (people) => Promise.all(people.map(({ page }) => perceivesOthers(page, people)));

  /** Waits until an element with the stream of each other participant plays their picture and tone. */
  async function perceivesOthers(page, everyone) {
    const others = everyone.map((one) => one.page.person).filter((person) => person !== page.person);
    await Promise.all(
      others.map(async (other) => {
        await page.until(showParticipant, other.name, patience(20_000, `${other.name} to be connected`));
        const element = `[data-participant="${other.name}"]`;
        await sees(page, other, element);
        await hears(page, other, element);
      }),
    );
  }

  const leaving = (page, id, timeout) =>
    page.until(
      (id) => globalThis.log.find((entry) => entry.type === 'participant-left' && entry.participant.id === id),
      id,
      patience(timeout, 'participant-left'),
    );

  test('one of three leaves: the others know within 300 ms, and the place is free', async () => {
    const [a, b, c] = await three();
    const full = await enter(dan);
    assert.equal(full.error?.code, 'room-full');
    assert.equal(full.error.category, 'signaling');

    const left = await c.page.run(() => {
      const now = Date.now();
      globalThis.call.endCall();
      return now;
    });
    for (const { page } of [a, b]) {
      const { at, reason } = await leaving(page, c.id, 3000);
      assert.equal(reason, 'bye');
      assert.ok(at - left <= limit(300), `${page.person.name} knew after ${at - left} ms`);
      const snapshot = await page.run(() => globalThis.snapshot());
      assert.equal(snapshot.participants.length, 1);
    }

    const d = await enter(dan);
    assert.equal(d.error, undefined);
    await allPerceive([a, b, d]);
  });

  test('the browser of one of three is killed: their place is free again, the others go on', async () => {
    const [a, b, c] = await three();
    await scene.kill('chromium', cat, c.page);
    for (const { page } of [a, b]) {
      const { reason } = await leaving(page, c.id, 20_000);
      assert.equal(reason, 'lost');
    }
    await allPerceive([a, b]);
    const again = await enter(cat);
    assert.equal(again.error, undefined);
    await allPerceive([a, b, again]);
  });

  test('a page is closed: it says goodbye, and is gone when it does not come back', async () => {
    const a = await enter(ann);
    const c = await enter(cat);
    await c.page.goto(`${site.origin}/?elsewhere`);
    const { reason } = await leaving(a.page, c.id, 8000);
    assert.equal(reason, 'bye');
  });

  test('over a relay nobody tells that a browser was killed: the session finds out', async () => {
    const options = { signaling: { url: server.socket(`/relay/${room}`), dialect: 'relay' } };
    const join = (person) => scene.join(scene.browser('chromium', person), site.origin, options);
    const a = await join(ann);
    const c = await join(cat);
    await inCall(a.page, c.page, REMOTE);
    await scene.kill('chromium', cat, c.page);
    const { reason } = await leaving(a.page, c.id, 20_000);
    assert.equal(reason, 'lost');
    const again = await join(cat);
    await inCall(a.page, again.page, REMOTE);
  });
});

/** Runs in the page: plays a participant's stream in an element of its own; `false` if they are not connected. */
function showParticipant(name) {
  const participant = globalThis.call.participants.find((participant) => participant.name === name);
  if (!participant?.stream || participant.connection !== 'connected') return false;
  const video = document.querySelector(`[data-participant="${name}"]`) ?? document.createElement('video');
  Object.assign(video, { autoplay: true });
  video.dataset.participant = name;
  if (!video.isConnected) document.body.append(video);
  if (video.srcObject !== participant.stream) video.srcObject = participant.stream;
  return true;
}
