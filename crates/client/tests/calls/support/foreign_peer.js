/**
 * The other participant of a `relay` call, written by hand: it answers offers, and sends the tracks that
 * a test gives it. It talks to the call through the fake socket.
 */
export class ForeignPeer {
  #socket;
  #connection = new RTCPeerConnection();
  #queue = Promise.resolve();

  constructor(socket) {
    this.#socket = socket;
    socket.onSend = (text) => {
      this.#queue = this.#queue.then(() => this.#take(JSON.parse(text)));
    };
    this.#connection.onicecandidate = ({ candidate }) => candidate && this.#send({ ice: candidate });
    this.#connection.onnegotiationneeded = async () => {
      if (!this.#connection.remoteDescription) return;
      await this.#connection.setLocalDescription();
      this.#send({ sdp: this.#connection.localDescription });
    };
  }

  /** Sends a track by a new transceiver, or by one that is free. */
  add(track) {
    return this.#connection.addTrack(track);
  }

  remove(sender) {
    this.#connection.removeTrack(sender);
  }

  close() {
    this.#connection.close();
  }

  async #take({ sdp, ice }) {
    if (ice) return this.#connection.addIceCandidate(ice).catch(() => {});
    await this.#connection.setRemoteDescription(sdp);
    if (sdp.type === 'answer') return;
    // Like most pages: it agrees to send both kinds, with or without a track.
    if (!this.#connection.localDescription) {
      for (const transceiver of this.#connection.getTransceivers()) transceiver.direction = 'sendrecv';
    }
    await this.#connection.setLocalDescription();
    this.#send({ sdp: this.#connection.localDescription });
  }

  #send(message) {
    this.#socket.receive(JSON.stringify({ ...message, id: 'foreign' }));
  }
}

/** A track with a tone. */
export function tone() {
  const context = new AudioContext();
  const [oscillator, destination] = [context.createOscillator(), context.createMediaStreamDestination()];
  oscillator.connect(destination);
  oscillator.start();
  return destination.stream.getAudioTracks()[0];
}

/** A track of frames in one color. */
export function picture(color, width = 160) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height: 120 });
  const context = canvas.getContext('2d');
  let frame = 0;
  setInterval(() => {
    context.fillStyle = color;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = 'white';
    context.fillRect(frame++ % canvas.width, 0, 4, 4);
  }, 40);
  return canvas.captureStream(25).getVideoTracks()[0];
}

/** Plays a stream as a page would, and waits until what plays satisfies a condition. */
export class Player {
  #video = document.body.appendChild(document.createElement('video'));

  constructor(stream) {
    this.#video.autoplay = true;
    this.#video.srcObject = stream;
  }

  /** Waits until the element has played for this many seconds from now on. */
  plays(seconds) {
    const from = this.#video.currentTime;
    return this.#when(() => this.#video.currentTime >= from + seconds, `played no ${seconds} s`);
  }

  /** Waits until the picture is this wide. */
  shows(width) {
    return this.#when(() => this.#video.videoWidth === width, `shows no picture of ${width} pixels`);
  }

  #when(condition, complaint) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const check = () => condition() && resolve();
    const late = () => reject(new Error(`${complaint}: ${this.#video.currentTime} s, ${this.#video.videoWidth} px`));
    const timer = setTimeout(late, 10_000);
    for (const type of ['timeupdate', 'resize']) this.#video.addEventListener(type, check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      for (const type of ['timeupdate', 'resize']) this.#video.removeEventListener(type, check);
    });
  }
}
