// What the options mean, and which are refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import './fakes.mjs';
import { iceServerList } from '../ts/ice-servers.ts';
import { prepare } from '../ts/options.ts';

const signaling = 'wss://example.org/rooms';
const refused = (options, message) => assert.throws(() => prepare(options), { code: 'invalid-options', message });

describe('ICE servers', () => {
  const stun = { urls: 'stun:stun.example.org' };
  const turn = { urls: ['turn:a', 'turn:b'], username: 'ann', credential: 'secret' };
  const legacy = { url: 'turn:a', username: 'ann', credential: 'secret' };

  for (const [name, given, expected] of [
    ['a list', [stun, turn], [stun, turn]],
    ['an empty list', [], []],
    ['a single server', stun, [stun]],
    ['the answer of a service', { iceServers: [turn], ttl: 60 }, [turn]],
    ['such an answer with one server', { iceServers: turn }, [turn]],
    ['the old `url`', [legacy], [{ urls: 'turn:a', username: 'ann', credential: 'secret' }]],
    ['URL objects', { urls: [new URL('stun:a')] }, [{ urls: ['stun:a'] }]],
  ]) {
    test(`are accepted as ${name}`, () => {
      assert.deepEqual(iceServerList(given), expected);
      assert.deepEqual(prepare({ signaling, iceServers: given }).core.rtc.iceServers, expected);
    });
  }

  for (const given of ['stun:a', 5, true, {}, [{}], [null], [stun, 'turn:a'], { urls: 5 }, { urls: [] }, { iceServers: 'a' }]) {
    test(`are refused as ${JSON.stringify(given)}`, () => {
      assert.equal(iceServerList(given), undefined);
      refused({ signaling, iceServers: given }, /'iceServers' must be a list/);
    });
  }

  test('of `rtcConfig` count unless there are others', () => {
    const rtcConfig = { iceServers: stun, bundlePolicy: 'max-bundle' };
    assert.deepEqual(prepare({ signaling, rtcConfig }).core.rtc, { iceServers: [stun], bundlePolicy: 'max-bundle' });
    assert.deepEqual(prepare({ signaling, rtcConfig, iceServers: [turn] }).core.rtc.iceServers, [turn]);
    assert.equal(prepare({ signaling }).core.rtc, undefined);
  });
});

describe('options', () => {
  test('are refused with every problem in one message', () => {
    refused({ signaling: 5, room: 7, errorHandler: 'alert', reconnect: 'later' }, /'signaling'.*'room'.*'reconnect'.*'errorHandler'/);
  });

  test('name an element that is not there', () => {
    refused({ signaling, localVideoElement: 'nowhere' }, /'localVideoElement' is not a video element/);
  });

  test('name what a transport lacks', () => {
    refused({ signaling: { connect() {} } }, /lacks 'send'.*lacks 'onMessage'/);
  });

  test('have the defaults of videocalls.js for the camera', () => {
    const { video } = prepare({ signaling }).core;
    assert.deepEqual([video.width.max, video.height.max, video.frameRate.max], [1280, 720, 30]);
    assert.deepEqual(prepare({ signaling, constraints: { video: { width: 5 } } }).core.video, { width: 5 });
    assert.equal(prepare({ signaling, constraints: { video: false } }).core.video, false);
  });

  test('turn `reconnect` into milliseconds', () => {
    const ms = (reconnect) => prepare({ signaling, reconnect }).core.reconnectMs;
    assert.deepEqual([ms(undefined), ms(true), ms(false), ms(2.5), ms(Infinity)], [undefined, undefined, 0, 2500, 2 ** 31]);
  });

  test('refuse a track of the wrong kind when it is there', async () => {
    const track = { kind: 'video', stop() {} };
    await assert.rejects(prepare({ signaling, constraints: { audio: track } }).core.audio, /is a track of kind 'video'/);
  });
});
