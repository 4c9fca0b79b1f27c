// A call as in textbooks: one step after the other.

const CONSTRAINTS = { audio: true, video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } };

function show(selector, stream) {
  const video = document.querySelector(selector);
  if (video.srcObject !== stream) video.srcObject = stream;
}

export async function start({ signaling, room, name }) {
  const stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
  show('#localVideoElement', stream);

  const socket = new WebSocket(signaling);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const send = (message) => socket.send(JSON.stringify(message));
  const links = new Map();

  const open = (to) => {
    const link = new RTCPeerConnection();
    links.set(to, link);
    for (const track of stream.getTracks()) link.addTrack(track, stream);
    link.onicecandidate = ({ candidate }) => candidate && send({ type: 'signal', to, candidate });
    link.ontrack = ({ streams }) => show('#remoteVideoElement', streams[0]);
    return link;
  };

  const describe = async (to, link, description) => {
    await link.setLocalDescription(description);
    send({ type: 'signal', to, description: link.localDescription });
  };

  const handle = {
    welcome: async ({ participants }) => {
      for (const { id } of participants) {
        const link = open(id);
        await describe(id, link, await link.createOffer());
      }
    },
    signal: async ({ from, description, candidate }) => {
      const link = links.get(from) ?? open(from);
      if (candidate) return link.addIceCandidate(candidate);
      await link.setRemoteDescription(description);
      if (description.type === 'offer') await describe(from, link, await link.createAnswer());
    },
    left: async ({ id }) => {
      links.get(id)?.close();
      links.delete(id);
    },
    ping: async () => send({ type: 'pong' }),
  };
  // One message at a time, in the order of their arrival.
  let turn = Promise.resolve();
  const joined = new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      turn = turn.then(() => handle[message.type]?.(message));
      if (message.type === 'welcome') resolve();
    };
  });
  send({ type: 'join', v: 1, room, name, audio: 'live', video: 'live' });
  await joined;

  return {
    end() {
      send({ type: 'bye' });
      socket.onmessage = null;
      socket.close();
      for (const link of links.values()) link.close();
      for (const track of stream.getTracks()) track.stop();
      document.querySelector('#localVideoElement').srcObject = null;
      document.querySelector('#remoteVideoElement').srcObject = null;
    },
  };
}
