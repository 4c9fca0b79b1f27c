// `sees` and `hears` of lib/media-probe.mjs, tried on calls between hand-written pages: a suite that
// would not notice a missing picture or sound proves nothing.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { BENCH, PAGES } from '../lib/paths.mjs';
import { patience } from '../lib/page.mjs';
import { hears, hearsNothing, inCall, sees, seesNobody } from '../lib/media-probe.mjs';
import { whyInaudible, whyNotPlaying } from '../lib/playback.mjs';
import { startServer } from '../lib/server.mjs';
import { startSite } from '../lib/site.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

describe('the media probe', () => {
  const fixtures = createFixtures();
  const remote = '#remoteVideoElement';
  let server;
  let site;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await startSite({ '/': PAGES, '/bench/': BENCH });
    fixtures.defer(() => site.stop());
  });

  const join = async (browser, kind, room) => {
    const page = await fixtures.open(browser, `${site.origin}/`);
    const { name } = page.person;
    await page.run(
      async (kind, options) => {
        const { start } = await import(`/bench/${kind}.js`);
        globalThis.call = await start(options);
      },
      kind,
      { signaling: server.socket('/rooms'), room, name },
    );
    return page;
  };

  for (const kind of ['textbook', 'best']) {
    test(`two Chromiums with the ${kind} page are in a call`, async () => {
      const room = freshRoom();
      const a = await join(fixtures.browser('chromium', ann), kind, room);
      const b = await join(fixtures.browser('chromium', bob), kind, room);
      await inCall(a, b, remote);
    });
  }

  const pair = async () => {
    const room = freshRoom();
    const a = await join(fixtures.browser('chromium', ann), 'textbook', room);
    const b = await join(fixtures.browser('chromium', bob), 'textbook', room);
    await inCall(a, b, remote);
    return [a, b];
  };

  test('a black picture is nobody, a disabled microphone is silence', async () => {
    const [a, b] = await pair();
    await a.run(() => {
      for (const track of document.querySelector('#localVideoElement').srcObject.getTracks()) track.enabled = false;
    });
    await seesNobody(b, remote);
    await hearsNothing(b, remote);
    await assert.rejects(sees(b, ann, remote, 500));
    await assert.rejects(hears(b, ann, remote, 500), /"why":"silent"/);
  });

  test('a muted element is seen and not heard, a paused one neither, although the stream goes on', async () => {
    const [, b] = await pair();
    const element = (change) => b.run(`() => { const element = document.querySelector('${remote}'); ${change}; }`);
    await element('element.muted = true');
    await sees(b, ann, remote);
    await assert.rejects(hears(b, ann, remote, 500), /"tone":4\d\d.*"why":"muted"/);
    await assert.rejects(hearsNothing(b, remote, 500), /waited 500 ms for: silence/);
    await element('element.muted = false; element.pause()');
    await assert.rejects(sees(b, ann, remote, 500), /"paused":true/);
    await assert.rejects(hears(b, ann, remote, 500), /"tone":4\d\d.*"why":"paused"/);
    await element('element.play()');
    await sees(b, ann, remote);
    await hears(b, ann, remote);
  });

  for (const kind of ['chromium', 'firefox']) {
    test(`an element whose video track never carries a frame is not heard (${kind})`, async () => {
      const page = await fixtures.open(fixtures.browser(kind, ann), `${site.origin}/`);
      await page.run(callOneself, remote);
      await assert.rejects(hears(page, ann, remote, 1500), /"tone":4\d\d.*"why":"no data"/);
      await page.run((remote) => {
        const element = document.querySelector(remote);
        element.srcObject = new MediaStream(element.srcObject.getAudioTracks());
      }, remote);
      await hears(page, ann, remote);
    });
  }

  test('two readings of an element tell why it is not heard', () => {
    const before = { paused: false, muted: false, volume: 1, readyState: 4, currentTime: 1 };
    const after = { ...before, currentTime: 1.1 };
    assert.equal(whyInaudible(before, after), null);
    assert.equal(whyInaudible(before, { ...after, paused: true }), 'paused');
    assert.equal(whyInaudible(before, { ...after, readyState: 1 }), 'no data');
    assert.equal(whyInaudible(before, before), 'stalled');
    assert.equal(whyInaudible(before, { ...after, muted: true }), 'muted');
    assert.equal(whyInaudible(before, { ...after, volume: 0 }), 'muted');
    assert.equal(whyNotPlaying(before, { ...after, muted: true }), null);
  });

  test('an exception, a rejection and a violated policy in a page fail the test', async () => {
    const page = await (await fixtures.browser('chromium', ann)).open(`${site.origin}/`);
    await page.run(() => {
      setTimeout(() => {
        throw new Error('thrown on purpose');
      });
      Promise.reject(new Error('rejected on purpose'));
      document.head.append(Object.assign(document.createElement('style'), { textContent: '*{}' }));
    });
    await page.until(() => globalThis.__e2e.faults.length >= 3);
    await assert.rejects(page.assertClean(), ({ message }) =>
      ['thrown on purpose', 'rejected on purpose', 'policy violation: style-src'].every((text) => message.includes(text)),
    );
    for (const fault of [/on purpose/, /policy violation: style-src/, /Content Security Policy/]) page.expectFault(fault);
    await page.close();
  });
});

/** Runs in the page: connects it to itself by two transceivers, of which only that for sound sends. */
async function callOneself(remote) {
  const [caller, callee] = [new RTCPeerConnection(), new RTCPeerConnection()];
  caller.onicecandidate = ({ candidate }) => callee.addIceCandidate(candidate);
  callee.onicecandidate = ({ candidate }) => caller.addIceCandidate(candidate);
  const element = document.querySelector(remote);
  element.srcObject = new MediaStream();
  callee.ontrack = ({ track }) => element.srcObject.addTrack(track);
  const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
  caller.addTransceiver(sound.getAudioTracks()[0]);
  caller.addTransceiver('video');
  await caller.setLocalDescription();
  await callee.setRemoteDescription(caller.localDescription);
  await callee.setLocalDescription();
  await caller.setRemoteDescription(callee.localDescription);
}
