// A peer with the manners of videocalls.js, written from the description of its wire (section 7): it
// offers as soon as it has its devices, whether or not anyone is there, yields to any foreign offer,
// sends candidates as they come, keeps none that come too early, and never says goodbye.

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
    end() {
      link.close();
      socket.close();
      for (const track of stream.getTracks()) track.stop();
    },
  };
}
