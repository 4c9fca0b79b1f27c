// Microphones and cameras that are refused, missing, in use, or unplugged: what a call does, and in what time.
// `F40` and the like are rows of docs/fault-matrix.md.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { CONTROL_CAPTURE } from '../lib/capture.mjs';
import { within } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { hears, hearsNothing, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const KINDS = ['chromium', 'firefox'];

// Counts the local descriptions in `descriptions`: none is added while nothing is negotiated.
const COUNT_DESCRIPTIONS = `{
  globalThis.descriptions = 0;
  const setLocalDescription = RTCPeerConnection.prototype.setLocalDescription;
  RTCPeerConnection.prototype.setLocalDescription = function (...args) {
    descriptions += 1;
    return setLocalDescription.apply(this, args);
  };
}`;

describe('devices', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', ann); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  /** Bob joins; Ann's page is prepared and has not joined yet. `answers` is a script, see CONTROL_CAPTURE. */
  const prepareCall = async (kind, { answers = '', ...options } = {}) => {
    const room = { signaling: server.socket('/rooms'), room: freshRoom() };
    const b = await fixtures.join(fixtures.browser('chromium', bob), site.origin, room);
    const { devices, preferences } = options;
    const browser = fixtures.browser(kind, ann, devices || preferences ? { devices, preferences } : undefined);
    const a = await prepare(await fixtures.open(browser, site.origin, { before: `${CONTROL_CAPTURE}; ${COUNT_DESCRIPTIONS}; ${answers}` }));
    return { a, b: b.page, room };
  };
  /** Ann joins; resolves to the time at which she began. */
  const join = async ({ a, room }, options = {}) => {
    const { began, error } = await a.run(
      async (options) => {
        const began = Date.now();
        return { began, ...(await globalThis.start(options)) };
      },
      { ...room, name: 'Ann', ...options },
    );
    assert.equal(error, undefined);
    return began;
  };
  const localIs = (page, device, state, timeout = 10_000) =>
    page.until((device, state) => stateOf(call.local, device) === state && Date.now(), device, state, patience(timeout, `${device} ${state}`));
  const remoteIs = (page, kind, state, timeout = 10_000) =>
    page.until(
      (kind, state) => stateOf(call.participants[0], kind) === state && Date.now(),
      kind,
      state,
      patience(timeout, `the other's ${kind} ${state}`),
    );
  const logged = (page, type, timeout = 10_000) =>
    page.until((type) => globalThis.log.find((entry) => entry.type === type), type, patience(timeout, type));
  const errorCodes = (page) => page.run(() => globalThis.log.filter(({ type }) => type === 'errorHandler').map(({ error }) => error.code));
  const bothInCall = (a, b) => Promise.all([sees(b, ann, REMOTE), hears(b, ann, REMOTE), sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
  const captures = (page) => page.run(() => globalThis.captureRequests.length);
  const descriptions = (page) => page.run(() => globalThis.descriptions);
  const tracks = (page) => page.run(() => globalThis.__e2e.holdings().tracks);
  const permit = (page, permissions) => page.raw.browserContext().overridePermissions(site.origin, permissions);
  /** Waits until nothing is negotiated for 300 ms; resolves to the number of descriptions. */
  const settledDescriptions = async (page) => {
    await page.until(() => {
      const { count = -1, since = 0 } = globalThis.quiet ?? {};
      if (count !== descriptions) globalThis.quiet = { count: descriptions, since: performance.now() };
      return performance.now() - since > 300 && count === descriptions;
    });
    return descriptions(page);
  };

  describe('F40 permission denied', () => {
    test('F40 by the browser: reported at once, and sent as soon as it is allowed', async () => {
      const setup = await prepareCall('chromium', { devices: 'asks' });
      const { a, b } = setup;
      await permit(a, []);
      const row = { row: 'F40', browser: 'chromium' };
      await within(1000, { ...row, what: 'reported' }, async () => {
        const began = await join(setup);
        const { at, error } = await logged(a, 'errorHandler');
        assert.equal(error.code, 'permission-denied');
        assert.match(error.help, /address bar/);
        return at - began;
      });
      await remoteIs(b, 'video', 'permission-denied');
      await Promise.all([sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
      const before = await settledDescriptions(a);
      await within(2000, { ...row, what: 'sent after it is allowed' }, async () => {
        const granted = Date.now();
        await permit(a, ['camera', 'microphone']);
        await Promise.all([remoteIs(b, 'video', 'live'), remoteIs(b, 'audio', 'live')]);
        await sees(b, ann, REMOTE);
        return Date.now() - granted;
      });
      await bothInCall(a, b);
      assert.equal(await descriptions(a), before, 'negotiated anew');
      assert.equal(await tracks(a), 2);
    });

    for (const kind of KINDS) {
      test(`F40 ${kind}: a toggle asks again, once at a time, and returns the intention`, async () => {
        const setup = await prepareCall(kind, { answers: "captureAnswers.video = 'NotAllowedError'" });
        const { a, b } = setup;
        await within(1000, { row: 'F40', browser: kind, what: 'reported' }, async () => {
          const began = await join(setup);
          return (await logged(a, 'errorHandler')).at - began;
        });
        await localIs(a, 'camera', 'permission-denied');
        const before = await captures(a);
        assert.equal(await a.run(() => String(call.toggleTrack('video', false))), 'undefined');
        assert.equal(await captures(a), before, 'asked although it is to be off');
        const wanted = await a.run(() => {
          captureAnswers.video = () => new Promise((resolve) => (globalThis.allow = resolve));
          return [call.toggleTrack('video', true), call.toggleTrack('video', true), call.local.tracks.camera.state];
        });
        assert.deepEqual(wanted, [true, true, 'requested']);
        assert.equal(await captures(a), before + 1);
        await a.run(() => globalThis.allow());
        await sees(b, ann, REMOTE);
        assert.equal(await a.run(() => call.toggleTrack('video')), false);
        await remoteIs(b, 'video', 'off');
      });
    }

    test('F40 chromium: a participant whose camera is blocked is heard', async () => {
      const setup = await prepareCall('chromium', { devices: 'asks' });
      const { a, b } = setup;
      await permit(a, ['microphone']); // Blocks all others.
      await join(setup);
      await localIs(a, 'camera', 'permission-denied');
      await hears(b, ann, REMOTE);
      assert.deepEqual(await errorCodes(a), ['permission-denied']);
    });

    test('F40 the settings of Firefox refuse the microphone: the camera is asked for alone, and seen', async () => {
      const preferences = { 'media.navigator.permission.disabled': false, 'permissions.default.microphone': 2 };
      const setup = await prepareCall('firefox', { preferences });
      await within(1000, { row: 'F40', browser: 'firefox', what: 'reported, refused by its settings' }, async () => {
        const began = await join(setup);
        const { at, error } = await logged(setup.a, 'errorHandler');
        assert.equal(error.code, 'permission-denied');
        return at - began;
      });
      await sees(setup.b, ann, REMOTE);
      await remoteIs(setup.b, 'audio', 'permission-denied');
      // The microphone was refused and is not asked for again.
      assert.deepEqual(await setup.a.run(() => captureRequests.map(Object.keys)), [['audio', 'video'], ['video']]);
      assert.deepEqual(await errorCodes(setup.a), ['permission-denied']);
    });
  });

  describe('F41 permission not answered', () => {
    const ASKING = 'const allowed = new Promise((resolve) => { globalThis.allow = resolve; }); captureAnswers.audio = captureAnswers.video = () => allowed;';

    /** Ann joins at once, and her page receives a hint after five seconds. */
    const joinsUnanswered = async (kind, setup) => {
      const { a, b } = setup;
      let began;
      await within(2000, { row: 'F41', browser: kind, what: 'joined while the browser asks' }, async () => {
        began = await join(setup);
        return Date.now() - began;
      });
      await within(5500, { row: 'F41', browser: kind, what: 'hint' }, async () => {
        const { at, help } = await logged(a, 'media-pending');
        assert.match(help, /Allow/);
        assert.ok(at - began > 4900, 'too early');
        return at - began;
      });
      assert.deepEqual(await errorCodes(a), []);
      await remoteIs(b, 'video', 'requested');
      await Promise.all([sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
    };

    for (const kind of KINDS) {
      test(`F41 ${kind}: the call starts without devices, a hint follows, and a late answer is used`, async () => {
        const setup = await prepareCall(kind, { answers: ASKING });
        await joinsUnanswered(kind, setup);
        const { a, b } = setup;
        assert.equal(await captures(a), 1);
        const before = await settledDescriptions(a);
        await a.run(() => globalThis.allow());
        await bothInCall(a, b);
        assert.equal(await descriptions(a), before, 'negotiated anew');
      });

      test(`F41 ${kind}: devices that are granted after the end are released`, async () => {
        const setup = await prepareCall(kind, { answers: ASKING });
        const { a } = setup;
        await join(setup);
        await a.until(() => globalThis.captureRequests.length === 1);
        await within(500, { row: 'F41', browser: kind, what: 'released after a late answer' }, () =>
          a.run(async () => {
            call.endCall();
            const began = performance.now();
            const given = new Promise((resolve) => (__e2e.afterCapture = resolve));
            globalThis.allow();
            const stream = await given;
            while (stream.getTracks().some(({ readyState }) => readyState === 'live')) {
              if (performance.now() - began > 5000) return 5000;
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
            return performance.now() - began;
          }),
        );
        assert.equal(await tracks(a), 0);
      });
    }

    test('F41 the prompt of Firefox is not answered: the call starts without devices, and a hint follows', async () => {
      const setup = await prepareCall('firefox', { preferences: { 'media.navigator.permission.disabled': false } });
      await joinsUnanswered('firefox', setup);
    });
  });

  describe('F42 a device in use', () => {
    for (const kind of KINDS) {
      const row = { row: 'F42', browser: kind };

      test(`F42 ${kind}: a camera that is free half a second later is used`, async () => {
        const setup = await prepareCall(kind, {
          answers: 'const free = performance.now(); let first; captureAnswers.video = () => { first ??= performance.now(); if (performance.now() < first + 400) refuseCapture("NotReadableError"); };',
        });
        await within(3000, { ...row, what: 'free half a second later' }, async () => {
          const began = await join(setup);
          return (await localIs(setup.a, 'camera', 'live')) - began;
        });
        await bothInCall(setup.a, setup.b);
        assert.deepEqual(await errorCodes(setup.a), []);
      });

      test(`F42 ${kind}: another camera is used`, async () => {
        const listed = kind === 'firefox' && `navigator.mediaDevices.enumerateDevices = async () => [
          { kind: 'audioinput', deviceId: 'mic' }, { kind: 'videoinput', deviceId: 'one' }, { kind: 'videoinput', deviceId: 'two' }];`;
        const setup = await prepareCall(kind, {
          devices: kind === 'chromium' ? 'two-cameras' : undefined,
          answers: `${listed || ''} captureAnswers.video = ({ deviceId }) => { if (!deviceId) refuseCapture('NotReadableError'); };`,
        });
        await within(3000, { ...row, what: 'another device' }, async () => {
          const began = await join(setup);
          return (await localIs(setup.a, 'camera', 'live')) - began;
        });
        const chosen = await setup.a.run(() => globalThis.captureRequests.at(-1).video);
        assert.ok(chosen.deviceId.exact && chosen.width, 'the other constraints are kept');
        await hears(setup.b, ann, REMOTE);
        assert.deepEqual(await errorCodes(setup.a), []);
      });

      test(`F42 ${kind}: no camera is free, and a participant without a camera is heard at once`, async () => {
        const setup = await prepareCall(kind, { answers: "captureAnswers.video = 'NotReadableError'" });
        const { a, b } = setup;
        await within(3000, { ...row, what: 'given up' }, async () => {
          const began = await join(setup);
          const heard = await localIs(a, 'microphone', 'live');
          const gone = await localIs(a, 'camera', 'device-in-use');
          assert.ok(heard < gone - 300, 'the microphone waited for the camera');
          return gone - began;
        });
        assert.deepEqual(await errorCodes(a), ['device-in-use']);
        await remoteIs(b, 'video', 'device-in-use');
        await hears(b, ann, REMOTE);
      });
    }
  });

  describe('F43 no device', () => {
    test('F43 chromium: a participant whose computer has no camera is heard', async () => {
      const setup = await prepareCall('chromium', { devices: 'no-camera' });
      await within(1000, { row: 'F43', browser: 'chromium', what: 'sound only' }, async () => {
        const began = await join(setup);
        await localIs(setup.a, 'microphone', 'live');
        return (await localIs(setup.a, 'camera', 'device-not-found')) - began;
      });
      await hears(setup.b, ann, REMOTE);
    });

    for (const kind of KINDS) {
      test(`F43 ${kind}: a device that is plugged in is asked for and sent`, async () => {
        const LISTED = "globalThis.listed = [{ kind: 'audiooutput', deviceId: 'x' }]; navigator.mediaDevices.enumerateDevices = async () => listed;";
        const setup = await prepareCall(kind, { answers: `captureAnswers.audio = captureAnswers.video = 'NotFoundError'; ${LISTED}` });
        const { a, b } = setup;
        const plug = (kinds) =>
          a.run((kinds) => {
            for (const kind of kinds) delete captureAnswers[kind];
            listed.push(...kinds.map((kind) => ({ kind: `${kind}input`, deviceId: kind })));
            navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
            return Date.now();
          }, kinds);
        await join(setup);
        await localIs(a, 'camera', 'device-not-found');
        await localIs(a, 'microphone', 'device-not-found');
        await Promise.all([sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
        const [before, asked] = [await settledDescriptions(a), await captures(a)];
        await plug([]);
        await within(1000, { row: 'F43', browser: kind, what: 'plugged in' }, async () => {
          const plugged = await plug(['video']);
          return (await remoteIs(b, 'video', 'live')) - plugged;
        });
        await sees(b, ann, REMOTE);
        assert.equal(await captures(a), asked + 1, 'asked for the missing microphone');
        await plug(['audio']);
        await hears(b, ann, REMOTE);
        assert.equal(await descriptions(a), before, 'negotiated anew');
      });
    }
  });

  describe('F44 constraints that no device satisfies', () => {
    test('F44 chromium: a camera that is gone and a size that no camera has are replaced by the nearest', async () => {
      const setup = await prepareCall('chromium');
      const video = { deviceId: { exact: 'gone' }, width: { min: 3840 }, frameRate: 15, height: { ideal: 240, max: 2160 } };
      await within(1000, { row: 'F44', browser: 'chromium', what: 'the nearest camera' }, async () => {
        const began = await join(setup, { constraints: { audio: true, video } });
        return (await localIs(setup.a, 'camera', 'live')) - began;
      });
      const relaxed = { deviceId: 'gone', width: 3840, frameRate: 15, height: 240 };
      assert.deepEqual(await setup.a.run(() => globalThis.captureRequests.at(-1).video), relaxed);
      assert.deepEqual(await errorCodes(setup.a), []);
      await bothInCall(setup.a, setup.b);
    });

    test('F44 firefox: a microphone that is gone is replaced by another', async () => {
      const setup = await prepareCall('firefox');
      const audio = { deviceId: { exact: 'gone' }, echoCancellation: false };
      await within(1000, { row: 'F44', browser: 'firefox', what: 'the nearest microphone' }, async () => {
        const began = await join(setup, { constraints: { audio, video: true } });
        return (await localIs(setup.a, 'microphone', 'live')) - began;
      });
      const asked = await setup.a.run(() => globalThis.captureRequests.map(({ audio }) => audio).filter(Boolean).at(-1));
      assert.deepEqual(asked, { deviceId: 'gone', echoCancellation: false });
      assert.deepEqual(await errorCodes(setup.a), []);
      await bothInCall(setup.a, setup.b);
    });
  });

  describe('F45 a device that is unplugged', () => {
    for (const kind of KINDS) {
      test(`F45 ${kind}: another device is used, and one that was off stays off`, async () => {
        const setup = await prepareCall(kind);
        const { a, b } = setup;
        await join(setup);
        await bothInCall(a, b);
        assert.equal(await a.run(() => call.toggleTrack('audio')), false);
        await remoteIs(b, 'audio', 'muted');
        const before = await settledDescriptions(a);
        const unplug = (which) =>
          a.run((which) => {
            globalThis.own ??= call.localStream;
            const [track] = call.localStream.getTracks().filter(({ kind }) => kind === which);
            track.stop();
            track.dispatchEvent(new Event('ended'));
            globalThis.ended = [...(globalThis.ended ?? []), track];
            return Date.now();
          }, which);
        await within(2000, { row: 'F45', browser: kind, what: 'another device' }, async () => {
          const unplugged = await unplug('video');
          await remoteIs(b, 'video', 'live');
          await sees(b, ann, REMOTE);
          return Date.now() - unplugged;
        });
        await unplug('audio');
        await a.until(() => call.localStream.getAudioTracks()[0]?.readyState === 'live');
        await remoteIs(b, 'audio', 'muted');
        await hearsNothing(b, REMOTE);
        const own = await a.run(() => [
          own === call.localStream,
          own.getTracks().length,
          document.querySelector('#localVideoElement').srcObject === own,
          own.getTracks().some((track) => ended.includes(track)),
        ]);
        assert.deepEqual(own, [true, 2, true, false]);
        await sees(a, ann, '#localVideoElement');
        assert.equal(await a.run(() => call.toggleTrack('audio')), true);
        await bothInCall(a, b);
        assert.equal(await descriptions(a), before, 'negotiated anew');
        assert.deepEqual(await errorCodes(a), []);
        assert.equal(await tracks(a), 2);
      });
    }

    test('F45 firefox: a viewer without devices stays connected when the other loses both devices', async () => {
      const { a, b, room } = await prepareCall('firefox', { answers: "captureAnswers.audio = captureAnswers.video = 'NotAllowedError'" });
      await join({ a, room });
      await Promise.all([sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
      const lost = await b.run(() => {
        __e2e.beforeCapture = () => {
          throw new DOMException('made up by the test', 'NotFoundError');
        };
        for (const track of call.localStream.getTracks()) {
          track.stop();
          track.dispatchEvent(new Event('ended'));
        }
        return Date.now();
      });
      await remoteIs(a, 'video', 'device-not-found');
      await new Promise((resolve) => setTimeout(resolve, 20_000)); // There is no event to wait for when nothing is to happen.
      const connections = await a.run(
        (lost) => globalThis.log.filter(({ participant, at }) => participant && at > lost).map(({ participant }) => participant.connection),
        lost,
      );
      assert.deepEqual([...new Set(connections)], ['connected']);
    });

    test('F45 permission withdrawn by the browser: both sides are notified, and it is sent again when allowed', async () => {
      const setup = await prepareCall('chromium', { devices: 'asks' });
      const { a, b } = setup;
      await permit(a, ['camera', 'microphone']);
      await join(setup);
      await bothInCall(a, b);
      const before = await settledDescriptions(a);
      const row = { row: 'F45', browser: 'chromium' };
      await within(2000, { ...row, what: 'withdrawn' }, async () => {
        const withdrawn = Date.now();
        await a.raw.browserContext().clearPermissionOverrides();
        await Promise.all([remoteIs(b, 'video', 'permission-denied'), remoteIs(b, 'audio', 'permission-denied')]);
        return Date.now() - withdrawn;
      });
      assert.deepEqual(await errorCodes(a), ['permission-denied', 'permission-denied']);
      assert.equal(await tracks(a), 0);
      await within(2000, { ...row, what: 'allowed again' }, async () => {
        const allowed = Date.now();
        await permit(a, ['camera', 'microphone']);
        await sees(b, ann, REMOTE);
        return Date.now() - allowed;
      });
      await bothInCall(a, b);
      assert.equal(await descriptions(a), before, 'negotiated anew');
    });

    test("F45 a track of the page's own that ends is reported, and not replaced by a device", async () => {
      const setup = await prepareCall('chromium');
      const { a, b, room } = setup;
      await a.run(async (options) => {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
        [globalThis.video] = stream.getVideoTracks();
        stream.getAudioTracks()[0].stop();
        return globalThis.start({ ...options, constraints: { audio: true, video } });
      }, room);
      await sees(b, ann, REMOTE);
      const before = await captures(a);
      await within(2000, { row: 'F45', browser: 'chromium', what: "a track of the page's own" }, async () => {
        const ended = await a.run(() => {
          video.stop();
          video.dispatchEvent(new Event('ended'));
          navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
          return Date.now();
        });
        return (await remoteIs(b, 'video', 'failed')) - ended;
      });
      assert.equal(await a.run(() => String(call.toggleTrack('video', true))), 'undefined');
      assert.equal(await captures(a), before);
    });
  });

  describe('F46 a track that the system mutes', () => {
    const mute = (page, name, source = 'call.localStream.getAudioTracks()[0]') =>
      page.raw.evaluate(`${source}.dispatchEvent(new Event('${name}')), Date.now()`);

    for (const kind of KINDS) {
      test(`F46 ${kind}: reported after five seconds, and again when it is unmuted`, async () => {
        const setup = await prepareCall(kind);
        const { a, b } = setup;
        await join(setup);
        await bothInCall(a, b);
        await mute(a, 'mute');
        await mute(a, 'unmute'); // Too short to be reported.
        const row = { row: 'F46', browser: kind };
        await within(5500, { ...row, what: 'reported' }, async () => {
          const silenced = await mute(a, 'mute');
          const at = await remoteIs(b, 'audio', 'interrupted');
          assert.ok(at - silenced > 4900, 'too early');
          return at - silenced;
        });
        assert.equal(await a.run(() => call.local.tracks.microphone.state), 'unavailable');
        await within(1000, { ...row, what: 'unmuted' }, async () => {
          const back = await mute(a, 'unmute');
          return (await remoteIs(b, 'audio', 'live')) - back;
        });
        const seen = await b.run(() =>
          globalThis.log.filter(({ type }) => type === 'participant-changed').map(({ participant }) => participant.audio),
        );
        assert.equal(seen.filter((audio, index) => audio === 'interrupted' && seen[index - 1] !== audio).length, 1);
        await bothInCall(a, b);
      });
    }

    test("F46 a muted track of the page's own is reported", async () => {
      const setup = await prepareCall('chromium');
      const { a, b, room } = setup;
      await a.run(async (options) => {
        const stream = await navigator.mediaDevices.getUserMedia({ video: true });
        [globalThis.video] = stream.getVideoTracks();
        return globalThis.start({ ...options, constraints: { audio: true, video } });
      }, room);
      await sees(b, ann, REMOTE);
      await within(5500, { row: 'F46', browser: 'chromium', what: "a track of the page's own" }, async () => {
        const silenced = await mute(a, 'mute', 'video');
        return (await remoteIs(b, 'video', 'interrupted')) - silenced;
      });
      await mute(a, 'unmute', 'video');
      await remoteIs(b, 'video', 'live');
      assert.equal(await a.run(() => video.readyState), 'live');
    });
  });
});
