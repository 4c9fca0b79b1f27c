// What a page sees of a call: participants, and elements wherever they are in the page.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { hears, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

describe('the JavaScript API', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', ann); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  /** A page and the options of a call in which Bob is already. */
  const besideBob = async (kind = 'chromium') => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    await fixtures.join(fixtures.browser('chromium', bob), site.origin, options);
    const page = await prepare(await fixtures.open(fixtures.browser(kind, ann), site.origin));
    return { page, options };
  };

  test('participant-joined fires for those who were there first', async () => {
    const { page, options } = await besideBob();
    await page.run(async (options) => {
      globalThis.names = [];
      globalThis.call = await globalThis.api.initializeVideoCall(options);
      call.on('participant-joined', ({ participant }) => names.push(participant.name));
    }, options);
    await page.until(() => globalThis.names.length > 0, patience(2000, 'the event'));
    await page.until(() => globalThis.call.participants[0]?.connection === 'connected');
    assert.deepEqual(await page.run(() => globalThis.names), ['Bob']);
  });

  test('participants are the same objects until something changes', async () => {
    const { page, options } = await besideBob();
    await page.run((options) => globalThis.start(options), options);
    await page.until(() => globalThis.call.participants[0]?.connection === 'connected');
    const same = await page.run(() => {
      const before = globalThis.call.participants;
      return before === globalThis.call.participants && before[0] === globalThis.call.participants[0];
    });
    assert.equal(same, true);
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`startAudio plays elements in shadow roots and frames of the page, in ${kind}`, async () => {
      const { page, options } = await besideBob(kind);
      await page.run((options) => globalThis.start(options), options);
      await page.until(() => globalThis.call.participants[0]?.stream && globalThis.call.participants[0].connection === 'connected');
      const outcome = await page.run(async () => {
        const host = document.body.appendChild(document.createElement('div'));
        const frame = document.body.appendChild(document.createElement('iframe'));
        const parents = [host.attachShadow({ mode: 'open' }), frame.contentDocument.body];
        const elements = parents.map((parent) => parent.appendChild(parent.ownerDocument.createElement('video')));
        for (const element of elements) {
          element.muted = true; // Plays without a gesture.
          element.srcObject = globalThis.call.participants[0].stream;
        }
        const before = elements.map(({ paused }) => paused);
        const plays = await globalThis.call.startAudio();
        return { before, plays, after: elements.map(({ paused }) => paused) };
      });
      assert.deepEqual(outcome, { before: [true, true], plays: true, after: [false, false] });
    });

    test(`an element without autoplay goes on playing when it is moved, and stays paused when the page pauses it, in ${kind}`, async () => {
      const { page, options } = await besideBob(kind);
      await page.run(async (options) => {
        const element = (globalThis.element = document.createElement('video'));
        element.muted = true;
        document.body.append(element);
        await globalThis.start({ ...options, remoteVideoElement: element });
      }, options);
      const plays = (what) => page.until(() => !element.paused && element.readyState >= 2, patience(5000, what));
      await plays('the first picture');
      await page.run(() => element.remove());
      await page.until(() => element.paused, patience(5000, 'the browser to pause it'));
      await page.run(() => document.body.append(element));
      await plays('the picture after the move');
      await page.run(() => {
        const frame = document.body.appendChild(document.createElement('iframe'));
        frame.contentDocument.body.append(element);
      });
      await plays('the picture in another document');
      await page.run(() => element.pause());
      await page.run(() => new Promise((resolve) => setTimeout(resolve, 300)));
      assert.equal(await page.run(() => element.paused), true);
    });

    test(`an element plays again when its stream had no track for a while, in ${kind}`, async () => {
      const { page, options } = await besideBob(kind);
      await page.run((options) => globalThis.start(options), options);
      await sees(page, bob, '#remoteVideoElement');
      await page.run(() => {
        const { stream } = globalThis.call.participants[0];
        globalThis.removed = stream.getTracks();
        for (const track of removed) stream.removeTrack(track);
      });
      await page.run(() => new Promise((resolve) => setTimeout(resolve, 500))); // Firefox ends the element.
      await page.run(() => removed.forEach((track) => globalThis.call.participants[0].stream.addTrack(track)));
      await Promise.all([sees(page, bob, '#remoteVideoElement'), hears(page, bob, '#remoteVideoElement')]);
    });
  }
});
