// Elements go on playing after the browser has paused them, and `play` finds all of them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeStream, FakeVideo, settle } from './fakes.mjs';
import { Elements } from '../ts/elements.ts';

function shown() {
  const remote = new FakeVideo();
  const stream = new FakeStream();
  const blocked = [];
  const owner = { streams: () => [stream], playbackBlocked: (cause) => blocked.push(cause.name), playbackStarted: () => blocked.push('started') };
  const elements = new Elements({ local: undefined, remote }, owner);
  elements.showRemote(stream);
  return { remote, stream, elements, blocked };
}

function changeVisibility(state) {
  document.visibilityState = state;
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('an element that is paused', () => {
  test('by the page or the person stays paused', async () => {
    const { remote } = shown();
    remote.pause();
    await settle();
    assert.equal(remote.paused, true);
  });

  test('by the page or the person stays paused when the page is hidden and shown', () => {
    const { remote } = shown();
    remote.pause();
    changeVisibility('hidden');
    changeVisibility('visible');
    assert.equal(remote.paused, true);
  });

  test('because it was taken out of the document resumes when it is back', async () => {
    const { remote } = shown();
    remote.isConnected = false;
    remote.pause();
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(remote.paused, true);
    remote.isConnected = true;
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(remote.paused, false);
  });

  test('because it was moved to another document, which resets it, resumes', async () => {
    const { remote } = shown();
    remote.paused = true;
    remote.dispatchEvent(new Event('emptied'));
    await settle();
    assert.equal(remote.paused, false);
  });

  test('while the page is hidden resumes when it is shown', async () => {
    const { remote } = shown();
    changeVisibility('hidden');
    remote.pause();
    changeVisibility('visible');
    assert.equal(remote.paused, false);
  });

  test('while the page is frozen resumes when it is shown, although `pause` fires only after that', () => {
    const { remote } = shown();
    changeVisibility('hidden');
    remote.paused = true;
    changeVisibility('visible');
    remote.dispatchEvent(new Event('pause'));
    assert.equal(remote.paused, false);
  });

  test('by the browser, and after that by the person, stays paused', () => {
    const { remote } = shown();
    changeVisibility('hidden');
    remote.pause();
    changeVisibility('visible');
    remote.pause();
    changeVisibility('hidden');
    changeVisibility('visible');
    assert.equal(remote.paused, true);
  });

  test('by the person, who plays it again, resumes when the browser has paused it', () => {
    const { remote } = shown();
    remote.pause();
    remote.play();
    changeVisibility('hidden');
    remote.pause();
    changeVisibility('visible');
    assert.equal(remote.paused, false);
  });

  test('after the call has let go of it stays paused', async () => {
    const { remote, elements } = shown();
    elements.release(() => false);
    remote.dispatchEvent(new Event('emptied'));
    assert.equal(remote.srcObject, null);
    assert.equal(remote.plays, 1);
  });
});

describe('play', () => {
  const within = (elements, root = {}) => Object.assign(root, { querySelectorAll: () => elements });

  test('finds elements in shadow roots, frames and the Picture-in-Picture window', async (context) => {
    const { stream, elements } = shown();
    const [inShadow, inFrame, floating, foreign] = [1, 2, 3, 4].map(() => Object.assign(new FakeVideo(), { srcObject: stream }));
    foreign.srcObject = new FakeStream();
    const host = { nodeName: 'X-TILE', shadowRoot: within([inShadow, foreign]) };
    const frames = [
      { nodeName: 'IFRAME', contentDocument: within([inFrame]) },
      { nodeName: 'IFRAME', contentDocument: null },
    ];
    context.mock.method(document, 'querySelectorAll', () => [host, ...frames]);
    globalThis.documentPictureInPicture = { window: { document: within([floating]) } };
    context.after(() => delete globalThis.documentPictureInPicture);
    assert.equal(await elements.play(), true);
    assert.deepEqual([inShadow, inFrame, floating, foreign].map(({ paused }) => paused), [false, false, false, true]);
  });

  test('returns false while the browser blocks one, and reports it once', async (context) => {
    const { stream, elements, blocked } = shown();
    const more = Object.assign(new FakeVideo(), { srcObject: stream });
    context.mock.method(document, 'querySelectorAll', () => [more]);
    globalThis.addEventListener ??= () => {};
    const refusal = context.mock.method(more, 'play', () => Promise.reject(new DOMException('', 'NotAllowedError')));
    assert.equal(await elements.play(), false);
    assert.equal(await elements.play(), false);
    assert.deepEqual(blocked, ['NotAllowedError']);
    refusal.mock.restore();
    assert.equal(await elements.play(), true);
    assert.deepEqual(blocked, ['NotAllowedError', 'started']);
  });
});
