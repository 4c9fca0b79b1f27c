// Tracks that the page passes to a call instead of devices that the call asks for, and tracks that a foreign
// page replaces.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, endAndRelease, prepare } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { independentSite, relayPage } from '../lib/independent.mjs';
import { hears, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

describe("the page's own tracks", () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  const join = (kind, person, options) => fixtures.join(fixtures.browser(kind, person), site.origin, options);
  /** Opens a page that has captured its own microphone and camera in `own`, and has not started a call. */
  const openWithOwnTracks = async (person, kind = 'chromium') => {
    const page = await prepare(await fixtures.open(fixtures.browser(kind, person), site.origin));
    await page.run(async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
      globalThis.own = { audio: stream.getAudioTracks()[0], video: stream.getVideoTracks()[0] };
    });
    return page;
  };
  const errors = (page) => page.run(() => globalThis.log.filter(({ type }) => type === 'errorHandler').map(({ error }) => `${error.code}: ${error.message}`));

  for (const kind of ['chromium', 'firefox']) {
    test(`${kind}: one track is passed at once and one by a promise: both are sent, and stay the page's at the end`, async () => {
      const options = { signaling: server.socket('/rooms'), room: freshRoom() };
      const a = await join('chromium', ann, options);
      const b = await openWithOwnTracks(bob, kind);
      await b.run((options) => {
        const audio = new Promise((resolve) => (globalThis.give = () => resolve(own.audio)));
        return globalThis.start({ ...options, constraints: { audio, video: own.video } });
      }, options);
      await a.page.until(() => call.participants[0]?.connection === 'connected');
      assert.deepEqual(await a.page.run(() => ['audio', 'video'].map((kind) => stateOf(call.participants[0], kind))), ['requested', 'requested']);
      await b.run(() => globalThis.give());
      await Promise.all([sees(a.page, bob, REMOTE), hears(a.page, bob, REMOTE), sees(b, ann, REMOTE)]);
      assert.equal(await b.run(() => globalThis.__e2e.made.captures), 1, 'the call asked for devices itself');

      assert.equal(await b.run(() => call.toggleTrack('video')), false);
      await a.page.until(() => call.participants[0].tracks.camera.state === 'muted');
      assert.equal(await b.run(() => own.video.enabled), false);
      await b.run(() => call.toggleTrack('video'));
      await sees(a.page, bob, REMOTE);

      await b.run(() => call.endCall());
      assert.deepEqual(await b.run(() => Object.values(own).map(({ readyState }) => readyState)), ['live', 'live']);
      assert.deepEqual(await b.run(() => globalThis.__e2e.holdings()), { tracks: 2, sockets: 0, links: 0 });
      await b.run(() => Object.values(own).forEach((track) => track.stop()));
      await endAndRelease(a.page);
    });
  }

  test('a microphone and the track of a canvas are sent', async () => {
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const a = await join('chromium', ann, options);
    const b = await prepare(await fixtures.open(fixtures.browser('chromium', bob), site.origin));
    await b.run((options) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 80, height: 60 });
      const pen = canvas.getContext('2d');
      setInterval(() => {
        pen.fillStyle = '#00f';
        pen.fillRect(0, 0, 80, 60);
      }, 50);
      const [video] = canvas.captureStream(20).getVideoTracks();
      return globalThis.start({ ...options, constraints: { audio: true, video } });
    }, options);
    await hears(a.page, bob, REMOTE);
    await seesBlue(a.page);
  });

  test('a rejected promise and a track of the wrong kind are reported, and the call continues', async () => {
    const b = await openWithOwnTracks(bob);
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    await b.run(
      (options) =>
        globalThis.start({
          ...options,
          constraints: { audio: Promise.resolve(null), video: Promise.reject(new DOMException('no', 'NotReadableError')) },
        }),
      options,
    );
    await b.until(() => call.local.tracks.camera.state !== 'requested');
    assert.deepEqual(await b.run(() => [call.state, stateOf(call.local, 'audio'), stateOf(call.local, 'video')]), ['connected', 'off', 'device-in-use']);
    assert.deepEqual(await errors(b), ['device-in-use: NotReadableError: no']);
    await b.run(() => {
      call.endCall();
      globalThis.log.length = 0;
    });

    await b.run((options) => globalThis.start({ ...options, constraints: { audio: own.video, video: own.video } }), options);
    await b.until(() => call.local.tracks.camera.state === 'live');
    assert.equal(await b.run(() => call.local.tracks.microphone.state), 'unavailable');
    assert.deepEqual(await errors(b), ["invalid-options: TypeError: 'constraints.audio' is a track of kind 'video'"]);
  });

  test('a promise that is fulfilled after the end changes nothing', async () => {
    const b = await openWithOwnTracks(bob);
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const after = await b.run(async (options) => {
      const video = new Promise((resolve) => (globalThis.give = () => resolve(own.video)));
      await globalThis.start({ ...options, constraints: { audio: false, video } });
      call.endCall();
      globalThis.give();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return [call.state, call.local.tracks.camera.state, own.video.readyState, document.querySelector('#localVideoElement').srcObject];
    }, options);
    assert.deepEqual(after, ['ended', 'off', 'live', null]);
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`${kind}: a page of videocalls.js replaces its camera by remove and add, and is seen each time`, async () => {
      const independent = await independentSite();
      fixtures.defer(() => independent.stop());
      const url = server.socket(`/relay/${freshRoom()}`);
      const { page } = await join(kind, ann, { signaling: { url, dialect: 'relay' } });
      const peer = await relayPage.open(fixtures, fixtures.browser('chromium', bob), { site: independent.origin });
      await relayPage.enter(peer, url);
      await sees(page, bob, REMOTE);
      await peer.run(replaceCamera, 'blue');
      await seesBlue(page);
      await peer.run(replaceCamera, 'camera');
      await sees(page, bob, REMOTE);
      await hears(page, bob, REMOTE);
    });
  }
});

/** Waits until the remote element shows a blue picture. */
function seesBlue(page) {
  return page.until(
    (remote) => {
      const pen = document.createElement('canvas').getContext('2d');
      pen.drawImage(document.querySelector(remote), 0, 0, 8, 8);
      const [red, green, blue] = pen.getImageData(4, 4, 1, 1).data;
      return blue > 200 && red < 60 && green < 60;
    },
    REMOTE,
    patience(10_000, 'a blue picture'),
  );
}

/** Runs in the page of videocalls.js: removes its video track, adds a blue one or the camera's, and offers. */
async function replaceCamera(what) {
  const { link } = globalThis.legacy;
  const stream = document.querySelector('#localVideoElement').srcObject;
  const canvas = Object.assign(document.createElement('canvas'), { width: 80, height: 60 });
  const pen = canvas.getContext('2d');
  setInterval(() => {
    pen.fillStyle = '#00f';
    pen.fillRect(0, 0, 80, 60);
  }, 50);
  const [track] = (what === 'blue' ? canvas.captureStream(20) : stream).getVideoTracks();
  const sender = link.getSenders().find((sender) => sender.track?.kind === 'video');
  link.removeTrack(sender);
  link.addTrack(track, stream);
  await globalThis.legacy.offer();
}
