/** Replaces a property until `restore` is called. */
class Replaced {
  #restores = [];

  set(object, name, value) {
    const own = Object.getOwnPropertyDescriptor(object, name);
    Object.defineProperty(object, name, { configurable: true, writable: true, value });
    this.#restores.unshift(() => (own ? Object.defineProperty(object, name, own) : delete object[name]));
  }

  restore() {
    for (const restore of this.#restores.splice(0)) restore();
  }
}

/** Devices with these permissions: `granted`, `prompt` (granted when asked), `dismissed` or `denied`. */
export class FakeDevices extends Replaced {
  requests = [];

  constructor(microphone, camera) {
    super();
    const states = { microphone, camera };
    this.set(navigator.mediaDevices, 'getUserMedia', async ({ audio, video }) => {
      const kinds = [audio && 'microphone', video && 'camera'].filter(Boolean);
      this.requests.push(kinds.join('+'));
      if (kinds.some((kind) => /denied|dismissed/.test(states[kind]))) {
        throw new DOMException('Permission denied', 'NotAllowedError');
      }
      return new MediaStream(kinds.map((kind) => (kind === 'camera' ? frame() : silence())));
    });
    this.set(navigator.permissions, 'query', async ({ name }) =>
      Object.assign(new EventTarget(), { state: states[name] === 'dismissed' ? 'prompt' : states[name] }),
    );
  }

  /** Has the permissions policy of a frame forbid both devices. */
  forbidInFrame() {
    this.set(window, 'parent', {});
    this.set(document, 'featurePolicy', { allowsFeature: () => false });
  }
}

/** A browser in which WebRTC is switched off. */
export class NoWebRtc extends Replaced {
  constructor() {
    super();
    this.set(window, 'RTCPeerConnection', undefined);
  }
}

/** Keeps the connections that are made, and dispatches events at them. */
export class Connections extends Replaced {
  #made = [];

  constructor() {
    super();
    const made = this.#made;
    this.set(
      window,
      'RTCPeerConnection',
      class extends RTCPeerConnection {
        constructor(configuration) {
          super(configuration);
          made.push(this);
        }
      },
    );
  }

  failServer(url, errorCode, errorText) {
    const event = new RTCPeerConnectionIceErrorEvent('icecandidateerror', { url, errorCode, errorText });
    for (const connection of this.#made) connection.dispatchEvent(event);
  }

  endGathering() {
    for (const connection of this.#made) connection.dispatchEvent(new RTCPeerConnectionIceEvent('icecandidate', {}));
  }
}

function silence() {
  return new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
}

function frame() {
  return document.createElement('canvas').captureStream().getVideoTracks()[0];
}
