// A program that uses the whole public API, to be compiled and never run. What must not compile is
// marked so, and the compiler complains where it does.

import init, {
  endCall,
  errorHandler,
  initializeVideoCall,
  toggleTrack,
  VideoCallError,
  type CallState,
  type EndReason,
  type ErrorCategory,
  type ErrorCode,
  type Fault,
  type OwnTrack,
  type Participant,
  type Dialect,
  type Signaling,
  type TrackState,
  type Transport,
  type VideoCall,
  type VideoCallEventMap,
  type VideoCallListener,
  type VideoCallOptions,
  type WasmSource,
} from 'videocalls';

/** Holds where `Actual` is exactly `Expected`, neither wider nor narrower, and not `any`. */
type Same<Actual, Expected> =
  (<T>() => T extends Actual ? 1 : 2) extends <T>() => T extends Expected ? 1 : 2 ? true : false;
const holds = <T extends true>(): void => void (0 as unknown as T);

// Loading is optional, and takes what `WebAssembly.instantiateStreaming` and `fetch` take.
await init();
await init('https://example.org/videocalls_bg.wasm');
await init(new URL('./videocalls_bg.wasm', import.meta.url));
await init(fetch('./videocalls_bg.wasm'));
await init(new Uint8Array());
const source: WasmSource = new WebAssembly.Module(new Uint8Array());
await init(source);
// @ts-expect-error nothing is no source
await init(null);

// The shortest call.
const call: VideoCall = await initializeVideoCall({ signaling: 'wss://example.org/rooms', room: 'tea' });

// Everything that can be said.
const signaling: Signaling = { url: new URL('wss://example.org/relay/tea'), dialect: 'relay', token: 'secret' };
const aborter = new AbortController();
const options: VideoCallOptions = {
  signaling,
  room: 'standup',
  name: 'Ann',
  token: 'secret',
  localVideoElement: document.querySelector('video'),
  remoteVideoElement: 'remoteVideoElement',
  constraints: { audio: { echoCancellation: true }, video: { width: 1280, height: 720, frameRate: 30 } },
  maxVideoWidth: 640,
  maxVideoHeight: 360,
  maxFrameRate: 15,
  iceServers: [{ urls: 'turn:turn.example.org', username: 'ann', credential: 'secret' }],
  iceTransportPolicy: 'relay',
  rtcConfig: { bundlePolicy: 'max-bundle' },
  onlyAudioHandler: (error) => holds<Same<typeof error, VideoCallError>>(),
  userMediaErrorHandler: (error) => alert(error.help),
  userNoAudioErrorHandler: (error) => alert(error.help),
  errorHandler: (error) => holds<Same<typeof error, unknown>>(),
  signal: aborter.signal,
};
await initializeVideoCall(options);
await initializeVideoCall({ signaling: '/rooms', room: 'tea', constraints: { audio: true, video: false } });
await initializeVideoCall({ signaling: '/rooms', room: 'tea', localVideoElement: null, remoteVideoElement: null });

// Every dialect, and a transport of one's own.
const dialects: Record<Dialect, true> = {
  rooms: true,
  relay: true,
  'socketio-rooms': true,
  'channels-mesh': true,
  appointments: true,
};
console.log(dialects);
const channel = new BroadcastChannel('tea');
const transport: Transport = {
  dialect: 'relay',
  connect: (closed) => holds<Same<typeof closed, (code?: number) => void>>(),
  send: (text) => channel.postMessage(text),
  onMessage: (receive) => (channel.onmessage = ({ data }) => receive(data)),
  close: () => channel.close(),
};
await initializeVideoCall({ signaling: transport });
await initializeVideoCall({ signaling: { connect: async (closed) => closed(4001), send() {}, onMessage() {}, token: 'secret' }, room: 'tea' });
// @ts-expect-error a transport must be able to send
await initializeVideoCall({ signaling: { connect() {}, onMessage() {} } });
// @ts-expect-error what is sent is text
const wrong: Transport = { connect() {}, send: (text: number) => {}, onMessage() {} };
console.log(wrong);

// Tracks of the page's own, given or promised.
const [canvasTrack] = document.createElement('canvas').captureStream().getVideoTracks();
const microphoneTrack: OwnTrack = navigator.mediaDevices.getUserMedia({ audio: true }).then((stream) => stream.getAudioTracks()[0] ?? null);
await initializeVideoCall({ signaling: '/rooms', room: 'tea', constraints: { audio: microphoneTrack, video: canvasTrack! } });
await initializeVideoCall({ signaling: '/rooms', room: 'tea', constraints: { audio: Promise.resolve(null), video: true } });
// @ts-expect-error a stream is no track
await initializeVideoCall({ signaling: '/rooms', room: 'tea', constraints: { audio: Promise.resolve(new MediaStream()) } });

// @ts-expect-error there is no call without signaling
await initializeVideoCall({ room: 'tea' });
// @ts-expect-error there is no such dialect
await initializeVideoCall({ signaling: { url: '/rooms', dialect: 'morse' } });
// @ts-expect-error a misspelt option
await initializeVideoCall({ signaling: '/rooms', rooom: 'tea' });
// @ts-expect-error a picture cannot be shown in a form
await initializeVideoCall({ signaling: '/rooms', room: 'tea', localVideoElement: document.createElement('form') });
// @ts-expect-error a frame rate is a number
await initializeVideoCall({ signaling: '/rooms', room: 'tea', maxFrameRate: '30' });
// @ts-expect-error there is no such policy
await initializeVideoCall({ signaling: '/rooms', room: 'tea', iceTransportPolicy: 'none' });
// @ts-expect-error a handler is a function
await initializeVideoCall({ signaling: '/rooms', room: 'tea', errorHandler: 'alert' });

// The positional form of videocalls.js, from one argument to all nine.
await initializeVideoCall('wss://example.org/relay/tea');
const positional: VideoCall = await initializeVideoCall(
  'wss://example.org/relay/tea',
  () => console.log('sound only'),
  (error) => alert(error),
  (error) => alert(error),
  document.querySelector<HTMLVideoElement>('#me'),
  document.querySelector<HTMLVideoElement>('#you'),
  1280,
  720,
  30,
);
await initializeVideoCall('wss://example.org/relay/tea', undefined, undefined, undefined, 'me', 'you');
// @ts-expect-error the handler comes before the elements
await initializeVideoCall('wss://example.org/relay/tea', document.querySelector('#me'));
// @ts-expect-error there is no tenth argument
await initializeVideoCall('', null, null, null, null, null, 1280, 720, 30, 'more');

// What a call says of itself.
holds<Same<typeof call.state, CallState>>();
holds<Same<CallState, 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'ended'>>();
holds<Same<typeof call.id, string | undefined>>();
holds<Same<typeof call.participants, readonly Participant[]>>();
holds<Same<typeof call.microphone, TrackState>>();
holds<Same<typeof call.camera, TrackState>>();
holds<Same<typeof call.localStream, MediaStream | null>>();
// @ts-expect-error the state is read, not set
call.state = 'ended';
// @ts-expect-error nobody is added by hand
call.participants.push(call.participants[0]!);
// @ts-expect-error a call is not made by hand
new (call.constructor as typeof VideoCall)();

for (const { id, name, connection, audio, video, stream } of call.participants) {
  holds<Same<typeof id, string>>();
  holds<Same<typeof name, string | null>>();
  holds<Same<typeof connection, 'connecting' | 'connected' | 'interrupted'>>();
  holds<Same<typeof stream, MediaStream | null>>();
  document.createElement('video').srcObject = stream;
  document.body.append(describe(audio), describe(video));
}

/** Every word for a track: a word more or less does not compile. */
function describe(track: TrackState): string {
  switch (track) {
    case 'live':
    case 'muted':
    case 'pending':
    case 'not-requested':
    case 'permission-denied':
    case 'device-not-found':
    case 'device-in-use':
    case 'unavailable':
      return track;
  }
}

// What can be done with it.
const microphone: boolean | undefined = call.toggleTrack('audio');
const camera: boolean | undefined = call.toggleTrack('video', false);
holds<Same<ReturnType<typeof call.toggleTrack>, boolean | undefined>>();
holds<Same<ReturnType<typeof toggleTrack>, boolean | undefined>>();
toggleTrack('audio', microphone && camera);
// @ts-expect-error there is no such track
call.toggleTrack('smell');
// @ts-expect-error on or off, nothing between
toggleTrack('video', 'maybe');
holds<Same<ReturnType<typeof call.startAudio>, Promise<boolean>>>();
holds<Same<ReturnType<typeof call.sendText>, void>>();
call.sendText('good morning');
// @ts-expect-error only text is said
call.sendText(5);
call.endCall();
positional.endCall();
endCall();
errorHandler(new Error('anything'));
errorHandler('anything');
aborter.abort();

// What it tells: each event carries its own.
const stop: () => void = call.on('participant-joined', ({ participant }) => holds<Same<typeof participant, Participant>>());
stop();
call.on('participant-changed', ({ participant }) => console.log(participant.name));
call.on('participant-left', ({ participant, reason }) => {
  holds<Same<typeof reason, 'bye' | 'lost' | 'kicked'>>();
  console.log(participant.id);
});
call.on('text', ({ participant, text }) => {
  holds<Same<typeof participant, Participant>>();
  holds<Same<typeof text, string>>();
});
call.on('local-stream', ({ stream }) => holds<Same<typeof stream, MediaStream>>());
call.on('local-changed', (event) => {
  holds<Same<typeof event.microphone, TrackState>>();
  holds<Same<typeof event.camera, TrackState>>();
});
call.on('media-pending', ({ help }) => holds<Same<typeof help, string>>());
call.on('audio-started', () => call.startAudio());
call.on('error', (error) => holds<Same<typeof error, VideoCallError>>());
const once: () => void = call.once('ended', ({ reason, error }) => {
  holds<Same<typeof reason, EndReason>>();
  holds<Same<typeof error, VideoCallError | undefined>>();
});
once();
const onState: VideoCallListener<'state-changed'> = ({ state }) => console.log(state);
call.on('state-changed', onState);
call.off('state-changed', onState);
const events: Record<keyof VideoCallEventMap, true> = {
  'state-changed': true,
  'media-pending': true,
  'audio-started': true,
  'participant-joined': true,
  'participant-changed': true,
  'participant-left': true,
  text: true,
  'local-stream': true,
  'local-changed': true,
  error: true,
  ended: true,
};
console.log(events);
// @ts-expect-error there is no such event
call.on('participant-sneezed', () => {});
// @ts-expect-error this event carries no participant
call.on('state-changed', ({ participant }) => participant);
// @ts-expect-error a listener of one event does not fit another
call.off('ended', onState);

// What is made to go wrong.
const faults: Fault[] = [
  { kind: 'drop', direction: 'out', count: 2 },
  { kind: 'delay', ms: 500 },
  { kind: 'reorder', count: 3 },
  { kind: 'kill-socket' },
  { kind: 'break-link', participant: 'ann' },
  { kind: 'freeze-link', ms: 5000 },
  { kind: 'end-track', track: 'audio' },
  { kind: 'lose-device', track: 'video', ms: 1000 },
  { kind: 'expire-credentials' },
  { kind: 'transceivers', gaps: [0, 10] },
  { kind: 'panic' },
];
for (const fault of faults) await call.simulate(fault);
// @ts-expect-error there is no such fault
call.simulate({ kind: 'earthquake' });
// @ts-expect-error a delay of how long?
call.simulate({ kind: 'delay' });

// What can go wrong.
try {
  await initializeVideoCall(options);
} catch (error) {
  if (!(error instanceof VideoCallError)) throw error;
  holds<Same<typeof error.code, ErrorCode>>();
  holds<Same<typeof error.category, ErrorCategory>>();
  holds<Same<ErrorCategory, 'device' | 'signaling' | 'media' | 'configuration' | 'internal'>>();
  holds<Same<typeof error.help, string>>();
  holds<Same<typeof error.message, string>>();
  holds<Same<typeof error.cause, unknown>>();
  holds<Same<typeof error.device, 'microphone' | 'camera' | undefined>>();
  const asError: Error = error;
  if (error.code === 'room-full') alert(asError.message);
  // @ts-expect-error there is no such code
  if (error.code === 'room-fool') alert(error.help);
}
const reasons: ErrorCode[] = ['permission-denied', 'insecure-context', 'signaling-unreachable', 'aborted'] satisfies ErrorCode[];
console.log(reasons);
// @ts-expect-error only the package makes its errors
new VideoCallError('oops');
