// Whatever a participant sends (sound, picture, both, nothing, and each change between them), the other
// one hears and sees exactly that at their media elements: with the package, the app and the Agora
// script, in Chromium and in Firefox.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { CONTROL_CAPTURE, loseDevice, withoutDevices } from '../lib/capture.mjs';
import { createFixtures } from '../lib/fixtures.mjs';
import { hears, hearsNothing, sees, seesNobody } from '../lib/media-probe.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';

const SOUND = ['audio'];
const PICTURE = ['video'];
const BOTH = ['audio', 'video'];
const NOTHING = [];

/**
 * Each visit of a sender to the room: which devices are missing (`missing`), what the sender turns
 * off before the devices are there (`off`), what is sent then (`sends`), and after each further step.
 */
const VISITS = {
  'microphone and camera': {
    sends: BOTH,
    steps: [
      { toggle: 'video', sends: SOUND },
      { toggle: 'video', sends: BOTH },
      { toggle: 'audio', sends: PICTURE },
      { toggle: 'audio', sends: BOTH },
    ],
  },
  'microphone only': {
    missing: PICTURE,
    sends: SOUND,
    steps: [
      { toggle: 'video', sends: BOTH },
      { toggle: 'video', sends: SOUND },
    ],
  },
  'camera only': { missing: SOUND, sends: PICTURE, steps: [{ toggle: 'audio', sends: BOTH }] },
  neither: {
    missing: BOTH,
    sends: NOTHING,
    steps: [
      { toggle: 'audio', sends: SOUND },
      { toggle: 'video', sends: BOTH },
    ],
  },
  'a camera that is unplugged': {
    sends: BOTH,
    steps: [
      { lose: 'video', sends: SOUND },
      { toggle: 'video', sends: BOTH },
    ],
  },
  'camera off from the start': { off: 'video', sends: SOUND, steps: [{ toggle: 'video', sends: BOTH }] },
};

const PAIRS = [
  ['chromium', 'chromium'],
  ['chromium', 'firefox'],
  ['firefox', 'chromium'],
];

describe('who sends what', () => {
  const fixtures = createFixtures();
  let server;
  let site;
  let agoraSite;

  before(async () => {
    fixtures.browser('firefox', bob); // Takes seconds to start, and is awaited where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
    agoraSite = await callSite({}, { policy: '' });
    fixtures.defer(() => agoraSite.stop());
  });

  /** How a participant uses each product: its page, its two elements, what covers a missing picture, and what they do with a call. */
  const PRODUCTS = {
    package: {
      local: '#localVideoElement',
      remote: '#remoteVideoElement',
      open: async (browser) => prepare(await fixtures.open(browser, site.origin, { before: CONTROL_CAPTURE })),
      join: async (page, room) => {
        const options = { signaling: server.socket('/rooms'), room, name: page.person.name };
        const { error } = await page.run((options) => globalThis.start(options), options);
        assert.equal(error, undefined);
      },
      toggle: (page, kind) => page.run((kind) => void globalThis.call.toggleTrack(kind), kind),
      leave: (page) => page.run(() => globalThis.call.endCall()),
    },
    app: {
      local: '[data-participant="self"] video',
      remote: '[data-participant]:not([data-participant="self"]) video',
      cover: '[data-participant]:not([data-participant="self"]) .tile-cover',
      open: (browser) => fixtures.open(browser, server.origin, { before: CONTROL_CAPTURE }),
      join: async (page, room) => {
        await page.until(() => document.querySelector('#join'));
        await page.fill('#room', room);
        await page.fill('#name', page.person.name);
        await page.click('#join');
        await page.until(() => document.querySelector('[data-call-state="connected"]'));
      },
      toggle: (page, kind) => page.click(`#toggle-${kind}`),
      leave: async (page) => {
        await page.click('#leave');
        await page.goto(server.origin);
      },
    },
    'Agora script': {
      sound: 'audio',
      remote: '#remoteVideoElement video',
      omits: ['a camera that is unplugged', 'camera off from the start'],
      publishesOnce: true, // What is created later can't be published.
      open: async (browser) => {
        const page = await fixtures.open(browser, agoraSite.origin, { before: CONTROL_CAPTURE });
        await page.run(loadAgora, server.socket('/rooms'));
        return page;
      },
      join: (page, room) => page.run((room) => globalThis.join(room), room),
      toggle: (page, kind) => page.run((kind) => globalThis.toggle(kind), kind),
      leave: (page) => page.run(() => globalThis.leave()),
    },
  };

  for (const [name, product] of Object.entries(PRODUCTS)) {
    for (const [from, to] of PAIRS) {
      test(`${name}: what a sender in ${from} sends is heard and seen in ${to}`, async () => {
        const room = freshRoom();
        const receiver = await product.open(fixtures.browser(to, to === 'firefox' ? bob : ann));
        const sender = await product.open(fixtures.browser(from, to === 'firefox' ? ann : bob));
        await product.join(receiver, room);
        for (const [what, visit] of Object.entries(VISITS)) {
          if (product.omits?.includes(what)) continue;
          await joinAs(product, sender, room, visit);
          await perceives(receiver, sender.person, visit.sends, product, `${what}, joined`);
          await perceives(sender, receiver.person, BOTH, product, `${what}, the receiver`);
          for (const step of visit.missing && product.publishesOnce ? [] : visit.steps) {
            await takeStep(product, sender, step);
            await perceives(receiver, sender.person, step.sends, product, `${what}, then ${JSON.stringify(step)}`);
          }
          await product.leave(sender);
        }
      });
    }
  }

  for (const name of ['package', 'app']) {
    const product = PRODUCTS[name];
    for (const kind of ['chromium', 'firefox']) {
      test(`${name}: a sender whose camera gives no picture is heard in ${kind}`, async () => {
        const room = freshRoom();
        const receiver = await product.open(fixtures.browser(kind, kind === 'firefox' ? bob : ann));
        await product.join(receiver, room);
        const sender = await PRODUCTS.package.open(fixtures.browser('chromium', kind === 'firefox' ? ann : bob));
        const { error } = await sender.run(joinWithBlankCamera, { signaling: server.socket('/rooms'), room });
        assert.equal(error, undefined);
        await hears(receiver, sender.person, product.remote);
        await sender.run(() => globalThis.draw());
        await receiver.until(
          (remote) => [...document.querySelectorAll(remote)].some((video) => video.videoWidth > 0),
          product.remote,
          patience(10_000, 'the late picture'),
        );
        await PRODUCTS.package.leave(sender);
      });
    }
  }
});

/** Joins with what the browser gives; `off` is turned off while the browser still asks for it. */
async function joinAs(product, page, room, { missing = [], off }) {
  await withoutDevices(page, missing);
  if (!off) return product.join(page, room);
  await page.run((off) => {
    captureAnswers[off] = () => new Promise((resolve) => (globalThis.allow = resolve));
  }, off);
  await product.join(page, room);
  await page.until(() => Boolean(globalThis.allow)); // Firefox can not send a function.
  await product.toggle(page, off);
  await page.run(() => {
    globalThis.captureAnswers = {};
    globalThis.allow();
  });
}

async function takeStep(product, page, { lose, toggle }) {
  if (lose) return loseDevice(page, lose, product.local);
  await withoutDevices(page, []);
  await product.toggle(page, toggle);
}

/** Waits until a page plays exactly these kinds of media of a participant. */
async function perceives(page, person, kinds, { remote, sound = remote, cover }, when) {
  try {
    await (kinds.includes('video') ? sees(page, person, remote) : hides(page, remote, cover));
    if (kinds.includes('video') && cover) await page.until((cover) => !document.querySelector(cover), cover);
    await (kinds.includes('audio') ? hears(page, person, sound) : hearsNothing(page, sound));
  } catch (error) {
    throw new assert.AssertionError({ message: `${when}: ${error.message}` });
  }
}

/** Waits until no picture is shown: what covers the element is there, or else the element shows nothing. */
function hides(page, remote, cover) {
  return cover ? page.until((cover) => document.querySelector(cover), cover) : seesNobody(page, remote);
}

/**
 * Runs in the page: joins with a video track that has delivered no frame and will deliver none before `draw`. The
 * room is told that this camera is live.
 */
function joinWithBlankCamera(options) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 400, height: 300 });
  const context = canvas.getContext('2d');
  globalThis.draw = () => {
    context.fillRect(0, 0, 400, 300);
    setInterval(() => context.fillRect(0, 0, 400, 300), 50);
  };
  const [video] = canvas.captureStream(20).getVideoTracks();
  return globalThis.start({ ...options, constraints: { audio: true, video } });
}

/** Runs in the page: loads the Agora script, and leaves `join`, `toggle` and `leave` there. */
async function loadAgora(signaling) {
  const script = Object.assign(document.createElement('script'), { src: '/videocalls/agora.js' });
  script.dataset.signaling = signaling;
  const loaded = new Promise((resolve) => (script.onload = resolve));
  document.head.append(script);
  await loaded;

  const others = document.createElement('div');
  document.querySelector('#remoteVideoElement').replaceWith(others);
  others.id = 'remoteVideoElement';
  const client = AgoraRTC.createClient({ mode: 'rtc', codec: 'vp8' });
  client.on('user-published', async (user, kind) => (await client.subscribe(user, kind)).play('remoteVideoElement'));

  const create = { audio: () => AgoraRTC.createMicrophoneAudioTrack(), video: () => AgoraRTC.createCameraVideoTrack() };
  let tracks = {};

  globalThis.join = async (room) => {
    await client.join('app', room, null, null);
    for (const kind of ['audio', 'video']) {
      if (!globalThis.captureAnswers[kind]) tracks[kind] = await create[kind]();
    }
    await client.publish(Object.values(tracks));
  };
  globalThis.toggle = (kind) => tracks[kind].setEnabled(!tracks[kind].enabled);
  globalThis.leave = async () => {
    await client.leave();
    for (const track of Object.values(tracks)) track.close();
    tracks = {};
  };
}
