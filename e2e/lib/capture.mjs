// Decides in a page how the browser answers when microphone and camera are asked for.

/**
 * A script for `before` of `fixtures.open`. In `captureAnswers` a test says what happens per kind (`audio`,
 * `video`): the name of an exception, or a function that may wait or throw; without an entry the browser's own
 * device is given. `captureRequests` holds the constraints that were asked for.
 */
export const CONTROL_CAPTURE = `{
  globalThis.captureAnswers = {};
  globalThis.captureRequests = [];
  globalThis.refuseCapture = (name) => { throw new DOMException('made up by the test', name); };
  __e2e.beforeCapture = async (constraints) => {
    captureRequests.push(structuredClone(constraints));
    for (const kind of ['audio', 'video']) {
      const answer = constraints[kind] && captureAnswers[kind];
      if (typeof answer === 'string') refuseCapture(answer);
      await answer?.(constraints[kind]);
    }
  };
  // Firefox keeps events that a page makes itself from the listeners of a track, unless they want them.
  const listen = EventTarget.prototype.addEventListener;
  MediaStreamTrack.prototype.addEventListener = function (type, listener, options) {
    return listen.call(this, type, listener, options, true);
  };
}`;

/** From now on the browser has no device of these kinds, and gives the others. */
export function withoutDevices(page, kinds) {
  return page.run((kinds) => {
    globalThis.captureAnswers = Object.fromEntries(kinds.map((kind) => [kind, 'NotFoundError']));
  }, kinds);
}

/** Takes a device away whose track is in the stream of the element `local`, and refuses another one. */
export function loseDevice(page, kind, local) {
  return page.run(
    (kind, local) => {
      captureAnswers[kind] = 'NotFoundError';
      const track = document.querySelector(local).srcObject.getTracks().find((track) => track.kind === kind);
      track.stop();
      track.dispatchEvent(new Event('ended'));
    },
    kind,
    local,
  );
}
