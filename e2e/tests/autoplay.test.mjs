// A browser that plays nothing before a click or a key press: there is one error for the whole page, and one
// gesture starts all elements.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { hears, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const FIREFOX = { preferences: { 'media.autoplay.default': 5, 'media.autoplay.blocking_policy': 2 } };
const KINDS = ['chromium', 'firefox'];

// Records when the browser refuses to play.
const RECORD_REFUSALS = `
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

// Headless Chromium ignores its autoplay policy, so the refusal is made up here.
const REFUSE = `
  {
    let gesture = false;
    for (const type of ['click', 'keydown']) addEventListener(type, ({ isTrusted }) => (gesture ||= isTrusted), { capture: true });
    addEventListener('play', ({ target }) => gesture || target.pause(), { capture: true });
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function () {
      return gesture ? play.call(this) : Promise.reject(new DOMException('made up by the test', 'NotAllowedError'));
    };
  }
`;

describe('F47 blocked autoplay', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', ann, FIREFOX); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  const open = (kind, url) =>
    fixtures.open(fixtures.browser(kind, ann, kind === 'firefox' ? FIREFOX : undefined), url, {
      before: kind === 'firefox' ? RECORD_REFUSALS : REFUSE + RECORD_REFUSALS,
    });
  const joinBob = async (room) => (await fixtures.join(fixtures.browser('chromium', bob), site.origin, { signaling: server.socket('/rooms'), room })).page;
  /** The made-up refusal pauses elements with the attribute `autoplay` a moment later. */
  const allPaused = (page, elements) =>
    page.until((elements) => {
      const shown = [...document.querySelectorAll('video')].filter(({ srcObject }) => srcObject);
      return shown.length === elements && shown.every(({ paused }) => paused);
    }, elements);
  const allPlay = (page) =>
    page.until(() => [...document.querySelectorAll('video')].every(({ srcObject, paused }) => !srcObject || !paused));
  const autoplayErrors = (page) =>
    page.run(() => globalThis.log.filter(({ type, error }) => type === 'errorHandler' && error.code === 'autoplay-blocked').length);
  const bannerIs = (page, shown, timeout = 10_000) =>
    page.until(
      (shown) => (document.querySelector('#hear')?.checkVisibility() ?? false) === shown && Date.now(),
      shown,
      patience(timeout, `the banner to be ${shown ? 'shown' : 'hidden'}`),
    );

  for (const kind of KINDS) {
    for (const gesture of ['click', 'key']) {
      test(`F47 ${kind}: there is one error, and one ${gesture} starts all elements`, async () => {
        const room = freshRoom();
        const b = await joinBob(room);
        const a = await prepare(await open(kind, site.origin));
        await within(1000, { row: 'F47', browser: kind, what: 'error' }, async () => {
          await a.run((options) => globalThis.start(options), { signaling: server.socket('/rooms'), room, name: 'Ann' });
          const at = await a.until(() => globalThis.log.find(({ error }) => error?.code === 'autoplay-blocked')?.at);
          return at - (await a.run(() => globalThis.refused[0]));
        });
        await a.until(() => call.participants[0]?.connection === 'connected' && call.local.tracks.camera.state === 'live');
        // One more element, which the page makes itself.
        const plays = await a.run(() => {
          const more = document.body.appendChild(document.createElement('video'));
          more.srcObject = call.participants[0].stream;
          return call.startAudio();
        });
        assert.equal(plays, false);
        await allPaused(a, 3);
        assert.equal(await autoplayErrors(a), 1, 'one error for the page');
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
        assert.equal(await autoplayErrors(a), 1);
        assert.equal(await a.run(() => globalThis.log.filter(({ type }) => type === 'audio-started').length), 1);
      });
    }

    test(`F47 ${kind}: the plain page shows a banner that the keyboard can press`, async () => {
      const room = freshRoom();
      await joinBob(room);
      const a = await open(kind, `${server.origin}/examples/plain/?${new URLSearchParams({ room, name: 'Ann', autostart: '' })}`);
      await within(1000, { row: 'F47', browser: kind, what: 'banner of the plain page' }, async () => {
        const at = await bannerIs(a, true);
        return at - (await a.run(() => globalThis.refused[0]));
      });
      // An element that starts after the gesture would need another one.
      await a.until(() => [...document.querySelectorAll('video')].every(({ srcObject }) => srcObject));
      await a.run(() => document.querySelector('#hear').focus());
      await a.raw.keyboard.press('Enter');
      await bannerIs(a, false);
      await allPlay(a);
      await Promise.all([sees(a, bob), hears(a, bob)]);
    });

    test(`F47 ${kind}: the app shows one banner for all tiles`, async () => {
      const room = freshRoom();
      await joinBob(room);
      const a = await open(kind, `${server.origin}/?room=${room}`);
      await a.until(() => document.querySelector('#join'));
      await a.fill('#name', 'Ann');
      // A click by a script, which is no gesture.
      await a.run(() => document.querySelector('#join').click());
      await within(1000, { row: 'F47', browser: kind, what: 'banner of the app' }, async () => {
        const at = await bannerIs(a, true);
        return at - (await a.run(() => globalThis.refused[0]));
      });
      await a.until(() => document.querySelectorAll('[data-connection=connected] video').length === 2);
      await a.until(() => [...document.querySelectorAll('video')].every(({ srcObject }) => srcObject));
      assert.equal(await a.run(() => document.querySelectorAll('#hear').length), 1);
      await a.run(() => document.querySelector('#hear').focus());
      await a.raw.keyboard.press('Enter');
      await bannerIs(a, false);
      await allPlay(a);
      await Promise.all([sees(a, bob), hears(a, bob)]);
    });
  }
});
