// A peer that behaves like videocalls.js, written from the description of its wire format (section 7): it offers
// as soon as it has its devices, whether or not anyone is there, accepts any offer of the other side, sends
// candidates one by one, drops those that arrive too early, and sends nothing when it leaves.

export async function start(url) {
  const id = crypto.randomUUID();
  const socket = new WebSocket(url);
  await new Promise((resolve) => (socket.onopen = resolve));
  const send = (message) => socket.send(JSON.stringify({ ...message, id }));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  document.querySelector('#localVideoElement').srcObject = stream;

  const link = new RTCPeerConnection();
  for (const track of stream.getTracks()) link.addTrack(track, stream);
  link.onicecandidate = ({ candidate }) => candidate && send({ ice: candidate });
  link.ontrack = ({ streams }) => {
    document.querySelector('#remoteVideoElement').srcObject = streams[0];
  };
  const describe = async (description) => {
    await link.setLocalDescription(description);
    send({ sdp: link.localDescription });
  };
  socket.onmessage = async ({ data }) => {
    const { sdp, ice, id: from } = JSON.parse(data);
    if (from === id) return;
    try {
      if (ice) await link.addIceCandidate(ice);
      if (!sdp) return;
      await link.setRemoteDescription(sdp);
      if (sdp.type === 'offer') await describe(await link.createAnswer());
    } catch (error) {
      console.log(error);
    }
  };
  await describe(await link.createOffer());
  return {
    link,
    async offer() {
      await describe(await link.createOffer());
    },
    end() {
      link.close();
      socket.close();
      for (const track of stream.getTracks()) track.stop();
    },
  };
}
