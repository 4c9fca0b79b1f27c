// A browser that plays nothing before a click or a key: said once for the whole page, and one gesture
// starts all.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { hears, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const FIREFOX = { preferences: { 'media.autoplay.default': 5, 'media.autoplay.blocking_policy': 2 } };
const KINDS = ['chromium', 'firefox'];

// Notes when the browser first refused to play.
const WATCH = `
  globalThis.refused = [];
  {
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function () {
      const playing = play.call(this);
      playing.catch(({ name }) => name === 'NotAllowedError' && refused.push(Date.now()));
      return playing;
    };
  }
`;

// Headless Chromium plays whatever its policy says.
const REFUSE = `
  {
    let moved = false;
    for (const type of ['click', 'keydown']) addEventListener(type, ({ isTrusted }) => (moved ||= isTrusted), { capture: true });
    addEventListener('play', ({ target }) => moved || target.pause(), { capture: true });
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function () {
      return moved ? play.call(this) : Promise.reject(new DOMException('made up by the test', 'NotAllowedError'));
    };
  }
`;

describe('F47 sound that the browser holds back', () => {
  const scene = fixtures();
  let server;
  let site;

  before(async () => {
    scene.browser('firefox', ann, FIREFOX); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  const open = (kind, url) =>
    scene.open(scene.browser(kind, ann, kind === 'firefox' ? FIREFOX : undefined), url, {
      before: kind === 'firefox' ? WATCH : REFUSE + WATCH,
    });
  const bobIn = async (room) => (await scene.join(scene.browser('chromium', bob), site.origin, { signaling: server.socket('/rooms'), room })).page;
  /** What starts by its attribute `autoplay` is stopped a moment later where the refusal is made up. */
  const paused = (page, elements) =>
    page.until((elements) => {
      const shown = [...document.querySelectorAll('video')].filter(({ srcObject }) => srcObject);
      return shown.length === elements && shown.every(({ paused }) => paused);
    }, elements);
  const allPlay = (page) =>
    page.until(() => [...document.querySelectorAll('video')].every(({ srcObject, paused }) => !srcObject || !paused));
  const blocked = (page) =>
    page.run(() => globalThis.log.filter(({ type, error }) => type === 'errorHandler' && error.code === 'autoplay-blocked').length);
  const shown = (page, shown, timeout = 10_000) =>
    page.until(
      (shown) => (document.querySelector('#hear')?.checkVisibility() ?? false) === shown && Date.now(),
      shown,
      patience(timeout, `the banner ${shown ? 'to come' : 'to go'}`),
    );

  for (const kind of KINDS) {
    for (const gesture of ['click', 'key']) {
      test(`F47 ${kind}: one error, and one ${gesture} starts all elements`, async () => {
        const room = freshRoom();
        const b = await bobIn(room);
        const a = await prepare(await open(kind, site.origin));
        await within(1000, { row: 'F47', browser: kind, what: 'told' }, async () => {
          await a.run((options) => globalThis.start(options), { signaling: server.socket('/rooms'), room, name: 'Ann' });
          const at = await a.until(() => globalThis.log.find(({ error }) => error?.code === 'autoplay-blocked')?.at);
          return at - (await a.run(() => globalThis.refused[0]));
        });
        await a.until(() => call.participants[0]?.connection === 'connected' && call.camera === 'live');
        // One more, of the page's own.
        const plays = await a.run(() => {
          const more = document.body.appendChild(document.createElement('video'));
          more.srcObject = call.participants[0].stream;
          return call.startAudio();
        });
        assert.equal(plays, false);
        await paused(a, 3);
        assert.equal(await blocked(a), 1, 'once for the page');
        if (gesture === 'click') await a.raw.mouse.click(5, 5);
        else await a.raw.keyboard.press('a');
        await within(1000, { row: 'F47', browser: kind, what: `all play after a ${gesture}` }, async () => {
          const began = Date.now();
          await allPlay(a);
          return Date.now() - began;
        });
        await a.until(() => globalThis.log.some(({ type }) => type === 'audio-started'));
        await Promise.all([sees(a, bob), hears(a, bob), sees(b, ann), hears(b, ann)]);
        assert.equal(await a.run(() => call.startAudio()), true);
        assert.equal(await blocked(a), 1);
        assert.equal(await a.run(() => globalThis.log.filter(({ type }) => type === 'audio-started').length), 1);
      });
    }

    test(`F47 ${kind}: the plain page has a banner for the keyboard`, async () => {
      const room = freshRoom();
      await bobIn(room);
      const a = await open(kind, `${server.origin}/examples/plain/?${new URLSearchParams({ room, name: 'Ann', autostart: '' })}`);
      await within(1000, { row: 'F47', browser: kind, what: 'banner of the plain page' }, async () => {
        const at = await shown(a, true);
        return at - (await a.run(() => globalThis.refused[0]));
      });
      // What is shown first after the gesture would want another one.
      await a.until(() => [...document.querySelectorAll('video')].every(({ srcObject }) => srcObject));
      await a.run(() => document.querySelector('#hear').focus());
      await a.raw.keyboard.press('Enter');
      await shown(a, false);
      await allPlay(a);
      await Promise.all([sees(a, bob), hears(a, bob)]);
    });

    test(`F47 ${kind}: so has the app, and it is one for all tiles`, async () => {
      const room = freshRoom();
      await bobIn(room);
      const a = await open(kind, `${server.origin}/?room=${room}`);
      await a.until(() => document.querySelector('#join'));
      await a.fill('#name', 'Ann');
      // By the page's own hand, which is no gesture.
      await a.run(() => document.querySelector('#join').click());
      await within(1000, { row: 'F47', browser: kind, what: 'banner of the app' }, async () => {
        const at = await shown(a, true);
        return at - (await a.run(() => globalThis.refused[0]));
      });
      await a.until(() => document.querySelectorAll('[data-connection=connected] video').length === 2);
      await a.until(() => [...document.querySelectorAll('video')].every(({ srcObject }) => srcObject));
      assert.equal(await a.run(() => document.querySelectorAll('#hear').length), 1);
      await a.run(() => document.querySelector('#hear').focus());
      await a.raw.keyboard.press('Enter');
      await shown(a, false);
      await allPlay(a);
      await Promise.all([sees(a, bob), hears(a, bob)]);
    });
  }
});
