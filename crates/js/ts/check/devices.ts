import { failed, type Finding } from './result.js';

/** How long the microphone is listened to, in milliseconds. */
const LISTEN_MS = 500;

/** Whether the browser has what calls need. */
export async function checkBrowser(): Promise<Finding> {
  if (!globalThis.isSecureContext) {
    return failed(
      'insecure-context',
      'the page is not at https: or localhost',
      'Open this page by an address that begins with https.',
    );
  }
  const missing = [
    ['RTCPeerConnection', 'RTCPeerConnection' in globalThis],
    ['getUserMedia', typeof navigator.mediaDevices?.getUserMedia === 'function'],
    ['WebAssembly', 'WebAssembly' in globalThis],
  ].flatMap(([name, isThere]) => (isThere ? [] : [name]));
  if (!missing.length) return { state: 'passed' };
  return failed(
    'unsupported-browser',
    `missing: ${missing.join(', ')}`,
    'This browser cannot make video calls. Please use a current Chrome, Edge, Firefox or Safari.',
  );
}

/** Whether a device gives a track; for a microphone also how loud it is. */
export async function checkDevice(kind: 'audio' | 'video'): Promise<Finding> {
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ [kind]: true });
  } catch (error) {
    return deviceFailure(kind, error as Partial<DOMException>);
  }
  try {
    return kind === 'audio' ? { state: 'passed', level: await loudness(stream) } : { state: 'passed' };
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

/** The largest sample in a while, between 0 and 1. */
async function loudness(stream: MediaStream): Promise<number> {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let peak = 0;
  for (const end = performance.now() + LISTEN_MS; performance.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    analyser.getFloatTimeDomainData(samples);
    peak = Math.max(peak, ...samples.map(Math.abs));
  }
  void context.close();
  return Math.min(1, peak);
}

function deviceFailure(kind: 'audio' | 'video', { name, message }: Partial<DOMException>): Finding {
  const device = kind === 'audio' ? 'microphone' : 'camera';
  const text = `${name}: ${message}`;
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return failed(
        'permission-denied',
        text,
        `Allow the ${device} for this page in the browser's address bar, and in the system's privacy settings.`,
      );
    case 'NotFoundError':
      return failed('device-not-found', text, `No ${device} was found. Plug one in, or turn it on.`);
    case 'NotReadableError':
      return failed('device-in-use', text, `Another program may use the ${device}. Close it and try again.`);
    default:
      return failed('device-failed', text, `The ${device} could not be opened. Try another one, or restart the browser.`);
  }
}
