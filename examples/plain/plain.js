// A whole video call for a page of your own. Copy this folder and `videocalls/` beside each other,
// or change the next line to where the package is.
import init, { initializeVideoCall } from '../../videocalls/videocalls.js';

const $ = (id) => document.getElementById(id);
let call = null;

async function start() {
  $('error').textContent = '';
  $('start').disabled = true;
  try {
    call = await initializeVideoCall({
      signaling: { url: address(), dialect: $('dialect').value },
      room: $('room').value,
      name: $('name').value || undefined,
      // The library fills both; the page only says where they are.
      localVideoElement: $('localVideoElement'),
      remoteVideoElement: $('remoteVideoElement'),
      // A missing camera, say. The call goes on with what there is.
      errorHandler: explain,
    });
  } catch (error) {
    explain(error); // The call did not come about: the room is full, the server is away, …
    return show();
  }
  for (const event of ['state-changed', 'local-changed', 'participant-joined', 'participant-left', 'participant-changed']) {
    call.on(event, show);
  }
  // The person has not answered the browser's question for the devices.
  call.on('media-pending', explain);
  call.on('local-stream', () => ($('error').textContent = ''));
  call.on('audio-started', () => ($('hear').hidden = true));
  call.on('ended', ({ error }) => {
    $('hear').hidden = true;
    if (error) explain(error);
    show();
  });
  show();
}

/** `help` is for people, `message` and `code` are for you. */
function explain(error) {
  // The browser wants a click or a key first. Any will do; this button is there to be found.
  if (error.code === 'autoplay-blocked') $('hear').hidden = false;
  else $('error').textContent = error.help ?? error.message;
}

/** Draws what the call says of itself, whatever has changed. */
function show() {
  const running = call !== null && call.state !== 'ended';
  $('state').value = call?.state ?? 'idle';
  $('start').disabled = running;
  $('end').disabled = !running;
  showTrack($('toggle-audio'), running ? call.microphone : 'off');
  showTrack($('toggle-video'), running ? call.camera : 'off');
  // The first of the others is in `remoteVideoElement`; these are the rest.
  showOthers(running ? call.participants.slice(1) : []);
}

function showTrack(button, state) {
  // What is missing can be tried again.
  button.disabled = state === 'off' || state === 'pending' || state === 'not-requested';
  button.setAttribute('aria-pressed', String(state === 'live'));
}

function showOthers(participants) {
  const videos = participants.map(({ id, name, stream }) => {
    const video = $(`other-${id}`) ?? document.createElement('video');
    Object.assign(video, { id: `other-${id}`, autoplay: true, playsInline: true });
    video.setAttribute('aria-label', name ?? 'Another person');
    if (video.srcObject !== stream) video.srcObject = stream;
    return video;
  });
  for (const gone of [...$('others').children].filter((video) => !videos.includes(video))) gone.remove();
  const fresh = videos.filter((video) => !video.isConnected);
  $('others').append(...fresh);
  if (fresh.length) call.startAudio(); // These are the page's own; the library starts its two.
}

/** A relay has a room in its address; `rooms` is told the room by the library. */
function address() {
  const signaling = $('signaling').value;
  return $('dialect').value === 'relay' ? `${signaling}/${encodeURIComponent($('room').value)}` : signaling;
}

/** This page's own server, in the language that was chosen. */
function suggestAddress() {
  $('signaling').value = new URL(`/${$('dialect').value}`, location.href).href.replace(/^http/, 'ws');
}

$('dialect').addEventListener('change', suggestAddress);
$('join').addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
$('toggle-audio').addEventListener('click', () => call.toggleTrack('audio'));
$('toggle-video').addEventListener('click', () => call.toggleTrack('video'));
$('end').addEventListener('click', () => call.endCall());
$('hear').addEventListener('click', async () => ($('hear').hidden = (await call?.startAudio()) ?? true));

// ?dialect=relay&room=tea&name=Ann fills the form in, &autostart starts.
const query = new URLSearchParams(location.search);
$('dialect').value = query.get('dialect') ?? 'rooms';
suggestAddress();
for (const field of ['signaling', 'room', 'name']) {
  if (query.has(field)) $(field).value = query.get(field);
}
if (query.has('autostart')) start();
else init().catch(() => {}); // So that the start is quick; what is wrong, it will say.
