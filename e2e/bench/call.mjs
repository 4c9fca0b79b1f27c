// How long a joiner waits for the first picture: from the start of the call to the first frame of
// the person who is in the room already. Measured for the package, with and without its warm-up, and for two
// pages written by hand. The two people are two browser processes, and the kinds take turns, so that a slow
// moment of the machine affects them all.
//
//     node bench/call.mjs [--count 30]

import { parseArgs } from 'node:util';
import { chromium } from '../lib/browser.mjs';
import { callSite } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { BENCH } from '../lib/paths.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';
import { median, quantile, table } from './table.mjs';

const PACKAGE = {
  url: '/videocalls/videocalls.js',
  start: (module, options) =>
    module.initializeVideoCall({
      ...options,
      localVideoElement: document.querySelector('#localVideoElement'),
      remoteVideoElement: document.querySelector('#remoteVideoElement'),
    }),
};
/** Ways to make a call; the functions run in the page. `prepare` runs before the call, if loading is not measured. */
const KINDS = {
  textbook: { url: '/bench/textbook.js', start: (module, options) => module.start(options) },
  best: { url: '/bench/best.js', start: (module, options) => module.start(options) },
  package: { ...PACKAGE, prepare: (module) => module.default() },
  'package, warmed up': { ...PACKAGE, prepare: (module) => module.default({ warmUp: true }), isPrepared: true },
};
/** The steps of a call in the joiner's page, each at its first occurrence. */
const STEPS = {
  socket: 'socket made',
  capture: 'devices asked',
  open: 'socket open',
  offer: 'offer sent',
  answer: 'answer came',
  connected: 'connected',
  frame: 'first frame',
};
const { values } = parseArgs({ options: { count: { type: 'string', default: '30' } } });
const count = Number(values.count);

const server = await startServer();
const site = await callSite({ '/bench/': BENCH });
// Thirty frames a second for all: the next frame of the camera is never far.
const [waiter, joiner] = await Promise.all([chromium(bob, { fps: 30 }), chromium(ann, { fps: 30 })]);
try {
  for (const loading of [false, true]) {
    const times = await measure(loading);
    console.log(`\nScript and WebAssembly loaded ${loading ? 'within' : 'before'} the call, ${count} calls each, in ms\n`);
    console.log(report(times));
  }
} finally {
  await Promise.allSettled([waiter.close(), joiner.close()]);
  site.stop();
  await server.stop();
}

async function measure(loading) {
  const kinds = Object.keys(KINDS).filter((kind) => !(loading && KINDS[kind].isPrepared));
  const times = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (let round = -1; round < count; round += 1) {
    for (const kind of rotated(kinds, round)) {
      const steps = await oneCall(kind, loading);
      // The first round is for the browsers' own caches.
      if (round >= 0) times[kind].push(steps);
    }
  }
  return times;
}

/** So that each kind is the first one equally often. */
function rotated(list, by) {
  const shift = ((by % list.length) + list.length) % list.length;
  return [...list.slice(shift), ...list.slice(0, shift)];
}

async function oneCall(kind, loading) {
  const options = { signaling: server.socket('/rooms'), room: freshRoom() };
  const wait = await open(waiter, kind);
  await wait.run(async (options) => {
    const module = await globalThis.load();
    globalThis.call = await globalThis.start(module, options);
  }, { ...options, name: 'Bob' });
  await wait.until(() => globalThis.__e2e.see(document.querySelector('#localVideoElement')), patience(10_000, 'the waiting camera'));

  const join = await open(joiner, kind, loading);
  if (loading) await join.raw.setCacheEnabled(false);
  const steps = await join.run(timedStart, { ...options, name: 'Ann' }, loading);
  await join.until((number) => globalThis.__e2e.see(document.querySelector('#remoteVideoElement'))?.number === number, bob.number);
  await Promise.all([join.close(), wait.close()]);
  return steps;
}

function open(browser, kind, loading) {
  const { url, start, ...rest } = KINDS[kind];
  const prepare = (!loading && rest.prepare) || (() => {});
  const before = `
    globalThis.load = async () => {
      const module = await import(${JSON.stringify(url)});
      await (${prepare})(module);
      return module;
    };
    globalThis.start = ${start};
    (${watchSteps})();
  `;
  return browser.open(`${site.origin}/`, { before });
}

/** Runs in the page before anything else: records when each of `STEPS` is reached. */
function watchSteps() {
  const steps = (globalThis.steps = {});
  const note = (step) => (steps[step] ??= performance.now());
  globalThis.WebSocket = class extends WebSocket {
    constructor(...args) {
      note('socket');
      super(...args);
      this.addEventListener('open', () => note('open'));
      this.addEventListener('message', ({ data }) => data.includes('"type":"answer"') && note('answer'));
    }

    send(data) {
      if (data.includes('"type":"offer"')) note('offer');
      super.send(data);
    }
  };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      this.addEventListener('connectionstatechange', () => this.connectionState === 'connected' && note('connected'));
    }
  };
  const devices = navigator.mediaDevices;
  const capture = devices.getUserMedia.bind(devices);
  devices.getUserMedia = (constraints) => {
    note('capture');
    return capture(constraints);
  };
}

/** Runs in the page: starts the call and waits for the first frame that shows a person. */
async function timedStart(options, loading) {
  const remote = document.querySelector('#remoteVideoElement');
  const firstFrame = new Promise((resolve) => {
    const look = () => {
      const now = performance.now();
      if (globalThis.__e2e.see(remote)) resolve(now);
      else remote.requestVideoFrameCallback(look);
    };
    remote.requestVideoFrameCallback(look);
  });
  const loaded = loading ? null : await globalThis.load();
  const begin = performance.now();
  const module = loaded ?? (await globalThis.load());
  globalThis.call = await globalThis.start(module, options);
  const frame = await firstFrame;
  const steps = { ...globalThis.steps, frame };
  return Object.fromEntries(Object.entries(steps).map(([step, at]) => [step, at - begin]));
}

function report(times) {
  const all = (kind, step) => times[kind].map((steps) => steps[step]).filter((time) => time !== undefined);
  const ratio = (kind, other, measure) => (measure(all(kind, 'frame')) / measure(all(other, 'frame'))).toFixed(2);
  const p95 = (list) => quantile(list, 0.95);
  // Medians; for the first frame also the 95th percentile, and the ratios of both.
  const rows = Object.keys(times).map((kind) => [
    kind,
    ...Object.keys(STEPS).map((step) => median(all(kind, step)).toFixed(0)),
    p95(all(kind, 'frame')).toFixed(0),
    `${ratio(kind, 'textbook', median)} / ${ratio(kind, 'textbook', p95)}`,
    `${ratio(kind, 'best', median)} / ${ratio(kind, 'best', p95)}`,
  ]);
  const head = ['', ...Object.values(STEPS), 'p95', 'to textbook (median / p95)', 'to best (median / p95)'];
  return table([head, ...rows]);
}
