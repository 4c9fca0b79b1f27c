// A stand-in for the provider, to test the page without one: a page that publishes meets one other user with
// the uid 1000, who sends back the page's own tracks.

(() => {
  class Local {
    muted = false;
    constructor(track) {
      this.track = track;
    }
    play(id) {
      const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true, width: 320, height: 240 });
      video.srcObject = new MediaStream([this.track]);
      (document.getElementById(id) ?? document.body).append(video);
    }
    async setMuted(muted) {
      this.muted = muted;
      this.track.enabled = !muted;
    }
    stop() {}
    close() {
      this.track.stop();
    }
  }

  class Client {
    handlers = {};
    on(name, handler) {
      this.handlers[name] = handler;
    }
    async join(app, channel, token, uid) {
      if (!token) throw new Error('no token');
      this.mirror = { uid: 1000 };
      return uid;
    }
    async publish([audio, video]) {
      this.published = { audio, video };
      for (const kind of ['audio', 'video']) this.handlers['user-published'](this.mirror, kind);
    }
    async subscribe(user, kind) {
      user[`${kind}Track`] = new Local(this.published[kind].track);
    }
    async leave() {}
  }

  globalThis.AgoraRTC = {
    createClient: () => new Client(),
    async createMicrophoneAndCameraTracks() {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
      return [new Local(stream.getAudioTracks()[0]), new Local(stream.getVideoTracks()[0])];
    },
  };
})();
