// Microphones and cameras that are refused, missing, taken, or go away: what a call makes of them,
// and in what time. The rows are those of the faults that a call survives.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { within } from '../lib/faults.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { hears, hearsNothing, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { fixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';
const KINDS = ['chromium', 'firefox'];

// In `fate`, the test says how the browser answers for each kind: by the name of an exception, or by
// a function that may wait, or throw. What it was asked for is in `asked`, how often there were new
// descriptions in `descriptions`.
const FATE = `
  globalThis.fate = {};
  globalThis.asked = [];
  globalThis.descriptions = 0;
  globalThis.fail = (name) => { throw new DOMException('made up by the test', name); };
  __e2e.beforeCapture = async (constraints) => {
    asked.push(structuredClone(constraints));
    for (const kind of ['audio', 'video']) {
      const answer = constraints[kind] && fate[kind];
      if (typeof answer === 'string') fail(answer);
      await answer?.(constraints[kind]);
    }
  };
  // Firefox keeps events that a page makes from the listeners of a track, unless they want them.
  const listening = EventTarget.prototype.addEventListener;
  MediaStreamTrack.prototype.addEventListener = function (type, listener, options) {
    return listening.call(this, type, listener, options, true);
  };
  const describing = RTCPeerConnection.prototype.setLocalDescription;
  RTCPeerConnection.prototype.setLocalDescription = function (...args) {
    descriptions += 1;
    return describing.apply(this, args);
  };
`;

describe('devices', () => {
  const scene = fixtures();
  let server;
  let site;

  before(async () => {
    scene.browser('firefox', ann); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    scene.defer(() => server.stop());
    site = await callSite();
    scene.defer(() => site.stop());
  });

  /** Bob is there; Ann's page is prepared, and not yet in the call. */
  const meet = async (kind, { fate = '', ...options } = {}) => {
    const room = { signaling: server.socket('/rooms'), room: freshRoom() };
    const b = await scene.join(scene.browser('chromium', bob), site.origin, room);
    const { devices, preferences } = options;
    const browser = scene.browser(kind, ann, devices || preferences ? { devices, preferences } : undefined);
    const a = await prepare(await scene.open(browser, site.origin, { before: `${FATE}; ${fate}` }));
    return { a, b: b.page, room };
  };
  /** Has Ann enter; gives when she began. */
  const enter = async ({ a, room }, options = {}) => {
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
  const state = (page, device, state, timeout = 10_000) =>
    page.until((device, state) => call[device] === state && Date.now(), device, state, patience(timeout, `${device} ${state}`));
  const told = (page, kind, state, timeout = 10_000) =>
    page.until(
      (kind, state) => call.participants[0]?.[kind] === state && Date.now(),
      kind,
      state,
      patience(timeout, `the other's ${kind} ${state}`),
    );
  const logged = (page, type, timeout = 10_000) =>
    page.until((type) => globalThis.log.find((entry) => entry.type === type), type, patience(timeout, type));
  const codes = (page) => page.run(() => globalThis.log.filter(({ type }) => type === 'errorHandler').map(({ error }) => error.code));
  const both = (a, b) => Promise.all([sees(b, ann, REMOTE), hears(b, ann, REMOTE), sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
  const captures = (page) => page.run(() => globalThis.asked.length);
  const descriptions = (page) => page.run(() => globalThis.descriptions);
  const tracks = (page) => page.run(() => globalThis.__e2e.holdings().tracks);
  const permit = (page, permissions) => page.raw.browserContext().overridePermissions(site.origin, permissions);
  /** Waits until nothing has been negotiated for a moment, and gives how often it was. */
  const settledDescriptions = async (page) => {
    await page.until(() => {
      const { count = -1, since = 0 } = globalThis.quiet ?? {};
      if (count !== descriptions) globalThis.quiet = { count: descriptions, since: performance.now() };
      return performance.now() - since > 300 && count === descriptions;
    });
    return descriptions(page);
  };

  describe('F40 permission denied', () => {
    test('F40 by the browser: told at once, and sent as soon as it is allowed', async () => {
      const scene = await meet('chromium', { devices: 'asks' });
      const { a, b } = scene;
      await permit(a, []);
      const row = { row: 'F40', browser: 'chromium' };
      await within(1000, { ...row, what: 'told' }, async () => {
        const began = await enter(scene);
        const { at, error } = await logged(a, 'errorHandler');
        assert.equal(error.code, 'permission-denied');
        assert.match(error.help, /address bar/);
        return at - began;
      });
      await told(b, 'video', 'permission-denied');
      await Promise.all([sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
      const before = await settledDescriptions(a);
      await within(2000, { ...row, what: 'sent once it is allowed' }, async () => {
        const granted = Date.now();
        await permit(a, ['camera', 'microphone']);
        await Promise.all([told(b, 'video', 'live'), told(b, 'audio', 'live')]);
        await sees(b, ann, REMOTE);
        return Date.now() - granted;
      });
      await both(a, b);
      assert.equal(await descriptions(a), before, 'negotiated anew');
      assert.equal(await tracks(a), 2);
    });

    for (const kind of KINDS) {
      test(`F40 ${kind}: a toggle asks again, once at a time, and says what is wanted`, async () => {
        const scene = await meet(kind, { fate: "fate.video = 'NotAllowedError'" });
        const { a, b } = scene;
        await within(1000, { row: 'F40', browser: kind, what: 'told' }, async () => {
          const began = await enter(scene);
          return (await logged(a, 'errorHandler')).at - began;
        });
        await state(a, 'camera', 'permission-denied');
        const before = await captures(a);
        assert.equal(await a.run(() => String(call.toggleTrack('video', false))), 'undefined');
        assert.equal(await captures(a), before, 'nobody wants it on');
        const wanted = await a.run(() => {
          fate.video = () => new Promise((resolve) => (globalThis.allow = resolve));
          return [call.toggleTrack('video', true), call.toggleTrack('video', true), call.camera];
        });
        assert.deepEqual(wanted, [true, true, 'pending']);
        assert.equal(await captures(a), before + 1);
        await a.run(() => globalThis.allow());
        await sees(b, ann, REMOTE);
        assert.equal(await a.run(() => call.toggleTrack('video')), false);
        await told(b, 'video', 'muted');
      });
    }

    test('F40 Firefox refuses by its own setting', async () => {
      const preferences = { 'media.navigator.permission.disabled': false, 'permissions.default.microphone': 2 };
      const scene = await meet('firefox', { preferences });
      await within(1000, { row: 'F40', browser: 'firefox', what: 'told, by its own setting' }, async () => {
        const began = await enter(scene);
        const { at, error } = await logged(scene.a, 'errorHandler');
        assert.equal(error.code, 'permission-denied');
        return at - began;
      });
      await told(scene.b, 'audio', 'permission-denied');
      await state(scene.a, 'camera', 'permission-denied');
      // Whoever has just said no is not asked a second time, but for the camera that may be asked.
      assert.equal(await scene.a.run(() => call.toggleTrack('video', true)), true);
      await sees(scene.b, ann, REMOTE);
    });
  });

  describe('F41 a question that nobody answers', () => {
    const ASKING = 'const allowed = new Promise((resolve) => { globalThis.allow = resolve; }); fate.audio = fate.video = () => allowed;';

    /** Joins at once, is told after five seconds. */
    const unanswered = async (kind, scene) => {
      const { a, b } = scene;
      let began;
      await within(2000, { row: 'F41', browser: kind, what: 'joined while the browser asks' }, async () => {
        began = await enter(scene);
        return Date.now() - began;
      });
      await within(5500, { row: 'F41', browser: kind, what: 'hint' }, async () => {
        const { at, help } = await logged(a, 'media-pending');
        assert.match(help, /Allow/);
        assert.ok(at - began > 4900, 'not sooner');
        return at - began;
      });
      assert.deepEqual(await codes(a), []);
      await told(b, 'video', 'pending');
      await Promise.all([sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
    };

    for (const kind of KINDS) {
      test(`F41 ${kind}: the call begins without, a hint comes, and a late answer is used`, async () => {
        const scene = await meet(kind, { fate: ASKING });
        await unanswered(kind, scene);
        const { a, b } = scene;
        assert.equal(await captures(a), 1);
        const before = await settledDescriptions(a);
        await a.run(() => globalThis.allow());
        await both(a, b);
        assert.equal(await descriptions(a), before, 'negotiated anew');
      });

      test(`F41 ${kind}: an answer after the end turns no camera on`, async () => {
        const scene = await meet(kind, { fate: ASKING });
        const { a } = scene;
        await enter(scene);
        await a.until(() => globalThis.asked.length === 1);
        await within(500, { row: 'F41', browser: kind, what: 'dark after a late answer' }, () =>
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

    test('F41 Firefox asks by itself, and nobody answers', async () => {
      const scene = await meet('firefox', { preferences: { 'media.navigator.permission.disabled': false } });
      await unanswered('firefox', scene);
    });
  });

  describe('F42 a device in use', () => {
    for (const kind of KINDS) {
      const row = { row: 'F42', browser: kind };

      test(`F42 ${kind}: free half a second later`, async () => {
        const scene = await meet(kind, {
          fate: 'const free = performance.now(); let first; fate.video = () => { first ??= performance.now(); if (performance.now() < first + 400) fail("NotReadableError"); };',
        });
        await within(3000, { ...row, what: 'free a little later' }, async () => {
          const began = await enter(scene);
          return (await state(scene.a, 'camera', 'live')) - began;
        });
        await both(scene.a, scene.b);
        assert.deepEqual(await codes(scene.a), []);
      });

      test(`F42 ${kind}: another camera is taken`, async () => {
        const listed = kind === 'firefox' && `navigator.mediaDevices.enumerateDevices = async () => [
          { kind: 'audioinput', deviceId: 'mic' }, { kind: 'videoinput', deviceId: 'one' }, { kind: 'videoinput', deviceId: 'two' }];`;
        const scene = await meet(kind, {
          devices: kind === 'chromium' ? 'two-cameras' : undefined,
          fate: `${listed || ''} fate.video = ({ deviceId }) => { if (!deviceId) fail('NotReadableError'); };`,
        });
        await within(3000, { ...row, what: 'another device' }, async () => {
          const began = await enter(scene);
          return (await state(scene.a, 'camera', 'live')) - began;
        });
        const chosen = await scene.a.run(() => globalThis.asked.at(-1).video);
        assert.ok(chosen.deviceId.exact && chosen.width, 'as wished otherwise');
        await hears(scene.b, ann, REMOTE);
        assert.deepEqual(await codes(scene.a), []);
      });

      test(`F42 ${kind}: none is free, so the call goes on with sound, which does not wait`, async () => {
        const scene = await meet(kind, { fate: "fate.video = 'NotReadableError'" });
        const { a, b } = scene;
        await within(3000, { ...row, what: 'without' }, async () => {
          const began = await enter(scene);
          const heard = await state(a, 'microphone', 'live');
          const gone = await state(a, 'camera', 'device-in-use');
          assert.ok(heard < gone - 300, 'sound waited for the camera');
          return gone - began;
        });
        assert.deepEqual(await codes(a), ['device-in-use']);
        await told(b, 'video', 'device-in-use');
        await hears(b, ann, REMOTE);
      });
    }
  });

  describe('F43 no device', () => {
    test('F43 chromium: no camera in the machine, sound alone', async () => {
      const scene = await meet('chromium', { devices: 'no-camera' });
      await within(1000, { row: 'F43', browser: 'chromium', what: 'sound alone' }, async () => {
        const began = await enter(scene);
        await state(scene.a, 'microphone', 'live');
        return (await state(scene.a, 'camera', 'device-not-found')) - began;
      });
      await hears(scene.b, ann, REMOTE);
    });

    for (const kind of KINDS) {
      test(`F43 ${kind}: what is plugged in is asked for and sent`, async () => {
        const LISTED = "globalThis.listed = [{ kind: 'audiooutput', deviceId: 'x' }]; navigator.mediaDevices.enumerateDevices = async () => listed;";
        const scene = await meet(kind, { fate: `fate.audio = fate.video = 'NotFoundError'; ${LISTED}` });
        const { a, b } = scene;
        const plug = (kinds) =>
          a.run((kinds) => {
            for (const kind of kinds) delete fate[kind];
            listed.push(...kinds.map((kind) => ({ kind: `${kind}input`, deviceId: kind })));
            navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
            return Date.now();
          }, kinds);
        await enter(scene);
        await state(a, 'camera', 'device-not-found');
        await state(a, 'microphone', 'device-not-found');
        await Promise.all([sees(a, bob, REMOTE), hears(a, bob, REMOTE)]);
        const [before, asked] = [await settledDescriptions(a), await captures(a)];
        await plug([]);
        await within(1000, { row: 'F43', browser: kind, what: 'plugged in' }, async () => {
          const plugged = await plug(['video']);
          return (await told(b, 'video', 'live')) - plugged;
        });
        await sees(b, ann, REMOTE);
        assert.equal(await captures(a), asked + 1, 'asked for what is not there');
        await plug(['audio']);
        await hears(b, ann, REMOTE);
        assert.equal(await descriptions(a), before, 'negotiated anew');
      });
    }
  });

  describe('F44 what no device can do', () => {
    test('F44 chromium: a camera that is gone, in a size that there is not', async () => {
      const scene = await meet('chromium');
      const video = { deviceId: { exact: 'gone' }, width: { min: 3840 }, frameRate: 15, height: { ideal: 240, max: 2160 } };
      await within(1000, { row: 'F44', browser: 'chromium', what: 'the nearest camera' }, async () => {
        const began = await enter(scene, { constraints: { audio: true, video } });
        return (await state(scene.a, 'camera', 'live')) - began;
      });
      const relaxed = { deviceId: 'gone', width: 3840, frameRate: 15, height: 240 };
      assert.deepEqual(await scene.a.run(() => globalThis.asked.at(-1).video), relaxed);
      assert.deepEqual(await codes(scene.a), []);
      await both(scene.a, scene.b);
    });

    test('F44 firefox: a microphone that is gone', async () => {
      const scene = await meet('firefox');
      const audio = { deviceId: { exact: 'gone' }, echoCancellation: false };
      await within(1000, { row: 'F44', browser: 'firefox', what: 'the nearest microphone' }, async () => {
        const began = await enter(scene, { constraints: { audio, video: true } });
        return (await state(scene.a, 'microphone', 'live')) - began;
      });
      const asked = await scene.a.run(() => globalThis.asked.map(({ audio }) => audio).filter(Boolean).at(-1));
      assert.deepEqual(asked, { deviceId: 'gone', echoCancellation: false });
      assert.deepEqual(await codes(scene.a), []);
      await both(scene.a, scene.b);
    });
  });

  describe('F45 a device that goes away', () => {
    for (const kind of KINDS) {
      test(`F45 ${kind}: unplugged, and another takes its place; what was off stays off`, async () => {
        const scene = await meet(kind);
        const { a, b } = scene;
        await enter(scene);
        await both(a, b);
        assert.equal(await a.run(() => call.toggleTrack('audio')), false);
        await told(b, 'audio', 'muted');
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
          await told(b, 'video', 'live');
          await sees(b, ann, REMOTE);
          return Date.now() - unplugged;
        });
        await unplug('audio');
        await a.until(() => call.localStream.getAudioTracks()[0]?.readyState === 'live');
        await told(b, 'audio', 'muted');
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
        await both(a, b);
        assert.equal(await descriptions(a), before, 'negotiated anew');
        assert.deepEqual(await codes(a), []);
        assert.equal(await tracks(a), 2);
      });
    }

    test('F45 permission withdrawn by the browser: all are told, and it is sent again when allowed', async () => {
      const scene = await meet('chromium', { devices: 'asks' });
      const { a, b } = scene;
      await permit(a, ['camera', 'microphone']);
      await enter(scene);
      await both(a, b);
      const before = await settledDescriptions(a);
      const row = { row: 'F45', browser: 'chromium' };
      await within(2000, { ...row, what: 'withdrawn' }, async () => {
        const withdrawn = Date.now();
        await a.raw.browserContext().clearPermissionOverrides();
        await Promise.all([told(b, 'video', 'permission-denied'), told(b, 'audio', 'permission-denied')]);
        return Date.now() - withdrawn;
      });
      assert.deepEqual(await codes(a), ['permission-denied', 'permission-denied']);
      assert.equal(await tracks(a), 0);
      await within(2000, { ...row, what: 'allowed again' }, async () => {
        const allowed = Date.now();
        await permit(a, ['camera', 'microphone']);
        await sees(b, ann, REMOTE);
        return Date.now() - allowed;
      });
      await both(a, b);
      assert.equal(await descriptions(a), before, 'negotiated anew');
    });

    test("F45 a track of the page's own that ends is told, and replaced by no device", async () => {
      const scene = await meet('chromium');
      const { a, b, room } = scene;
      await a.run(async (options) => {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
        [globalThis.video] = stream.getVideoTracks();
        stream.getAudioTracks()[0].stop();
        return globalThis.start({ ...options, constraints: { audio: true, video } });
      }, room);
      await sees(b, ann, REMOTE);
      const before = await captures(a);
      await within(2000, { row: 'F45', browser: 'chromium', what: "the page's own" }, async () => {
        const ended = await a.run(() => {
          video.stop();
          video.dispatchEvent(new Event('ended'));
          navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
          return Date.now();
        });
        return (await told(b, 'video', 'unavailable')) - ended;
      });
      assert.equal(await a.run(() => String(call.toggleTrack('video', true))), 'undefined');
      assert.equal(await captures(a), before);
    });
  });

  describe('F46 a track that the system silences', () => {
    const mute = (page, name, source = 'call.localStream.getAudioTracks()[0]') =>
      page.raw.evaluate(`${source}.dispatchEvent(new Event('${name}')), Date.now()`);

    for (const kind of KINDS) {
      test(`F46 ${kind}: told after five seconds, and undone when it speaks again`, async () => {
        const scene = await meet(kind);
        const { a, b } = scene;
        await enter(scene);
        await both(a, b);
        await mute(a, 'mute');
        await mute(a, 'unmute'); // Too short to be told.
        const row = { row: 'F46', browser: kind };
        await within(5500, { ...row, what: 'told' }, async () => {
          const silenced = await mute(a, 'mute');
          const at = await told(b, 'audio', 'unavailable');
          assert.ok(at - silenced > 4900, 'not sooner');
          return at - silenced;
        });
        assert.equal(await a.run(() => call.microphone), 'unavailable');
        await within(1000, { ...row, what: 'undone' }, async () => {
          const back = await mute(a, 'unmute');
          return (await told(b, 'audio', 'live')) - back;
        });
        const seen = await b.run(() =>
          globalThis.log.filter(({ type }) => type === 'participant-changed').map(({ participant }) => participant.audio),
        );
        assert.equal(seen.filter((audio, index) => audio === 'unavailable' && seen[index - 1] !== audio).length, 1);
        await both(a, b);
      });
    }

    test("F46 a track of the page's own too", async () => {
      const scene = await meet('chromium');
      const { a, b, room } = scene;
      await a.run(async (options) => {
        const stream = await navigator.mediaDevices.getUserMedia({ video: true });
        [globalThis.video] = stream.getVideoTracks();
        return globalThis.start({ ...options, constraints: { audio: true, video } });
      }, room);
      await sees(b, ann, REMOTE);
      await within(5500, { row: 'F46', browser: 'chromium', what: "the page's own" }, async () => {
        const silenced = await mute(a, 'mute', 'video');
        return (await told(b, 'video', 'unavailable')) - silenced;
      });
      await mute(a, 'unmute', 'video');
      await told(b, 'video', 'live');
      assert.equal(await a.run(() => video.readyState), 'live');
    });
  });
});
