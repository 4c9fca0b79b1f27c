// Sharing a screen beside the camera, by a replacement of the browser's own choice of screens (lib/screen.mjs).

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { hears, sees } from '../lib/media-probe.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { CONTROL_SCREEN } from '../lib/screen.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const CONTROLLED = { before: CONTROL_SCREEN };

describe('screens', () => {
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

  const inRoom = (options) => ({ signaling: server.socket('/rooms'), room: freshRoom(), ...options });
  const join = async (kind, person, options) => {
    const { page, error } = await fixtures.join(fixtures.browser(kind, person), site.origin, options, CONTROLLED);
    assert.equal(error, undefined);
    return page;
  };
  const share = (page, options) => page.run((options) => call.startScreenShare(options).then(() => 'shared', ({ code }) => code), options ?? {});

  /** Waits until a page shows the screen of another participant, with this number in its picture. */
  const showsScreen = async (page, person, number) => {
    const shown = (name, number) => {
      const participant = call.participants.find((one) => one.name === name || call.participants.length === 1);
      if (!participant?.screenStream) return false;
      const video = document.querySelector(`#screen-${number}`) ?? document.body.appendChild(document.createElement('video'));
      Object.assign(video, { id: `screen-${number}`, muted: true, autoplay: true });
      if (video.srcObject !== participant.screenStream) video.srcObject = participant.screenStream;
      return __e2e.see(video)?.number === number;
    };
    await page.until(shown, person.name, number, patience(10_000, `the screen of ${person.name}`));
  };
  const showsNoScreen = (page) =>
    page.until(
      () => call.participants.every(({ screenStream, tracks }) => screenStream === null && tracks.screen.state === 'off'),
      patience(limit(1000), 'no screen'),
    );
  const localScreen = (page) => page.run(() => [call.local.tracks.screen.state, call.local.screenStream?.getTracks().length ?? null]);

  for (const [from, to] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
    test(`a screen in ${from} is seen in ${to} beside the camera, until it is stopped or the browser ends it`, async () => {
      const options = inRoom();
      const a = await join(from, from === 'firefox' ? bob : ann, options);
      const b = await join(to, to === 'firefox' ? bob : ann, options);
      await sees(b, a.person, REMOTE);
      for (const end of ['browser', 'page']) {
        assert.equal(await share(a), 'shared');
        await showsScreen(b, a.person, 200);
        assert.deepEqual(await localScreen(a), ['live', 2]);
        assert.deepEqual(await b.run(() => call.participants[0].tracks['screen-audio'].state), 'live');
        await Promise.all([sees(b, a.person, REMOTE), hears(b, a.person, REMOTE), sees(a, b.person, REMOTE)]);
        await a.run((end) => {
          if (end === 'page') return call.stopScreenShare();
          const [track] = call.local.screenStream.getVideoTracks();
          track.stop();
          track.dispatchEvent(new Event('ended'));
        }, end);
        await showsNoScreen(b);
        assert.deepEqual(await localScreen(a), ['off', null]);
        await sees(b, a.person, REMOTE);
      }
    });
  }

  test('two who share at once are both seen, also by one who joins later', async () => {
    const options = inRoom();
    const a = await join('chromium', ann, options);
    const b = await join('firefox', bob, options);
    await sees(a, bob, REMOTE);
    await b.run(() => (globalThis.screenNumber = 201));
    assert.deepEqual(await Promise.all([share(a), share(b)]), ['shared', 'shared']);
    await Promise.all([showsScreen(a, bob, 201), showsScreen(b, ann, 200)]);
    const c = await join('chromium', cat, options);
    await Promise.all([showsScreen(c, ann, 200), showsScreen(c, bob, 201)]);
    await sees(a, bob, REMOTE);
  });

  test('a screen goes through a relay as the second picture, or in place of the camera', async () => {
    const options = { signaling: { url: server.socket(`/relay/${freshRoom()}`), dialect: 'relay' } };
    const a = await join('chromium', ann, options);
    const b = await join('firefox', bob, options);
    await sees(b, ann, REMOTE);
    assert.equal(await share(a), 'shared');
    await showsScreen(b, ann, 200);
    await sees(b, ann, REMOTE);
    await a.run(() => call.stopScreenShare());
    await showsNoScreen(b);
    assert.equal(await share(a, { replaceCamera: true }), 'shared');
    await b.until((remote) => __e2e.see(document.querySelector(remote))?.number === 200, REMOTE, patience(10_000, 'the screen in place of the camera'));
    await a.run(() => call.stopScreenShare());
    await sees(b, ann, REMOTE);
  });

  test('a cancelled choice and a refusal are told apart, and reported by the promise alone', async () => {
    const a = await join('chromium', ann, inRoom());
    const refused = async (refusal) => {
      await a.run((refusal) => (globalThis.screenRefusal = refusal), refusal);
      return share(a);
    };
    assert.equal(await refused({ name: 'NotAllowedError', message: 'Permission denied', after: 400 }), 'aborted');
    assert.equal(await refused({ name: 'NotAllowedError', message: 'Permission denied by system', after: 400 }), 'permission-denied');
    assert.equal(await refused({ name: 'NotAllowedError', message: 'Permission denied', after: 0 }), 'permission-denied');
    assert.equal(await refused({ name: 'NotFoundError', message: 'none', after: 0 }), 'device-not-found');
    assert.deepEqual(await localScreen(a), ['off', null]);
    assert.deepEqual(await a.run(() => log.filter(({ type }) => type === 'error')), []);
  });

  test('the options of the browser are passed on', async () => {
    const a = await join('chromium', ann, inRoom());
    const audio = { restrictOwnAudio: true };
    assert.equal(await share(a, { contentHint: 'motion', audio, systemAudio: 'exclude', preferCurrentTab: true }), 'shared');
    const asked = await a.run(() => screenRequests[0]);
    assert.deepEqual(asked, { audio, video: true, contentHint: 'motion', selfBrowserSurface: 'exclude', surfaceSwitching: 'include', systemAudio: 'exclude', preferCurrentTab: true });
    assert.equal(await a.run(() => call.local.screenStream.getVideoTracks()[0].contentHint), 'motion');
  });
});
