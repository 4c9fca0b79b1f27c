// Three people in one room: who sees whom, and what the others notice when one goes.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, dan, freshRoom } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';
import { stage } from '../lib/stage.mjs';

describe('three people in a room', () => {
  const scene = stage();
  let server;
  let site;
  let room;
  let people;

  before(async () => {
    server = await startServer('--room-capacity', '3');
    site = await callSite();
    scene.defer(() => server.stop());
    scene.defer(() => site.stop());
  });

  beforeEach(async () => {
    room = freshRoom();
    people = [];
    for (const person of [ann, bob, cat]) people.push(await enter(person));
    await Promise.all(people.map(({ page }) => perceivesOthers(page, people)));
  });

  const enter = (person) =>
    scene.join(scene.browser('chromium', person), site.origin, { signaling: server.socket('/rooms'), room });

  /** Waits until the streams of `call.participants` hold each of the others' picture and tone. */
  async function perceivesOthers(page, everyone) {
    const others = everyone.map((one) => one.page.person).filter((person) => person !== page.person);
    for (const { name, person, tone } of others) {
      await page.until(
        async (name, person, tone) => {
          const other = globalThis.call.participants.find((participant) => participant.name === name);
          if (!other?.stream || other.connection !== 'connected') return false;
          const videos = (globalThis.videos ??= new Map());
          if (!videos.has(name)) {
            const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true });
            document.body.append(video);
            videos.set(name, { video, counters: new Set() });
          }
          const { video, counters } = videos.get(name);
          if (video.srcObject !== other.stream) video.srcObject = other.stream;
          const picture = globalThis.__e2e.see(video);
          if (picture?.person !== person) return false;
          counters.add(picture.counter);
          return counters.size >= 4 && Math.abs((await globalThis.__e2e.hear(other.stream)) - tone) < 20;
        },
        name,
        person,
        tone,
        patience(20_000, `${name}'s picture and tone`),
      );
    }
  }

  const leaving = (page, id, timeout) =>
    page.until(
      (id) => globalThis.log.find((entry) => entry.type === 'participant-left' && entry.participant.id === id),
      id,
      patience(timeout, 'participant-left'),
    );

  test('one leaves: the others know within 300 ms, and the place is free', async () => {
    const [a, b, c] = people;
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
      assert.ok(at - left <= 300, `${page.person.name} knew after ${at - left} ms`);
      const snapshot = await page.run(() => globalThis.snapshot());
      assert.equal(snapshot.participants.length, 1);
    }

    const d = await enter(dan);
    assert.equal(d.error, undefined);
    await Promise.all([a, b, d].map(({ page }) => perceivesOthers(page, [a, b, d])));
  });

  test('a browser is killed: its place is free again, the other two go on', async () => {
    const [a, b, c] = people;
    await scene.kill('chromium', cat, c.page);
    for (const { page } of [a, b]) {
      const { reason } = await leaving(page, c.id, 20_000);
      assert.equal(reason, 'lost');
    }
    await Promise.all([a, b].map(({ page }) => perceivesOthers(page, [a, b])));
    const again = await enter(cat);
    assert.equal(again.error, undefined);
    await Promise.all([a, b, again].map(({ page }) => perceivesOthers(page, [a, b, again])));
  });

  test('a page is closed or loaded anew: it says goodbye', async () => {
    const [a, , c] = people;
    await c.page.goto(`${site.origin}/?elsewhere`);
    const { reason } = await leaving(a.page, c.id, 3000);
    assert.equal(reason, 'bye');
  });
});
