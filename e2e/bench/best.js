// A call that is as fast as a page for two can make it: devices, socket, offer and candidates all start at
// once, and each track is added as soon as it is there.

const CONSTRAINTS = { audio: true, video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } };

function show(selector, stream) {
  const video = document.querySelector(selector);
  if (video.srcObject !== stream) video.srcObject = stream;
}

const CONFIGURATION = { bundlePolicy: 'max-bundle', iceCandidatePoolSize: 1 };

export async function start({ signaling, room, name }) {
  const socket = new WebSocket(signaling);
  const media = navigator.mediaDevices.getUserMedia(CONSTRAINTS);
  const stream = new MediaStream();
  const send = (message) => socket.send(JSON.stringify(message));

  let to = null;
  let queue = [];
  const say = (body) => (to === null ? queue.push(body) : send({ type: 'signal', to, ...body }));

  const open = () => {
    const link = new RTCPeerConnection(CONFIGURATION);
    link.onicecandidate = ({ candidate }) => candidate && say({ candidate });
    link.ontrack = ({ streams }) => show('#remoteVideoElement', streams[0]);
    return link;
  };
  const describe = async () => {
    await link.setLocalDescription();
    say({ description: link.localDescription });
  };

  // In case someone is in the room already, which is known only when the server has answered.
  let link = open();
  const place = (kind) => link.addTransceiver(kind, { streams: [stream] }).sender;
  const senders = { audio: place('audio'), video: place('video') };
  const described = describe();
  const attached = media.then((captured) => {
    for (const track of captured.getTracks()) {
      stream.addTrack(track);
      senders[track.kind].replaceTrack(track);
    }
    show('#localVideoElement', stream);
  });

  // In case the room is empty: prepares the answer as far as possible without an offer.
  const expect = async () => {
    await Promise.all([described, attached]);
    link.close();
    queue = [];
    link = open();
    for (const track of stream.getTracks()) link.addTrack(track, stream);
  };

  const handle = {
    welcome: async ({ participants: [first] }) => {
      if (!first) return expect();
      to = first.id;
      for (const body of queue.splice(0)) say(body);
    },
    signal: async ({ from, description, candidate }) => {
      if (candidate) return link.addIceCandidate(candidate);
      await link.setRemoteDescription(description);
      if (description.type === 'answer') return;
      to = from;
      await describe();
    },
    left: async () => link.close(),
    ping: async () => send({ type: 'pong' }),
  };
  // One message at a time, in the order of their arrival.
  let turn = Promise.resolve();
  const joined = new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      turn = turn.then(() => handle[message.type]?.(message));
      if (message.type === 'welcome') resolve(turn);
    };
  });
  socket.onopen = () => send({ type: 'join', v: 1, room, name, audio: 'live', video: 'live' });
  await Promise.all([joined, attached]);

  return {
    end() {
      send({ type: 'bye' });
      socket.onmessage = null;
      socket.close();
      link.close();
      for (const track of stream.getTracks()) track.stop();
      document.querySelector('#localVideoElement').srcObject = null;
      document.querySelector('#remoteVideoElement').srcObject = null;
    },
  };
}
