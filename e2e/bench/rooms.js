// What both hand-written pages share: the frames of the `rooms` dialect.

export const joinFrame = (room, name) => ({ type: 'join', v: 1, room, name, audio: 'live', video: 'live' });

export function show(selector, stream) {
  const video = document.querySelector(selector);
  if (video.srcObject !== stream) video.srcObject = stream;
}

export const CONSTRAINTS = { audio: true, video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } };
