// The positional form of videocalls.js, and calls with its pages.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { independentSite, relayPage } from '../lib/independent.mjs';
import { limit } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { hearsNothing, inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe('the positional form of videocalls.js', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let independent;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
    independent = await independentSite();
    fixtures.defer(() => independent.stop());
  });

  const open = async (person, kind = 'chromium', options) => prepare(await fixtures.open(fixtures.browser(kind, person, options), site.origin));
  const relay = () => server.socket(`/relay/${freshRoom()}`);

  test('with one argument, the elements are found by their ids', async () => {
    const url = relay();
    const pages = [await open(ann), await open(bob)];
    for (const page of pages) await page.run(async (url) => void (await globalThis.api.initializeVideoCall(url)), url);
    await inCall(...pages, REMOTE);
    for (const page of pages) await sees(page, page.person, '#localVideoElement');
    const constraints = await pages[0].run(() => document.querySelector('#localVideoElement').srcObject.getVideoTracks()[0].getConstraints());
    assert.deepEqual([constraints.width?.max ?? constraints.width?.ideal, constraints.height?.max ?? constraints.height?.ideal], [1280, 720]);
    assert.equal(constraints.frameRate?.max ?? constraints.frameRate?.ideal, 30);
    assert.equal(await pages[0].run(() => document.querySelector('#localVideoElement').muted), true);

    const [a, b] = pages;
    assert.equal(await a.run(() => globalThis.api.toggleTrack('audio')), false);
    await hearsNothing(b, REMOTE);
    assert.equal(await a.run(() => globalThis.api.toggleTrack('video')), false);
    await b.until(() => globalThis.__e2e.see(document.querySelector('#remoteVideoElement')) === null);
    assert.equal(await a.run(() => globalThis.api.toggleTrack('audio')), true);
    assert.equal(await a.run(() => globalThis.api.toggleTrack('video')), true);
    await inCall(a, b, REMOTE);
    await a.run(() => globalThis.api.endCall());
    await a.until(() => Object.values(globalThis.__e2e.holdings()).every((count) => count === 0), patience(limit(500), 'everything released'));
    assert.equal(await a.run(() => String(globalThis.api.toggleTrack('audio'))), 'undefined');
  });

  test('with all nine arguments, elements, handlers and limits are used', async () => {
    const url = relay();
    const pages = [await open(ann), await open(bob)];
    for (const page of pages) {
      await page.run(async (url) => {
        const make = (id) => document.body.appendChild(Object.assign(document.createElement('video'), { id, autoplay: true }));
        const note = (type) => () => globalThis.log.push({ type });
        const handlers = ['onlyAudio', 'userMediaError', 'userNoAudioError'].map(note);
        await globalThis.api.initializeVideoCall(url, ...handlers, make('me'), make('you'), 320, 240, 15);
      }, url);
    }
    await inCall(...pages, '#you');
    for (const page of pages) {
      const found = await page.run(() => {
        const { width, height, frameRate } = document.querySelector('#me').srcObject.getVideoTracks()[0].getSettings();
        return { width, height, frameRate, log: globalThis.log, unused: document.querySelector('#remoteVideoElement').srcObject };
      });
      assert.ok(found.width <= 320 && found.height <= 240 && found.frameRate <= 15, JSON.stringify(found));
      assert.deepEqual(found.log, []);
      assert.equal(found.unused, null);
    }
  });

  test('without a camera, onlyAudioHandler is called and the call goes on with sound', async () => {
    const page = await open(ann, 'chromium', { devices: 'no-camera' });
    await page.run(async (url) => {
      const note = (type) => () => globalThis.log.push({ type });
      await globalThis.api.initializeVideoCall(url, ...['onlyAudio', 'userMediaError', 'userNoAudioError'].map(note));
    }, relay());
    await page.until(() => globalThis.log.length > 0);
    assert.deepEqual(await page.run(() => globalThis.log), [{ type: 'onlyAudio' }]);
    await page.run(() => globalThis.api.endCall());
  });

  test('errorHandler accepts any value', async () => {
    const page = await open(ann);
    page.expectFault(/anything at all/);
    await page.run(() => {
      globalThis.api.errorHandler(new Error('anything at all'));
      globalThis.api.errorHandler('anything at all');
      globalThis.api.errorHandler(undefined);
    });
  });

  // One after the other: a Chromium whose first offer is rolled back before it gathers candidates sometimes never
  // gathers any, and the old page has only this one connection.
  for (const kind of ['chromium', 'firefox']) {
    for (const order of ['we join first', 'the old page joins first']) {
      test(`a page of videocalls.js in ${kind}, ${order}`, async () => {
        const url = relay();
        const us = await open(ann);
        const them = await relayPage.open(fixtures, fixtures.browser(kind, bob), { site: independent.origin });
        const starts = [
          () => us.run(async (url) => void (await globalThis.api.initializeVideoCall(url)), url),
          () => relayPage.enter(them, url),
        ];
        for (const start of order === 'we join first' ? starts : starts.reverse()) await start();
        await inCall(us, them, REMOTE);
      });
    }
  }
});
