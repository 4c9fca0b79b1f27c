// What the client's and the professional's page of "Webrtc Video Call Application" have in common,
// written from the description of their wire (section 6). `Qn` is quirk n of that section.
//
// `?token=` is the token of the link; `?api=` the server (by default the page's own); `?client=` the
// file that defines `io`.

export const query = new URLSearchParams(location.search);
export const token = query.get('token');
export const api = query.get('api') ?? location.origin;
export const $ = (id) => document.getElementById(id);

// No iceServers: tests do not depend on the original's public STUN servers.
const configuration = {};

/** Counts the candidates that arrived before the remote description and were dropped. */
globalThis.lost = 0;

/** The socket of the page, kept when the view changes. */
export async function connect() {
  await new Promise((resolve) => {
    const library = Object.assign(document.createElement('script'), { src: query.get('client') ?? '/socket.io/socket.io.js', onload: resolve });
    document.head.append(library);
  });
  return (globalThis.socket = io.connect(api, { auth: { jwt: token } }));
}

/**
 * Captures devices, makes a connection without tracks and connects the buttons. `begin` runs once, when both audio
 * and video are on.
 */
export async function prepareCall(socket, who, uuid, begin) {
  let stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const link = (globalThis.link = new RTCPeerConnection(configuration));
  const remote = new MediaStream();
  const enabled = { audio: false, video: false };
  $('own-feed').srcObject = stream;
  $('large-feed').srcObject = remote;

  link.ontrack = ({ streams }) => {
    for (const track of streams[0].getTracks()) remote.addTrack(track);
  };
  link.onicecandidate = ({ candidate }) => {
    if (candidate) socket.emit('iceToServer', { iceC: candidate, who, uuid: uuid() });
  };
  socket.on('iceToClient', (candidate) => addCandidate(link, candidate));

  const enable = (kind) => {
    for (const track of stream.getTracks()) if (track.kind === kind) link.addTrack(track, stream);
    enabled[kind] = true;
    if (enabled.audio && enabled.video) begin(link);
  };
  $('video').onclick = () => {
    if (enabled.video) return toggle('video', 'Stop Video', 'Start Video');
    enable('video');
    $('video').textContent = 'Stop Video';
  };
  $('audio').onclick = async () => {
    if (enabled.audio) return toggle('audio', 'Mute', 'Unmute');
    // Q11: asks by a device id that not every browser has.
    stream = await navigator.mediaDevices.getUserMedia({ audio: { deviceId: { exact: 'default' } }, video: true });
    $('own-feed').srcObject = stream;
    enable('audio');
    $('audio').textContent = 'Mute';
  };
  const toggle = (kind, on, off) => {
    for (const { track } of link.getSenders()) {
      if (track?.kind !== kind) continue;
      track.enabled = !track.enabled;
      $(kind).textContent = track.enabled ? on : off;
    }
  };
  // Q10: sends nothing; the other side notices by ICE.
  $('hang-up').onclick = () => {
    link.close();
    $('own-feed').srcObject = null;
    $('large-feed').srcObject = null;
    $('hang-up').hidden = true;
  };
  globalThis.ready = true;
  return link;
}

export function addCandidate(link, candidate) {
  link.addIceCandidate(candidate).catch((error) => {
    globalThis.lost += 1;
    console.log(error);
  });
}

/** Q4: an effect runs after the page was rendered; candidates that arrive in between are lost. */
export function afterRender(effect) {
  requestAnimationFrame(() => setTimeout(effect));
}
