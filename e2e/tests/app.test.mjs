// The app, with itself and with the plain page.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { hears, hearsNothing, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const OTHERS = '[data-participant]:not([data-participant="self"]) video';
const REMOTE = '#remoteVideoElement';

describe('the app', () => {
  const scene = fixtures();
  let server;

  before(async () => {
    scene.browser('firefox', bob); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    scene.defer(() => server.stop());
  });

  const app = async (browser, room) => {
    const page = await scene.open(browser, `${server.origin}/?room=${room}`);
    await page.until(() => document.querySelector('#join'));
    assert.equal(await page.run(() => document.querySelector('#room').value), room);
    await page.fill('#name', page.person.name);
    await page.click('#join');
    await page.until(() => document.querySelector('[data-call-state="connected"]'));
    return { page, others: OTHERS };
  };
  const plain = async (browser, room) => {
    const { name } = (await browser).person;
    const query = new URLSearchParams({ room, name, autostart: '' });
    return { page: await scene.open(browser, `${server.origin}/examples/plain/?${query}`), others: REMOTE };
  };
  const bothInCall = async (a, b) => {
    await Promise.all([sees(a.page, b.page.person, a.others), sees(b.page, a.page.person, b.others)]);
    await Promise.all([hears(a.page, b.page.person, a.others), hears(b.page, a.page.person, b.others)]);
  };
  const tile = (page, attribute, value, timeout = 3000) =>
    page.until(
      (attribute, value) => document.querySelector(`[data-participant]:not([data-participant="self"])[${attribute}="${value}"]`),
      attribute,
      value,
      patience(timeout, `a tile with ${attribute}=${value}`),
    );
  const tiles = (page, count) =>
    page.until(
      (count) => document.querySelectorAll('[data-participant]:not([data-participant="self"])').length === count,
      count,
      patience(5000, `${count} tiles of others`),
    );

  for (const other of ['chromium', 'firefox']) {
    test(`app and app, Chromium and ${other}, whoever comes first`, async () => {
      const [a, b] = await Promise.all([scene.browser('chromium', ann), scene.browser(other, bob)]);
      for (const [first, second] of [[a, b], [b, a]]) {
        const room = freshRoom();
        const people = [await app(first, room), await app(second, room)];
        await bothInCall(...people);
        for (const { page } of people) {
          await tile(page, 'data-connection', 'connected');
          await sees(page, page.person, '[data-participant="self"] video');
        }
        await people[0].page.click('#leave');
        await tiles(people[1].page, 0);
        await people[0].page.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(limit(500), 'everything released'));
      }
    });

    test(`app and plain page, Chromium and ${other}, whoever comes first`, async () => {
      const [a, b] = await Promise.all([scene.browser('chromium', ann), scene.browser(other, bob)]);
      for (const turn of [[app, plain], [plain, app]]) {
        const room = freshRoom();
        await bothInCall(await turn[0](a, room), await turn[1](b, room));
      }
    });
  }

  test('mute and camera off are seen at the other end, by mouse and by keyboard', async () => {
    const room = freshRoom();
    const a = await app(scene.browser('chromium', ann), room);
    const b = await app(scene.browser('chromium', bob), room);
    await bothInCall(a, b);
    await a.page.click('#toggle-audio');
    await tile(b.page, 'data-audio', 'muted');
    await hearsNothing(b.page, OTHERS);
    await a.page.raw.focus('#toggle-video');
    await a.page.raw.keyboard.press('Enter');
    await tile(b.page, 'data-video', 'muted');
    await a.page.click('#toggle-audio');
    await a.page.click('#toggle-video');
    await tile(b.page, 'data-audio', 'live');
    await tile(b.page, 'data-video', 'live');
    await bothInCall(a, b);
  });

  test('three people, one leaves, one closes the window', async () => {
    const room = freshRoom();
    const people = [];
    for (const person of [ann, bob, cat]) people.push(await app(scene.browser('chromium', person), room));
    for (const { page } of people) {
      for (const other of people) if (other.page !== page) await sees(page, other.page.person, OTHERS);
    }
    await people[2].page.click('#leave');
    await Promise.all([tiles(people[0].page, 1), tiles(people[1].page, 1)]);
    await people[1].page.goto('about:blank');
    await tiles(people[0].page, 0);
  });

  test('a denied camera is explained, and the call goes on', async () => {
    const room = freshRoom();
    const b = await app(scene.browser('chromium', bob), room);
    const a = await app(scene.browser('chromium', ann, { devices: 'denied' }), room);
    await sees(a.page, bob, OTHERS);
    await a.page.until(() => [...document.querySelectorAll('[role=alert]')].some((alert) => /blocked|allow/i.test(alert.textContent)));
    await tile(b.page, 'data-video', 'permission-denied');
  });

  test('a wrong room name and a full room are explained', async () => {
    const page = await scene.open(scene.browser('chromium', ann), `${server.origin}/?room=${encodeURIComponent('no slash/in here')}`);
    await page.until(() => document.querySelector('#join'));
    await page.fill('#name', 'Ann');
    await page.click('#join');
    await page.until(() => document.querySelector('[role=alert]')?.textContent.trim() || !document.querySelector('#room').checkValidity());

    const small = await startServer('--room-capacity', '1');
    try {
      const room = freshRoom();
      const enter = async (person) => {
        const page = await scene.open(scene.browser('chromium', person), `${small.origin}/?room=${room}`);
        await page.until(() => document.querySelector('#join'));
        await page.fill('#name', person.name);
        await page.click('#join');
        return page;
      };
      const first = await enter(bob);
      await first.until(() => document.querySelector('[data-call-state="connected"]'));
      const second = await enter(ann);
      await second.until(() => /full/i.test(document.querySelector('[role=alert]')?.textContent ?? ''));
      await second.until(() => globalThis.__e2e.holdings().tracks === 0, patience(limit(500), 'the camera light to go off'));
      await first.click('#leave');
    } finally {
      await small.stop();
    }
  });
});
