// The room of "video-chat-django", written from the description (section 3): the call is made by
// the script that defines `AgoraRTC`, the names come from the server.

const stored = (key) => sessionStorage.getItem(key);
const api = stored('api');
const channel = stored('room');
const uid = Number(stored('UID'));
const name = stored('name');
const $ = (id) => document.getElementById(id);

const remoteUsers = (globalThis.remoteUsers = {});
let localTracks = [];
let client;
let member;

const sdk = document.createElement('script');
sdk.src = stored('sdk');
sdk.onload = () => {
  client = globalThis.client = AgoraRTC.createClient({ mode: 'rtc', codec: 'vp8' });
  joinAndDisplayLocalStream();
};
document.head.append(sdk);

async function joinAndDisplayLocalStream() {
  $('room-name').textContent = channel;
  // No listener for `user-unpublished`: the tile of a muted user shows the last picture.
  client.on('user-published', handleUserJoined);
  client.on('user-left', handleUserLeft);
  try {
    await client.join(stored('app'), channel, stored('token'), uid);
  } catch (error) {
    console.error(error);
    location.assign('..'); // The function continues nevertheless.
  }
  localTracks = await AgoraRTC.createMicrophoneAndCameraTracks();
  member = await createMember(); // Before publishing, so that the others find the name.
  addTile(uid, member.name);
  localTracks[1].play(`user-${uid}`);
  await client.publish([localTracks[0], localTracks[1]]);
  globalThis.published = true;
}

async function handleUserJoined(user, mediaType) {
  remoteUsers[user.uid] = user;
  await client.subscribe(user, mediaType);
  if (mediaType === 'video') {
    $(`user-container-${user.uid}`)?.remove();
    member = await getMember(user); // For an unknown uid the response is HTML, so this rejects and there is no tile.
    addTile(user.uid, member.name);
    user.videoTrack.play(`user-${user.uid}`);
  }
  if (mediaType === 'audio') user.audioTrack.play();
}

async function handleUserLeft(user) {
  delete remoteUsers[user.uid];
  $(`user-container-${user.uid}`).remove(); // Throws for a user who has no tile.
}

/** The name is inserted as HTML, without escaping. */
function addTile(uid, name) {
  $('video-streams').insertAdjacentHTML(
    'beforeend',
    `<div class="video-container" id="user-container-${uid}">
       <div class="username-wrapper"><span class="user-name">${name}</span></div>
       <div class="video-player" id="user-${uid}"></div>
     </div>`,
  );
}

$('leave-btn').onclick = async () => {
  for (const track of localTracks) {
    track.stop();
    track.close();
  }
  await client.leave();
  deleteMember(); // Not awaited, and done again when the page is unloaded.
  location.assign('..');
};

$('camera-btn').onclick = () => toggle(localTracks[1], $('camera-btn'));
$('mic-btn').onclick = () => toggle(localTracks[0], $('mic-btn'));
addEventListener('beforeunload', deleteMember);

/** Stops sending, but not the capture. */
async function toggle(track, button) {
  const muted = !track.muted;
  await track.setMuted(muted);
  button.style.backgroundColor = muted ? 'rgb(255, 80, 80)' : '#fff';
}

async function createMember() {
  return (await post('create_member')).json();
}

async function getMember({ uid }) {
  const response = await fetch(`${api}/get_member/?UID=${uid}&room_name=${channel}`);
  return response.json();
}

function deleteMember() {
  post('delete_member');
}

function post(path) {
  return fetch(`${api}/${path}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, room_name: channel, UID: uid }),
  });
}
