// A page of "real-time-video-chat", written from the description of its wire (section 4): two participants
// in a room of a Socket.IO server, of which the first offers. `Qn` is quirk n of that section.
//
// `?server=` is the Socket.IO server, by default the page's own; `?client=` the file that defines `io`.

const query = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);

// No iceServers: tests do not depend on the original's public STUN servers.
const configuration = {};

// Records alerts, because nobody would close their dialogs.
globalThis.alerts = [];
const alert = (text) => globalThis.alerts.push(text);

let socket;
let creator = false;
let room;
let link = null;
let userStream; // Q3: undefined until the devices are there.

const library = document.createElement('script');
library.src = query.get('client') ?? '/socket.io/socket.io.js';
library.onload = () => {
  socket = globalThis.socket = io.connect(query.get('server') ?? location.origin);
  socket.on('created', created);
  socket.on('joined', joined);
  socket.on('full', () => alert("Room is full, you can't join this room"));
  socket.on('ready', ready);
  socket.on('candidate', candidate);
  socket.on('offer', offered);
  socket.on('answer', answered);
  socket.on('leave', left);
  // Q6: nothing listens to `disconnect` or `connect`; after a reconnection the page is in no room.
};
document.head.append(library);

$('join').onclick = () => {
  if ($('roomName').value === '') return alert('Please enter a room name');
  room = $('roomName').value;
  socket.emit('join', room);
};

$('muteButton').onclick = () => {
  const track = userStream.getTracks()[0]; // Q1: taken for the microphone.
  track.enabled = !track.enabled;
  $('muteButton').textContent = track.enabled ? 'Mute' : 'Unmute';
};

$('hideCameraButton').onclick = () => {
  const track = userStream.getTracks()[1]; // Q1: taken for the camera.
  track.enabled = !track.enabled;
  $('muteButton').textContent = track.enabled ? 'Hide Camera' : 'Show Camera'; // Q7: the wrong button.
};

$('leaveButton').onclick = () => {
  socket.emit('leave', room);
  $('video-chat-lobby').hidden = false;
  $('btn-group').hidden = true;
  stopBoth($('user-video').srcObject);
  stopBoth($('peer-video').srcObject);
  hangUp();
};

/** First in the room. Only now asks for the devices. */
async function created() {
  creator = true;
  await takeDevices();
}

/** Second in the room: sends `ready` once, when the devices are there, and never again. */
async function joined() {
  creator = false;
  await takeDevices();
  socket.emit('ready', room);
}

async function takeDevices() {
  // Without the original's 400 × 500: it would crop the picture that the tests read.
  userStream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  $('video-chat-lobby').hidden = true;
  $('btn-group').hidden = false;
  show($('user-video'), userStream);
}

function ready() {
  if (!creator) return; // Q5 and Q4: a page that joined second ignores it, even if it is alone now.
  connect();
  link
    .createOffer()
    .then((offer) => {
      link.setLocalDescription(offer);
      socket.emit('offer', offer, room);
    })
    .catch((error) => console.log(error));
}

function offered(offer) {
  if (creator) return; // Q5
  connect();
  link.setRemoteDescription(offer);
  link
    .createAnswer()
    .then((answer) => {
      link.setLocalDescription(answer);
      socket.emit('answer', answer, room);
    })
    .catch((error) => console.log(error));
}

function answered(answer) {
  link.setRemoteDescription(answer); // Q8: throws when there is no link.
}

function candidate(candidate) {
  link.addIceCandidate(new RTCIceCandidate(candidate)); // Q2: throws when there is no link, and it is lost.
}

function left() {
  creator = true; // Q4: only a page that was notified of the leaving offers to the next one.
  stopBoth($('peer-video').srcObject); // Q8: the last picture stays.
  hangUp();
}

function connect() {
  link = globalThis.link = new RTCPeerConnection(configuration); // Q9: one connection, whoever the peer is.
  link.onicecandidate = ({ candidate }) => candidate && socket.emit('candidate', candidate, room);
  link.ontrack = ({ streams }) => show($('peer-video'), streams[0]);
  link.addTrack(userStream.getTracks()[0], userStream); // Q1 and Q3: needs both tracks to be there.
  link.addTrack(userStream.getTracks()[1], userStream);
}

function stopBoth(stream) {
  if (!stream) return;
  stream.getTracks()[0].stop();
  stream.getTracks()[1].stop(); // Q8: throws for a stream of one track.
}

function hangUp() {
  if (!link) return;
  link.ontrack = null;
  link.onicecandidate = null;
  link.close();
  link = null;
}

function show(video, stream) {
  video.srcObject = stream;
  video.onloadedmetadata = () => video.play();
}
