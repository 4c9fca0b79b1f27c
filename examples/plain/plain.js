// A complete video call for a page of your own. Copy this folder, and change the next line to the address of the
// package.
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
      // The library shows the call in both.
      localVideoElement: $('localVideoElement'),
      remoteVideoElement: $('remoteVideoElement'),
      // For example a missing camera. The call goes on without it.
      errorHandler: explain,
    });
  } catch (error) {
    explain(error); // The call did not start: the room is full, the server can't be reached, …
    return show();
  }
  for (const event of ['state-changed', 'local-changed', 'participant-joined', 'participant-left', 'participant-changed']) {
    call.on(event, show);
  }
  call.on('text', ({ name, text }) => showLine(name ?? 'Another person', text));
  // The browser's permission prompt is still open.
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

/** `help` is for people, `message` and `code` are for developers. */
function explain(error) {
  // The browser plays sound only after a click or a key. Any will do; the button tells people.
  if (error.code === 'autoplay-blocked') $('hear').hidden = false;
  else $('error').textContent = error.help ?? error.message;
}

/** Shows the state of the call after any change. */
function show() {
  const running = call !== null && call.state !== 'ended';
  $('state').value = call?.state ?? 'idle';
  $('start').disabled = running;
  $('chat').hidden = !running;
  $('end').disabled = !running;
  const { microphone, camera, screen } = call?.local.tracks ?? {};
  showTrack($('toggle-audio'), running ? microphone.state : 'requested');
  showTrack($('toggle-video'), running ? camera.state : 'requested');
  showTrack($('toggle-screen'), running ? screen.state : 'requested');
  // The first of the others is in `remoteVideoElement`; these are the rest, and all screens.
  const participants = running ? call.participants : [];
  const screens = participants.filter(({ screenStream }) => screenStream);
  showOthers([
    ...participants.slice(1),
    ...screens.map(({ id, name, screenStream }) => ({ id: `${id}-screen`, name: `The screen of ${name ?? 'another person'}`, stream: screenStream })),
  ]);
}

/** Names and texts of others are text, never markup. */
function showLine(author, text) {
  const line = document.createElement('li');
  line.textContent = `${author}: ${text}`;
  $('lines').append(line);
}

function showTrack(button, state) {
  // An unavailable device can be tried again.
  button.disabled = state === 'requested';
  button.setAttribute('aria-pressed', String(state === 'live'));
}

function showOthers(streams) {
  const videos = streams.map(({ id, name, stream }) => {
    const video = $(`other-${id}`) ?? document.createElement('video');
    Object.assign(video, { id: `other-${id}`, autoplay: true, playsInline: true });
    video.setAttribute('aria-label', name ?? 'Another person');
    // An element whose tracks have all ended has to be started anew.
    if (video.srcObject !== stream || video.ended) video.srcObject = stream;
    return video;
  });
  for (const gone of [...$('others').children].filter((video) => !videos.includes(video))) gone.remove();
  const fresh = videos.filter((video) => !video.isConnected);
  $('others').append(...fresh);
  if (fresh.length) call.startAudio(); // The library starts only the two elements that it was given.
}

/** A relay has the room in its address; the library sends it to `rooms`. */
function address() {
  const signaling = $('signaling').value;
  return $('dialect').value === 'relay' ? `${signaling}/${encodeURIComponent($('room').value)}` : signaling;
}

/** The server of this page, for the chosen dialect. */
function suggestAddress() {
  $('signaling').value = new URL(`../../${$('dialect').value}`, location.href).href.replace(/^http/, 'ws');
}

$('dialect').addEventListener('change', suggestAddress);
$('join').addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
$('toggle-audio').addEventListener('click', () => call.toggleTrack('audio'));
$('toggle-video').addEventListener('click', () => call.toggleTrack('video'));
$('toggle-screen').addEventListener('click', () => {
  if (call.local.tracks.screen.state === 'live') call.stopScreenShare();
  else call.startScreenShare().catch(explain);
});
$('chat').addEventListener('submit', (event) => {
  event.preventDefault();
  call.sendText($('line').value);
  showLine('You', $('line').value);
  $('line').value = '';
});
$('end').addEventListener('click', () => call.endCall());
$('hear').addEventListener('click', async () => ($('hear').hidden = (await call?.startAudio()) ?? true));

// `?dialect=relay&room=tea&name=Ann` fills in the form; `&autostart` starts the call.
const query = new URLSearchParams(location.search);
$('dialect').value = query.get('dialect') ?? 'rooms';
suggestAddress();
for (const field of ['signaling', 'room', 'name']) {
  if (query.has(field)) $(field).value = query.get(field);
}
if (query.has('autostart')) start();
else init({ warmUp: true }).catch(() => {}); // Makes the start faster, which reports any error.
