// The plain page (examples/plain), which uses the package in one script.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { limit } from '../lib/faults.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { patience } from '../lib/page.mjs';
import { hearsNothing, inCall, sees, seesNobody } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('the plain page', () => {
  const fixtures = createFixtures();
  let server;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
  });

  const join = async (browser, room, dialect) => {
    const { name } = (await browser).person;
    const query = new URLSearchParams({ room, dialect, name, autostart: '' });
    return fixtures.open(browser, `${server.origin}/examples/plain/?${query}`);
  };
  const stateIs = (page, expected) =>
    page.until((expected) => document.querySelector('#state').value === expected, expected, patience(10_000, `state ${expected}`));

  for (const other of ['chromium', 'firefox']) {
    for (const dialect of ['relay', 'rooms']) {
      test(`Chromium and ${other} are in a call over ${dialect} in either order of joining`, async () => {
        const [a, b] = await Promise.all([fixtures.browser('chromium', ann), fixtures.browser(other, bob)]);
        for (const [first, second] of [[a, b], [b, a]]) {
          const room = freshRoom();
          const one = await join(first, room, dialect);
          await stateIs(one, 'connected');
          const two = await join(second, room, dialect);
          await inCall(one, two, REMOTE);
          await two.click('#end');
          await stateIs(two, 'ended');
          await one.click('#end');
          await stateIs(one, 'ended');
        }
      });
    }

    test(`Chromium and ${other} are in a call over relay when both join at the same moment`, async () => {
      const room = freshRoom();
      const pages = await Promise.all([
        join(fixtures.browser('chromium', ann), room, 'relay'),
        join(fixtures.browser(other, bob), room, 'relay'),
      ]);
      await inCall(...pages, REMOTE);
    });
  }

  test('its form starts a call, and its buttons mute, hide and end', async () => {
    const room = freshRoom();
    const a = await fixtures.open(fixtures.browser('chromium', ann), `${server.origin}/examples/plain/`);
    assert.equal(await a.run(() => document.querySelector('#signaling').value), server.socket('/rooms'));
    await a.fill('#room', room);
    await a.fill('#name', 'Ann');
    await a.click('#start');
    await stateIs(a, 'connected');
    const b = await join(fixtures.browser('chromium', bob), room, 'rooms');
    await inCall(a, b, REMOTE);

    await a.click('#toggle-audio');
    await a.until(() => document.querySelector('#toggle-audio').getAttribute('aria-pressed') === 'false');
    await hearsNothing(b, REMOTE);
    await a.click('#toggle-audio');
    await a.click('#toggle-video');
    await seesNobody(b, REMOTE);
    await a.click('#toggle-video');
    await inCall(a, b, REMOTE);

    await a.click('#end');
    await a.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(limit(500), 'everything released'));
    await b.until(() => !document.querySelector('#remoteVideoElement').srcObject, patience(2000, 'an empty remote element'));
  });

  test('each of three participants has a picture of their own, until they leave', async () => {
    const room = freshRoom();
    const pages = [];
    for (const person of [ann, bob, cat]) pages.push(await join(fixtures.browser('chromium', person), room, 'rooms'));
    const others = '.pictures video:not(#localVideoElement)';
    await Promise.all(
      pages.flatMap((page) => pages.filter((other) => other !== page).map((other) => sees(page, other.person, others))),
    );
    await pages[0].click('#end');
    await Promise.all(
      pages.slice(1).map((page) => page.until(() => document.querySelectorAll('#others video').length === 0, patience(2000))),
    );
    await Promise.all([sees(pages[1], cat, REMOTE), sees(pages[2], bob, REMOTE)]);
  });

  test('a chat line is shown to the other, and to who joins later', async () => {
    const room = freshRoom();
    const [a, b] = [await join(fixtures.browser('chromium', ann), room, 'rooms'), await join(fixtures.browser('firefox', bob), room, 'rooms')];
    await stateIs(a, 'connected');
    await a.fill('#line', 'hello <i>there</i>');
    await a.click('#chat button');
    const shows = (page) => page.until(() => document.querySelector('#lines').textContent.trim() === 'Ann: hello <i>there</i>', patience(15_000, 'the line'));
    await shows(b);
    await shows(await join(fixtures.browser('chromium', cat), room, 'rooms'));
  });

  test('an invalid room name is explained', async () => {
    const page = await join(fixtures.browser('chromium', ann), 'no slash/in here', 'rooms');
    await page.until(() => document.querySelector('#error').textContent.length > 10);
    await stateIs(page, 'idle');
    assert.equal(await page.run(() => document.querySelector('#start').disabled), false);
  });
});
