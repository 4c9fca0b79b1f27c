// A screen to share, for browsers without a display: headless Chromium and Firefox offer none. The page's
// `getDisplayMedia` gives a canvas with a picture that the tests can read, and a tone.

import { blocks } from './pattern.mjs';

/**
 * A script for `before` of `fixtures.open`. `screenNumber` is the number in the picture. `screenRefusal`, if set, is
 * `{ name, message, after }`: the exception that is thrown, and after how many milliseconds. `screenRequests` holds the
 * options that were asked for.
 */
export const CONTROL_SCREEN = `{
  const blocks = ${blocks};
  globalThis.screenNumber = 200;
  globalThis.screenRefusal = null;
  globalThis.screenRequests = [];
  navigator.mediaDevices.getDisplayMedia = async (options) => {
    screenRequests.push(structuredClone(options));
    if (screenRefusal) {
      await new Promise((resolve) => setTimeout(resolve, screenRefusal.after));
      throw new DOMException(screenRefusal.message, screenRefusal.name);
    }
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const context = canvas.getContext('2d');
    let counter = 0;
    setInterval(() => {
      blocks(screenNumber, (counter += 1) & 0xffff).forEach((white, index) => {
        context.fillStyle = white ? 'white' : 'black';
        context.fillRect((index % 8) * 80, Math.floor(index / 8) * 80, 80, 80);
      });
    }, 50);
    const stream = canvas.captureStream(20);
    if (options.audio) {
      const audio = new AudioContext();
      const [oscillator, destination] = [audio.createOscillator(), audio.createMediaStreamDestination()];
      oscillator.connect(destination);
      oscillator.start();
      stream.addTrack(destination.stream.getAudioTracks()[0]);
    }
    return stream;
  };
  // Firefox keeps events that a page makes itself from the listeners of a track, unless they want them.
  const listen = EventTarget.prototype.addEventListener;
  MediaStreamTrack.prototype.addEventListener = function (type, listener, options) {
    return listen.call(this, type, listener, options, true);
  };
}`;
