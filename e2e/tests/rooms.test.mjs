// Participants join and leave a room of three: the others notice, and the seat is free again.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, dan, freshRoom } from '../lib/participants.mjs';
import { hears, inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('joining and leaving', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let room;

  before(async () => {
    server = await startServer('--room-capacity', '3');
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  beforeEach(() => {
    room = freshRoom();
  });

  const join = (person) =>
    fixtures.join(fixtures.browser('chromium', person), site.origin, { signaling: server.socket('/rooms'), room });

  const threeInCall = async () => {
    const people = [];
    for (const person of [ann, bob, cat]) people.push(await join(person));
    await allInCall(people);
    return people;
  };
  const allInCall = (people) => Promise.all(people.map(({ page }) => receivesOthers(page, people)));

  /** Waits until an element with the stream of each other participant plays their picture and tone. */
  async function receivesOthers(page, everyone) {
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

  const participantLeft = (page, id, timeout) =>
    page.until(
      (id) => globalThis.log.find((entry) => entry.type === 'participant-left' && entry.participant.id === id),
      id,
      patience(timeout, 'participant-left'),
    );

  test('one of three leaves: the others are notified at once, and a fourth can join', async () => {
    const [a, b, c] = await threeInCall();
    const full = await join(dan);
    assert.equal(full.error?.code, 'room-full');
    assert.equal(full.error.category, 'signaling');

    const left = await c.page.run(() => {
      const now = Date.now();
      globalThis.call.endCall();
      return now;
    });
    for (const { page } of [a, b]) {
      const { at, reason } = await participantLeft(page, c.id, 3000);
      assert.equal(reason, 'bye');
      assert.ok(at - left <= limit(300), `${page.person.name} was notified after ${at - left} ms`);
      const snapshot = await page.run(() => globalThis.snapshot());
      assert.equal(snapshot.participants.length, 1);
    }

    const d = await join(dan);
    assert.equal(d.error, undefined);
    await allInCall([a, b, d]);
  });

  test('the browser of one of three is killed: the others stay in the call, and the seat is free again', async () => {
    const [a, b, c] = await threeInCall();
    await fixtures.kill('chromium', cat, c.page);
    for (const { page } of [a, b]) {
      const { reason } = await participantLeft(page, c.id, 20_000);
      assert.equal(reason, 'lost');
    }
    await allInCall([a, b]);
    const again = await join(cat);
    assert.equal(again.error, undefined);
    await allInCall([a, b, again]);
  });

  test('a page is closed and does not return: the other is notified that it left', async () => {
    const a = await join(ann);
    const c = await join(cat);
    await c.page.goto(`${site.origin}/?elsewhere`);
    const { reason } = await participantLeft(a.page, c.id, 8000);
    assert.equal(reason, 'bye');
  });

  test('over a relay a browser is killed: the other notices by the missing media', async () => {
    const options = { signaling: { url: server.socket(`/relay/${room}`), dialect: 'relay' } };
    const joinRelay = (person) => fixtures.join(fixtures.browser('chromium', person), site.origin, options);
    const a = await joinRelay(ann);
    const c = await joinRelay(cat);
    await inCall(a.page, c.page, REMOTE);
    await fixtures.kill('chromium', cat, c.page);
    const { reason } = await participantLeft(a.page, c.id, 20_000);
    assert.equal(reason, 'lost');
    const again = await joinRelay(cat);
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
