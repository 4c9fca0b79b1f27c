// Calls by the public API, in a page with two video elements and no script of its own.

import { PACKAGE, PAGES } from './paths.mjs';
import { startSite } from './site.mjs';

/** Serves that page at `/` and the package at `/videocalls/`. */
export function callSite(folders = {}, options = {}) {
  return startSite({ '/': PAGES, '/videocalls/': PACKAGE, ...folders }, options);
}

/**
 * Loads the package into the page and defines helpers there: `start(options)` starts a call, and `log` records
 * each event and each call of a handler with its time.
 */
export async function prepare(page) {
  await page.run(async () => {
    const api = await import('/videocalls/videocalls.js');
    globalThis.api = api;
    globalThis.log = [];
    const plain = (error) =>
      error instanceof Error
        ? { name: error.name, code: error.code, category: error.category, message: error.message, help: error.help }
        : { text: String(error) };
    const note = (type, detail = {}) => globalThis.log.push({ type, at: Date.now(), ...detail });
    const describe = ({ id, name, connection, audio, video, away }) => ({ id, name, connection, audio, video, away });

    globalThis.listen = (call) => {
      call.on('state-changed', ({ state }) => note('state-changed', { state }));
      call.on('participant-joined', ({ participant }) => note('participant-joined', { participant: describe(participant) }));
      call.on('participant-changed', ({ participant }) => note('participant-changed', { participant: describe(participant) }));
      call.on('participant-left', ({ participant, reason }) => note('participant-left', { participant: describe(participant), reason }));
      call.on('local-changed', ({ microphone, camera }) => note('local-changed', { microphone, camera }));
      call.on('local-stream', ({ stream }) => note('local-stream', { tracks: stream.getTracks().length }));
      call.on('media-pending', ({ help }) => note('media-pending', { help }));
      call.on('asked', ({ participant, act }) => note('asked', { from: participant?.name, act }));
      call.on('audio-started', () => note('audio-started'));
      call.on('error', (error) => note('error', { error: plain(error) }));
      call.on('ended', ({ reason, error }) => note('ended', { reason, error: error && plain(error) }));
    };

    /** Starts a call; resolves to `{ id }`, or to `{ error }` if the promise is rejected. */
    globalThis.start = async (options) => {
      try {
        globalThis.call = await api.initializeVideoCall({
          localVideoElement: document.querySelector('#localVideoElement'),
          remoteVideoElement: document.querySelector('#remoteVideoElement'),
          errorHandler: (error) => note('errorHandler', { error: plain(error) }),
          onlyAudioHandler: () => note('onlyAudioHandler'),
          userMediaErrorHandler: (error) => note('userMediaErrorHandler', { error: plain(error) }),
          userNoAudioErrorHandler: (error) => note('userNoAudioErrorHandler', { error: plain(error) }),
          iceServers: [],
          ...options,
        });
        globalThis.listen(globalThis.call);
        return { id: globalThis.call.id };
      } catch (error) {
        return { error: plain(error) };
      }
    };

    /** The call as plain data. */
    globalThis.snapshot = () => ({
      state: call.state,
      microphone: call.microphone,
      camera: call.camera,
      participants: call.participants.map(describe),
    });
  });
  return page;
}

/** Opens the page at `url`, prepares it and starts a call in it. */
export async function join(browser, url, options, pageOptions) {
  const page = await prepare(await browser.open(url, pageOptions));
  const outcome = await page.run((options) => globalThis.start(options), { name: browser.person.name, ...options });
  return { page, ...outcome };
}

/** Ends the call of a page, waits until its devices and connections are released, and resolves to the milliseconds. */
export async function endAndRelease(page) {
  return page.run(async () => {
    const start = performance.now();
    globalThis.call.endCall();
    for (;;) {
      const { tracks, sockets, links } = globalThis.__e2e.holdings();
      const taken = performance.now() - start;
      if (tracks + sockets + links === 0 || taken > 5000) return taken;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
}
