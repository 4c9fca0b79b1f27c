// What must not compile. The compiler complains where one of these does.
import init, { initializeVideoCall, toggleTrack, VideoCallError, type Transport, type VideoCall, type VideoCallListener } from 'videocalls';

declare const call: VideoCall;
declare const error: VideoCallError;
declare const onState: VideoCallListener<'state-changed'>;
const base = { signaling: '/rooms', room: 'tea' };

// @ts-expect-error null is not a source
await init(null);
// @ts-expect-error options come after the source
await init({ warmUp: true }, '/videocalls_bg.wasm');

// @ts-expect-error signaling is required
await initializeVideoCall({ room: 'tea' });
// @ts-expect-error an unknown dialect
await initializeVideoCall({ signaling: { url: '/rooms', dialect: 'morse' } });
// @ts-expect-error a misspelt option
await initializeVideoCall({ ...base, rooom: 'tea' });
// @ts-expect-error a form shows no video
await initializeVideoCall({ ...base, localVideoElement: document.createElement('form') });
// @ts-expect-error a frame rate is a number
await initializeVideoCall({ ...base, maxFrameRate: '30' });
// @ts-expect-error an unknown policy
await initializeVideoCall({ ...base, iceTransportPolicy: 'none' });
// @ts-expect-error a handler is a function
await initializeVideoCall({ ...base, errorHandler: 'alert' });
// @ts-expect-error an ICE server has addresses
await initializeVideoCall({ ...base, iceServers: [{ username: 'ann' }] });
// @ts-expect-error a stream is not a track
await initializeVideoCall({ ...base, constraints: { audio: Promise.resolve(new MediaStream()) } });
// @ts-expect-error the handler comes before the elements
await initializeVideoCall('wss://example.org/relay/tea', document.querySelector('#me'));
// @ts-expect-error a tenth argument
await initializeVideoCall('', null, null, null, null, null, 1280, 720, 30, 'more');

// @ts-expect-error a transport must be able to send
await initializeVideoCall({ signaling: { connect() {}, onMessage() {} } });
// @ts-expect-error messages are text
const transport: Transport = { connect() {}, send: (text: number) => {}, onMessage() {} };
console.log(transport);

// @ts-expect-error the state is read-only
call.state = 'ended';
// @ts-expect-error the list is read-only
call.participants.push(call.participants[0]!);
// @ts-expect-error a participant is read-only
call.participants[0]!.name = 'Bob';
// @ts-expect-error only initializeVideoCall makes calls
new (call.constructor as typeof VideoCall)();
// @ts-expect-error internal
call.started();
// @ts-expect-error an unknown track
call.toggleTrack('smell');
// @ts-expect-error on or off
toggleTrack('video', 'maybe');
// @ts-expect-error messages are text
call.sendText(5);
// @ts-expect-error bytes or text
call.send({ x: 1 });
// @ts-expect-error reliable or not
call.send('x', { reliable: 'no' });
// @ts-expect-error a file is no text
await call.sendFile('name.txt');
// @ts-expect-error a reaction is text
call.react(1);

// @ts-expect-error an unknown event
call.on('participant-sneezed', () => {});
// @ts-expect-error this event carries no participant
call.on('state-changed', ({ participant }) => participant);
// @ts-expect-error a listener of another event
call.off('ended', onState);

// @ts-expect-error an unknown fault
call.simulate({ kind: 'earthquake' });
// @ts-expect-error a delay needs a time
call.simulate({ kind: 'delay' });

// @ts-expect-error an unknown code
if (error.code === 'room-fool') alert(error.help);
// @ts-expect-error only the package makes its errors
new VideoCallError('oops');

// @ts-expect-error there is no such place
await call.startRecording({ to: 'cloud' });
// @ts-expect-error a recording is ended by its own function
await call.stopRecording();
