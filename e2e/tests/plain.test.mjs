// The plain page, which knows nothing but `initializeVideoCall`.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { hearsNothing, inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('the plain page', () => {
  const scene = fixtures();
  let server;

  before(async () => {
    scene.browser('firefox', bob); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    scene.defer(() => server.stop());
  });

  const enter = async (browser, room, dialect) => {
    const { name } = (await browser).person;
    const query = new URLSearchParams({ room, dialect, name, autostart: '' });
    return scene.open(browser, `${server.origin}/examples/plain/?${query}`);
  };
  const state = (page, expected) =>
    page.until((expected) => document.querySelector('#state').value === expected, expected, patience(10_000, `state ${expected}`));

  for (const other of ['chromium', 'firefox']) {
    for (const dialect of ['relay', 'rooms']) {
      test(`Chromium and ${other} over ${dialect}, whoever comes first`, async () => {
        const [a, b] = await Promise.all([scene.browser('chromium', ann), scene.browser(other, bob)]);
        for (const [first, second] of [[a, b], [b, a]]) {
          const room = freshRoom();
          const one = await enter(first, room, dialect);
          await state(one, 'connected');
          const two = await enter(second, room, dialect);
          await inCall(one, two, REMOTE);
          await two.click('#end');
          await state(two, 'ended');
          await one.click('#end');
          await state(one, 'ended');
        }
      });
    }

    test(`Chromium and ${other} over relay, both at the same moment`, async () => {
      const room = freshRoom();
      const pages = await Promise.all([
        enter(scene.browser('chromium', ann), room, 'relay'),
        enter(scene.browser(other, bob), room, 'relay'),
      ]);
      await inCall(...pages, REMOTE);
    });
  }

  test('its form and its buttons do what they say', async () => {
    const room = freshRoom();
    const a = await scene.open(scene.browser('chromium', ann), `${server.origin}/examples/plain/`);
    assert.equal(await a.run(() => document.querySelector('#signaling').value), server.socket('/rooms'));
    await a.fill('#room', room);
    await a.fill('#name', 'Ann');
    await a.click('#start');
    await state(a, 'connected');
    const b = await enter(scene.browser('chromium', bob), room, 'rooms');
    await inCall(a, b, REMOTE);

    await a.click('#toggle-audio');
    await a.until(() => document.querySelector('#toggle-audio').getAttribute('aria-pressed') === 'false');
    await hearsNothing(b, REMOTE);
    await a.click('#toggle-audio');
    await a.click('#toggle-video');
    await b.until(() => globalThis.__e2e.see(document.querySelector('#remoteVideoElement')) === null);
    await a.click('#toggle-video');
    await inCall(a, b, REMOTE);

    await a.click('#end');
    await a.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(limit(500), 'release'));
    await b.until(() => !document.querySelector('#remoteVideoElement').srcObject, patience(2000, 'an empty remote element'));
  });

  test('a third person in a room has a picture of their own', async () => {
    const room = freshRoom();
    const pages = [];
    for (const person of [ann, bob, cat]) pages.push(await enter(scene.browser('chromium', person), room, 'rooms'));
    const sections = '.pictures video:not(#localVideoElement)';
    await Promise.all(
      pages.flatMap((page) => pages.filter((other) => other !== page).map((other) => sees(page, other.person, sections))),
    );
    await pages[0].click('#end');
    await Promise.all(
      pages.slice(1).map((page) => page.until(() => document.querySelectorAll('#others video').length === 0, patience(2000))),
    );
    await Promise.all([sees(pages[1], cat, REMOTE), sees(pages[2], bob, REMOTE)]);
  });

  test('what went wrong is said in words', async () => {
    const page = await enter(scene.browser('chromium', ann), 'no slash/in here', 'rooms');
    await page.until(() => document.querySelector('#error').textContent.length > 10);
    await state(page, 'idle');
    assert.equal(await page.run(() => document.querySelector('#start').disabled), false);
  });
});
