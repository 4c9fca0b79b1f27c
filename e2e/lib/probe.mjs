// What runs in each page before its own scripts: it records errors, counts what a call holds, and
// reads pictures and tones. It is sent as source text.

import { blocks, readBlocks } from './pattern.mjs';
import { readElement, whyInaudible, whyNotPlaying } from './playback.mjs';

/** The script for a page. `fakeCameraOf` is the person whose picture Firefox sends, see `fakeCamera`. */
export function probeScript({ fakeCameraOf = null } = {}) {
  return `(() => {
    const blocks = ${blocks};
    const readBlocks = ${readBlocks};
    const probe = {};
    Object.defineProperty(globalThis, '__e2e', { value: probe });
    (${recordErrors})(probe);
    ${readElement}
    ${whyNotPlaying}
    ${whyInaudible}
    (${readMedia})(probe, { readBlocks, readElement, whyNotPlaying, whyInaudible });
    ${fakeCameraOf ? `(${fakeCamera})(${JSON.stringify(fakeCameraOf)}, blocks);` : ''}
    (${countResources})(probe);
  })()`;
}

function recordErrors(probe) {
  probe.faults = [];
  const text = (value) => String(value?.stack ?? value?.message ?? value);
  addEventListener('error', (event) => {
    if (event instanceof ErrorEvent) probe.faults.push(`error: ${text(event.error ?? event.message)}`);
  });
  addEventListener('unhandledrejection', (event) => probe.faults.push(`unhandled rejection: ${text(event.reason)}`));
  addEventListener('securitypolicyviolation', (event) =>
    probe.faults.push(`policy violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`),
  );
}

function readMedia(probe, { readBlocks, readElement, whyNotPlaying, whyInaudible }) {
  const [width, height] = [80, 60];
  let canvas;

  /**
   * The picture that an element shows, playing or paused: `{ number, counter }`, or `null` if it is no picture of the tests.
   * `part` is the rectangle of the video to look at: left, top, width, height.
   */
  probe.see = (video, part) => {
    if (!video || video.readyState < 2 || video.videoWidth === 0) return null;
    canvas ??= Object.assign(document.createElement('canvas'), { width, height }).getContext('2d', {
      willReadFrequently: true,
    });
    canvas.drawImage(video, ...(part ?? [0, 0, video.videoWidth, video.videoHeight]), 0, 0, width, height);
    const { data } = canvas.getImageData(0, 0, width, height);
    const brightness = Array.from({ length: 48 }, (_, index) => {
      const [left, top] = [(index % 8) * 10, Math.floor(index / 8) * 10];
      let sum = 0;
      for (let y = top + 3; y < top + 7; y += 1) {
        for (let x = left + 3; x < left + 7; x += 1) sum += data[(y * width + x) * 4 + 1];
      }
      return sum / 16;
    });
    return readBlocks(brightness);
  };

  const nap = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  /** What `judge` says of an element since an earlier reading; its time may move half a second late. */
  const judged = async (judge, element, before) => {
    let why = judge(before, readElement(element));
    for (const end = performance.now() + 500; why === 'stalled' && performance.now() < end; ) {
      await nap(20);
      why = judge(before, readElement(element));
    }
    return why;
  };

  probe.readElement = readElement;
  /** Why an element has not played since an earlier reading; `null` if it has. */
  probe.whyNotPlaying = (element, before) => judged(whyNotPlaying, element, before);

  /**
   * What an element gives to hear: `{ tone, why }`. `tone` is the strongest frequency of its stream in Hz, as
   * soon as it is steady, or after so many milliseconds; `null` if there is none. `why` is `null` if the tone is
   * heard, or says why not: `no stream`, `no audio track`, `silent`, or what `whyInaudible` says.
   */
  probe.hear = async (element, milliseconds = 700) => {
    const stream = element.srcObject;
    if (!stream) return { tone: null, why: 'no stream' };
    if (stream.getAudioTracks().length === 0) return { tone: null, why: 'no audio track' };
    const before = readElement(element);
    const analyse = (await hasSpeaker()) ? analyseLive : analyseRecorded;
    const tone = await analyse(stream, milliseconds);
    const inaudible = await judged(whyInaudible, element, before);
    return { tone, why: inaudible ?? (tone === null ? 'silent' : null) };
  };

  let context;

  // Without a sound card Firefox runs no AudioContext; there the sound is recorded and analysed afterwards.
  const hasSpeaker = async () => {
    context ??= new AudioContext();
    if (context.state === 'suspended' && !hasSpeaker.tried) await Promise.race([context.resume(), nap(1000)]);
    hasSpeaker.tried = true;
    return context.state === 'running';
  };

  const analyseLive = async (stream, milliseconds) => {
    const source = context.createMediaStreamSource(stream);
    const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
    source.connect(analyser);
    const best = toneMeter(analyser);
    let last = null;
    for (const end = performance.now() + milliseconds; performance.now() < end; ) {
      await nap(40);
      const tone = best.listen();
      if (tone !== null && tone === last) break;
      last = tone;
    }
    source.disconnect();
    return best.frequency;
  };

  const analyseRecorded = async (stream, milliseconds) => {
    const recorder = new MediaRecorder(new MediaStream(stream.getAudioTracks()));
    const recorded = new Promise((resolve) => (recorder.ondataavailable = ({ data }) => resolve(data)));
    recorder.start();
    await nap(milliseconds);
    if (recorder.state !== 'recording') return null;
    recorder.stop();
    const bytes = await (await recorded).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(bytes).catch(() => null);
    if (!sound) return null;
    const offline = new OfflineAudioContext(1, sound.length, 48000);
    const source = new AudioBufferSourceNode(offline, { buffer: sound });
    const analyser = new AnalyserNode(offline, { fftSize: 4096, smoothingTimeConstant: 0 });
    source.connect(analyser).connect(offline.destination);
    source.start();
    await offline.startRendering();
    const best = toneMeter(analyser);
    best.listen();
    return best.frequency;
  };

  const SILENCE = -70;

  /** Keeps the loudest frequency that an analyser has measured; `listen` returns the present one. */
  const toneMeter = (analyser) => {
    const bins = new Float32Array(analyser.frequencyBinCount);
    const best = { level: SILENCE, frequency: null };
    best.listen = () => {
      analyser.getFloatFrequencyData(bins);
      const level = Math.max(...bins);
      if (level <= SILENCE) return null;
      const frequency = (bins.indexOf(level) * analyser.context.sampleRate) / analyser.fftSize;
      if (level > best.level) Object.assign(best, { level, frequency });
      return frequency;
    };
    return best;
  };
}

/**
 * Firefox can't send a picture from a file, so its camera is a canvas with the same blocks. Its microphone
 * is its own fake one, whose frequency is set by a preference.
 */
function fakeCamera({ number }, blocks) {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const camera = () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const pen = canvas.getContext('2d');
    const [track] = canvas.captureStream(20).getVideoTracks();
    let counter = 0;
    const draw = () => {
      blocks(number, (counter += 1)).forEach((white, index) => {
        pen.fillStyle = white ? '#fff' : '#000';
        pen.fillRect((index % 8) * 40, Math.floor(index / 8) * 40, 40, 40);
      });
      if (track.readyState === 'ended') clearInterval(timer);
    };
    const timer = setInterval(draw, 50);
    draw();
    return track;
  };
  const capture = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async ({ audio = false, video = false } = {}) => {
    const stream = audio || !video ? await capture({ audio }) : new MediaStream();
    if (video) stream.addTrack(camera());
    return stream;
  };
}

function countResources(probe) {
  const resources = { tracks: new Set(), sockets: new Set(), links: new Set() };
  const open = {
    tracks: (track) => track.readyState === 'live',
    sockets: (socket) => socket.readyState <= WebSocket.OPEN,
    links: (link) => link.signalingState !== 'closed',
  };
  // Weak references, so that counting does not keep alive what the page has released.
  const add = (kind, resource) => resources[kind].add(new WeakRef(resource));
  const count = (kind) => {
    for (const reference of resources[kind]) {
      const resource = reference.deref();
      if (!resource || !open[kind](resource)) resources[kind].delete(reference);
    }
    return resources[kind].size;
  };

  /** The numbers of live local tracks, open sockets and open peer connections. */
  probe.holdings = () => ({ tracks: count('tracks'), sockets: count('sockets'), links: count('links') });
  const allOpen = (kind) => [...resources[kind]].map((it) => it.deref()).filter((it) => it && open[kind](it));
  /** The open peer connections, and the open sockets. */
  probe.connections = () => allOpen('links');
  probe.sockets = () => allOpen('sockets');
  /** The numbers of all that were made since the page was loaded; `captures` counts calls of getUserMedia. */
  probe.made = { captures: 0, tracks: 0, sockets: 0, links: 0 };

  const counted = (name, kind) => {
    const Original = globalThis[name];
    if (!Original) return;
    globalThis[name] = class extends Original {
      constructor(...args) {
        super(...args);
        probe.made[kind] += 1;
        add(kind, this);
      }
    };
    Object.defineProperty(globalThis[name], 'name', { value: name });
  };
  counted('WebSocket', 'sockets');
  counted('RTCPeerConnection', 'links');

  const countTrack = (track) => {
    probe.made.tracks += 1;
    add('tracks', track);
    return track;
  };
  const clone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function () {
    return countTrack(clone.call(this));
  };
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const capture = devices.getUserMedia.bind(devices);
  /** A function that a test sets here runs before each capture, and may wait or throw. */
  probe.beforeCapture = null;
  /** A function that a test sets here runs after each granted capture, and may wait. */
  probe.afterCapture = null;
  devices.getUserMedia = async (constraints) => {
    probe.made.captures += 1;
    await probe.beforeCapture?.(constraints);
    const stream = await capture(constraints);
    stream.getTracks().forEach(countTrack);
    await probe.afterCapture?.(stream);
    return stream;
  };
}
