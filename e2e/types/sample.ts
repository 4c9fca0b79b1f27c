// A program that uses the whole public API. It is compiled and never run; wrong.ts has what must not compile.

import init, {
  checkConnection,
  endCall,
  errorHandler,
  initializeVideoCall,
  toggleTrack,
  VideoCallError,
  type CallState,
  type CheckResult,
  type ConnectionReport,
  type EndReason,
  type ErrorCategory,
  type ErrorCode,
  type Fault,
  type FileState,
  type IceServers,
  type IncomingFile,
  type InitOptions,
  type LegacyIceServer,
  type OutgoingFile,
  type OwnTrack,
  type Participant,
  type Recording,
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
await init(source, { warmUp: true });
const initOptions: InitOptions = { warmUp: true };
await init(initOptions);

// The shortest call.
const call: VideoCall = await initializeVideoCall({ signaling: 'wss://example.org/rooms', room: 'tea' });

// Every option.
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

// ICE servers in the forms that services give them.
const turn = { urls: ['turn:turn.example.org'], username: 'ann', credential: 'secret' };
const legacy: LegacyIceServer = { url: 'turn:turn.example.org' };
const servers: IceServers[] = [turn, [turn, legacy], { iceServers: [turn] }, { iceServers: turn }];
for (const iceServers of servers) await initializeVideoCall({ ...options, iceServers });
await initializeVideoCall({ ...options, iceServers: async () => ({ iceServers: [turn] }) });
await initializeVideoCall({ ...options, iceServers: () => [turn] });
await initializeVideoCall({ signaling: '/rooms', room: 'tea', constraints: { audio: true, video: false } });
await initializeVideoCall({ signaling: '/rooms', room: 'tea', localVideoElement: null, remoteVideoElement: null });

// Every dialect, and a transport of the page's own.
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

// Tracks of the page's own, or promises of them.
const [canvasTrack] = document.createElement('canvas').captureStream().getVideoTracks();
const microphoneTrack: OwnTrack = navigator.mediaDevices.getUserMedia({ audio: true }).then((stream) => stream.getAudioTracks()[0] ?? null);
await initializeVideoCall({ signaling: '/rooms', room: 'tea', constraints: { audio: microphoneTrack, video: canvasTrack! } });
await initializeVideoCall({ signaling: '/rooms', room: 'tea', constraints: { audio: Promise.resolve(null), video: true } });


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

// The state of a call.
holds<Same<typeof call.state, CallState>>();
holds<Same<CallState, 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'ended'>>();
holds<Same<typeof call.id, string | undefined>>();
holds<Same<typeof call.participants, readonly Participant[]>>();
holds<Same<typeof call.microphone, TrackState>>();
holds<Same<typeof call.camera, TrackState>>();
holds<Same<typeof call.localStream, MediaStream | null>>();

for (const { id, name, connection, audio, video, stream } of call.participants) {
  holds<Same<typeof id, string>>();
  holds<Same<typeof name, string | null>>();
  holds<Same<typeof connection, 'connecting' | 'connected' | 'interrupted'>>();
  holds<Same<typeof stream, MediaStream | null>>();
  document.createElement('video').srcObject = stream;
  document.body.append(describe(audio), describe(video));
}

/** Every state of a track: one more or less does not compile. */
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

// Its methods.
const microphone: boolean | undefined = call.toggleTrack('audio');
const camera: boolean | undefined = call.toggleTrack('video', false);
holds<Same<ReturnType<typeof call.toggleTrack>, boolean | undefined>>();
holds<Same<ReturnType<typeof toggleTrack>, boolean | undefined>>();
toggleTrack('audio', microphone && camera);
holds<Same<ReturnType<typeof call.startAudio>, Promise<boolean>>>();
const line: string | undefined = call.sendText('good morning');
call.sendText('to you alone', call.participants[0]?.id);
call.send('any text');
call.send(new Uint8Array(3), { reliable: false });
call.send(new ArrayBuffer(3), { to: 'somebody', reliable: true });
const attachment = new File(['bytes'], 'name.txt');
const transfer: OutgoingFile = await call.sendFile(attachment, 'somebody');
transfer.onprogress = () => console.log(transfer.transferred, transfer.size, transfer.state satisfies FileState);
await transfer.done;
const transfers: OutgoingFile[] = await call.sendFile(attachment);
transfers.forEach((one) => one.cancel());
call.react('👋');
const isRaised: boolean = call.raiseHand();
call.raiseHand(!isRaised);
holds<Same<typeof call.handRaised, boolean>>();
call.endCall();
positional.endCall();
endCall();
errorHandler(new Error('anything'));
errorHandler('anything');
aborter.abort();
async function disposedAtTheEnd(): Promise<void> {
  await using temporary = await initializeVideoCall(options);
  console.log(temporary.state);
}
await disposedAtTheEnd();

// Its events.
const stop: () => void = call.on('participant-joined', ({ participant }) => holds<Same<typeof participant, Participant>>());
stop();
call.on('participant-changed', ({ participant }) => console.log(participant.name));
call.on('participant-left', ({ participant, reason }) => {
  holds<Same<typeof reason, 'bye' | 'lost' | 'removed'>>();
  console.log(participant.id);
});
call.on('text', ({ participant, text, id }) => {
  holds<Same<typeof participant, Participant | null>>();
  holds<Same<typeof text, string>>();
  console.log(id === line);
});
call.on('data', ({ participant, data }) => {
  holds<Same<typeof participant, Participant>>();
  holds<Same<typeof data, string | ArrayBuffer>>();
});
call.on('file', async ({ participant, file }) => {
  holds<Same<typeof participant, Participant>>();
  holds<Same<typeof file, IncomingFile>>();
  if (file.size > 1_000_000) return file.decline();
  const received: File | undefined = await file.accept();
  console.log(file.name, received?.size);
});
call.on('reaction', ({ participant, emoji }) => console.log(participant.name, emoji));
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
  data: true,
  reaction: true,
  file: true,
  'local-stream': true,
  'local-changed': true,
  error: true,
  ended: true,
};
console.log(events);

// Simulated faults.
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

// Errors.
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
  holds<Same<typeof error.participant, string | undefined>>();
  holds<Same<typeof error.device, 'microphone' | 'camera' | undefined>>();
  const asError: Error = error;
  if (error.code === 'room-full') alert(asError.message);
}
const reasons: ErrorCode[] = ['permission-denied', 'insecure-context', 'signaling-unreachable', 'aborted'] satisfies ErrorCode[];
console.log(reasons);

// The test before a call.
const report: ConnectionReport = await checkConnection({
  signaling,
  iceServers: servers[0]!,
  microphone: true,
  camera: false,
  timeout: 5000,
  onResult: ({ check, state, reason, rate, ms }: CheckResult) => console.log(check, state, reason, rate?.kbps, ms),
  signal: aborter.signal,
});
holds<Same<typeof report.passed, boolean>>();

// A recording.
const recording: Recording = await call.startRecording({ to: 'memory', width: 640, includeSelf: false, fileName: 'tea' });
const file: Blob | null = await recording.stop();
console.log(recording.mimeType, file?.size);
await call.startRecording({ to: new WritableStream<Uint8Array>() });
