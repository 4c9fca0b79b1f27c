// A page of "Web RTC Chatroom", written from the description of its wire (section 5): a mesh of
// participants in the single room of a Django server, identified by their names. `Qn` is quirk n of that section.
//
// `?socket=` is the URL of the WebSocket, by default on the page's own server.

const $ = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search).get('socket') ?? location.href.replace(/^http/, 'ws');

const mapPeers = {};
let username;
let socket;
let localStream; // Q5: undefined until the devices are there.

navigator.mediaDevices
  .getUserMedia({ audio: true, video: true })
  .then((stream) => {
    localStream = stream;
    $('local-video').srcObject = stream;
    $('local-video').muted = true;
    $('btn-toggle-audio').onclick = () => toggle(stream.getAudioTracks()[0], $('btn-toggle-audio'), 'Audio Mute', 'Audio Unmute');
    $('btn-toggle-video').onclick = () => toggle(stream.getVideoTracks()[0], $('btn-toggle-video'), 'Video OFF', 'Video ON');
  })
  .catch((error) => console.log(error));

function toggle(track, button, on, off) {
  track.enabled = !track.enabled;
  button.textContent = track.enabled ? on : off;
}

$('btn-join').onclick = () => {
  username = $('username').value;
  if (username === '') return;
  $('username').hidden = true;
  $('btn-join').hidden = true;
  $('label-username').innerHTML = username; // Q8
  socket = new WebSocket(address);
  socket.onopen = () => signal('new-peer', {});
  socket.onmessage = received;
};

function signal(action, message) {
  socket.send(JSON.stringify({ peer: username, action, message }));
}

function received({ data }) {
  const { peer, action, message } = JSON.parse(data);
  if (peer === username) return; // Q1: also ignores another participant with the same name.
  const channel = message.receiver_channel_name;
  if (action === 'new-peer') createOfferer(peer, channel);
  if (action === 'new-offer') createAnswerer(message.sdp, peer, channel);
  if (action === 'new-answer') mapPeers[peer][0].setRemoteDescription(message.sdp); // Q4: throws for an unknown peer.
}

/** Those who are there offer to the newcomer. */
function createOfferer(name, channel) {
  const peer = createPeer(name, 'new-offer', channel);
  const chat = peer.createDataChannel('channel');
  chat.onmessage = chatReceived;
  mapPeers[name] = [peer, chat];
  peer.createOffer().then((offer) => peer.setLocalDescription(offer));
}

function createAnswerer(offer, name, channel) {
  const peer = createPeer(name, 'new-answer', channel);
  // Q4: a peer whose offer has no data channel is not added to the map.
  peer.ondatachannel = ({ channel: chat }) => {
    chat.onmessage = chatReceived;
    mapPeers[name] = [peer, chat];
  };
  peer
    .setRemoteDescription(offer)
    // Q3: passes a promise, not a description; works only in browsers that create the answer by themselves.
    .then(() => peer.setLocalDescription(peer.createAnswer()));
}

function createPeer(name, action, channel) {
  const peer = new RTCPeerConnection(null);
  for (const track of localStream.getTracks()) peer.addTrack(track, localStream); // Q5: throws without devices.
  const video = createVideo(name);
  const remoteStream = new MediaStream();
  video.srcObject = remoteStream;
  peer.ontrack = async () => remoteStream.addTrack(event.track, remoteStream); // Q7: the global `event`.
  // Q2: even a short disconnection closes the connection, and nobody offers again.
  peer.oniceconnectionstatechange = () => {
    const state = peer.iceConnectionState;
    if (!['failed', 'disconnected', 'closed'].includes(state)) return;
    delete mapPeers[name];
    if (state !== 'closed') peer.close();
    video.parentNode.remove();
  };
  // Q11: sent once with all candidates; none follows.
  peer.onicecandidate = ({ candidate }) => {
    if (!candidate) signal(action, { sdp: peer.localDescription, receiver_channel_name: channel });
  };
  return peer;
}

function createVideo(name) {
  const video = Object.assign(document.createElement('video'), { id: `${name}-video`, autoplay: true, playsInline: true, width: 320, height: 240 });
  const wrapper = document.createElement('div');
  wrapper.append(video);
  $('video-container').append(wrapper);
  return video;
}

$('btn-send-msg').onclick = () => {
  const text = $('msg').value;
  append(`ME:${text}`);
  $('msg').value = '';
  for (const [, chat] of Object.values(mapPeers)) chat.send(`${username}: ${text}`); // Q6: throws if one is not open.
};

function chatReceived({ data }) {
  append(data);
}

function append(text) {
  const line = document.createElement('li');
  line.append(text);
  $('message-list').append(line);
}
