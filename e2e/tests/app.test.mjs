// Calls between two pages of the app, and between the app and the plain page.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { hears, hearsNothing, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const OTHERS = '[data-participant]:not([data-participant="self"]) video';
const REMOTE = '#remoteVideoElement';

describe('the app', () => {
  const fixtures = createFixtures();
  let server;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
  });

  const joinByApp = async (browser, room) => {
    const page = await fixtures.open(browser, `${server.origin}/?room=${room}`);
    await page.until(() => document.querySelector('#join'));
    assert.equal(await page.run(() => document.querySelector('#room').value), room);
    await page.fill('#name', page.person.name);
    await page.click('#join');
    await page.until(() => document.querySelector('[data-call-state="connected"]'));
    return { page, others: OTHERS };
  };
  const joinByPlainPage = async (browser, room) => {
    const { name } = (await browser).person;
    const query = new URLSearchParams({ room, name, autostart: '' });
    return { page: await fixtures.open(browser, `${server.origin}/examples/plain/?${query}`), others: REMOTE };
  };
  const bothInCall = async (a, b) => {
    await Promise.all([sees(a.page, b.page.person, a.others), sees(b.page, a.page.person, b.others)]);
    await Promise.all([hears(a.page, b.page.person, a.others), hears(b.page, a.page.person, b.others)]);
  };
  const tileHas = (page, attribute, value, timeout = 3000) =>
    page.until(
      (attribute, value) => document.querySelector(`[data-participant]:not([data-participant="self"])[${attribute}="${value}"]`),
      attribute,
      value,
      patience(timeout, `a tile with ${attribute}=${value}`),
    );
  const tilesAre = (page, count) =>
    page.until(
      (count) => document.querySelectorAll('[data-participant]:not([data-participant="self"])').length === count,
      count,
      patience(5000, `${count} tiles of others`),
    );

  for (const other of ['chromium', 'firefox']) {
    test(`two pages of the app, Chromium and ${other}, are in a call in either order of joining`, async () => {
      const [a, b] = await Promise.all([fixtures.browser('chromium', ann), fixtures.browser(other, bob)]);
      for (const [first, second] of [[a, b], [b, a]]) {
        const room = freshRoom();
        const people = [await joinByApp(first, room), await joinByApp(second, room)];
        await bothInCall(...people);
        for (const { page } of people) {
          await tileHas(page, 'data-connection', 'connected');
          await sees(page, page.person, '[data-participant="self"] video');
        }
        await people[0].page.click('#leave');
        await tilesAre(people[1].page, 0);
        await people[0].page.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(limit(500), 'everything released'));
      }
    });

    test(`the app and the plain page, Chromium and ${other}, are in a call, whichever is which`, async () => {
      const [a, b] = await Promise.all([fixtures.browser('chromium', ann), fixtures.browser(other, bob)]);
      for (const [joinFirst, joinSecond] of [[joinByApp, joinByPlainPage], [joinByPlainPage, joinByApp]]) {
        const room = freshRoom();
        await bothInCall(await joinFirst(a, room), await joinSecond(b, room));
      }
    });
  }

  test('mute by mouse and camera off by keyboard are shown at the other end', async () => {
    const room = freshRoom();
    const a = await joinByApp(fixtures.browser('chromium', ann), room);
    const b = await joinByApp(fixtures.browser('chromium', bob), room);
    await bothInCall(a, b);
    await a.page.click('#toggle-audio');
    await tileHas(b.page, 'data-audio', 'muted');
    await hearsNothing(b.page, OTHERS);
    await a.page.raw.focus('#toggle-video');
    await a.page.raw.keyboard.press('Enter');
    await tileHas(b.page, 'data-video', 'off');
    await a.page.click('#toggle-audio');
    await a.page.click('#toggle-video');
    await tileHas(b.page, 'data-audio', 'live');
    await tileHas(b.page, 'data-video', 'live');
    await bothInCall(a, b);
  });

  test('of three participants one leaves and one closes the page: their tiles are removed', async () => {
    const room = freshRoom();
    const people = [];
    for (const person of [ann, bob, cat]) people.push(await joinByApp(fixtures.browser('chromium', person), room));
    for (const { page } of people) {
      for (const other of people) if (other.page !== page) await sees(page, other.page.person, OTHERS);
    }
    await people[2].page.click('#leave');
    await Promise.all([tilesAre(people[0].page, 1), tilesAre(people[1].page, 1)]);
    await people[1].page.goto('about:blank');
    await tilesAre(people[0].page, 0);
  });

  test('a denied camera is explained, and the call continues', async () => {
    const room = freshRoom();
    const b = await joinByApp(fixtures.browser('chromium', bob), room);
    const a = await joinByApp(fixtures.browser('chromium', ann, { devices: 'denied' }), room);
    await sees(a.page, bob, OTHERS);
    await a.page.until(() => [...document.querySelectorAll('[role=alert]')].some((alert) => /blocked|allow/i.test(alert.textContent)));
    await tileHas(b.page, 'data-video', 'permission-denied');
  });

  test('a wrong room name and a full room are explained', async () => {
    const page = await fixtures.open(fixtures.browser('chromium', ann), `${server.origin}/?room=${encodeURIComponent('no slash/in here')}`);
    await page.until(() => document.querySelector('#join'));
    await page.fill('#name', 'Ann');
    await page.click('#join');
    await page.until(() => document.querySelector('[role=alert]')?.textContent.trim() || !document.querySelector('#room').checkValidity());

    const small = await startServer('--room-capacity', '1');
    try {
      const room = freshRoom();
      const join = async (person) => {
        const page = await fixtures.open(fixtures.browser('chromium', person), `${small.origin}/?room=${room}`);
        await page.until(() => document.querySelector('#join'));
        await page.fill('#name', person.name);
        await page.click('#join');
        return page;
      };
      const first = await join(bob);
      await first.until(() => document.querySelector('[data-call-state="connected"]'));
      const second = await join(ann);
      await second.until(() => /full/i.test(document.querySelector('[role=alert]')?.textContent ?? ''));
      await second.until(() => globalThis.__e2e.holdings().tracks === 0, patience(limit(500), 'the camera to be released'));
      await first.click('#leave');
    } finally {
      await small.stop();
    }
  });
});
