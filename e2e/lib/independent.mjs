// Servers and pages of five existing systems, written only from the descriptions of their wire formats.
// They run until the test file ends.

import { join } from 'node:path';
import { patience } from './page.mjs';
import { CLIENTS, LEGACY, PYTHON, SERVERS } from './paths.mjs';
import { startProgram } from './server.mjs';
import { startSite } from './site.mjs';

/** The pages on a site without a Content-Security-Policy, for servers that serve no pages. */
export function independentSite() {
  return startSite({ '/': LEGACY, ...CLIENTS }, { policy: '' });
}

/** The arguments of `servers/rooms.js`, by the version of Socket.IO. */
const SOCKET_IO = {
  2.5: ['socket.io-2.5'],
  3.1: ['socket.io-3.1', '{"allowEIO3":true}'],
  4.8: ['socket.io-4.8'],
};

/** "real-time-video-chat": `version` is `2.5`, `3.1` (which accepts clients of version 1 and 2) or `4.8`. */
export function roomsServer(version = '4.8') {
  return startProgram(process.execPath, [join(SERVERS, 'rooms.js'), ...SOCKET_IO[version]]);
}

/** A page of "real-time-video-chat". */
export const roomsPage = {
  local: '#user-video',
  remote: '#peer-video',

  /** `server` is its origin, `client` the version of its Socket.IO; the page comes from `site`, or else from the server. */
  open(fixtures, browser, { server, site = server, client = '3.0' }) {
    const query = new URLSearchParams({ server, client: `/clients/${client}/socket.io.js` });
    return fixtures.open(browser, `${site}/socketio-rooms/?${query}`);
  },

  /** Joins the room; resolves to `in` when the devices are there, or to the alert that the page shows. */
  async enter(page, room) {
    await page.until(() => globalThis.socket?.connected, patience(10_000, 'a connection to Socket.IO'));
    await page.fill('#roomName', room);
    await page.run(() => {
      globalThis.alerts.length = 0;
      document.querySelector('#join').click();
    });
    return page.until(() => globalThis.alerts[0] ?? (document.querySelector('#user-video').srcObject?.active && 'in'));
  },

  leave(page) {
    return page.run(() => document.querySelector('#leaveButton').click());
  },
};

/**
 * Django's server: names and tokens over HTTP, two relays at `/relay/echo/ROOM` and `/relay/quiet/ROOM`, and one
 * mesh at any other path.
 */
export function channelsServer() {
  const endpoint = 'tcp:port=0:interface=127.0.0.1';
  return startProgram(PYTHON, ['-B', '-m', 'daphne', '--endpoint', endpoint, 'app:application'], { cwd: join(SERVERS, 'channels') });
}

/** A page of "Web RTC Chatroom". */
export const meshPage = {
  local: '#local-video',
  /** The video of one of the others. A peer may have added digits to its name to make it unique. */
  remoteOf: (name) => `[id^="${name}"][id$="-video"]`,

  /** `socket` is the URL of the WebSocket, `site` the origin of the pages. Resolves when the devices are there. */
  async open(fixtures, browser, { socket, site }) {
    const page = await fixtures.open(browser, `${site}/channels-mesh/?${new URLSearchParams({ socket })}`);
    await page.until(() => document.querySelector('#local-video').srcObject?.active);
    return page;
  },

  async enter(page, name = page.person.name) {
    await page.fill('#username', name);
    await page.run(() => document.querySelector('#btn-join').click());
  },

  async say(page, text) {
    await page.fill('#msg', text);
    await page.run(() => document.querySelector('#btn-send-msg').click());
  },

  /** Waits until the chat shows this text by this person. */
  reads(page, name, text) {
    return page.until(
      (name, text) =>
        [...document.querySelectorAll('#message-list li')].some(
          ({ textContent: line }) => line.startsWith(name) && line.endsWith(`: ${text}`),
        ),
      name,
      text,
      patience(10_000, `'${text}' by ${name} in the chat`),
    );
  },

  /** Waits until the video of this name is removed. */
  noticesLeaving(page, name) {
    return page.until(
      (selector) => !document.querySelector(selector),
      meshPage.remoteOf(name),
      patience(15_000, `${name}'s video to be removed`),
    );
  },
};

/** A page of videocalls.js with its two video elements. */
export const relayPage = {
  local: '#localVideoElement',
  remote: '#remoteVideoElement',

  open(fixtures, browser, { site }) {
    return fixtures.open(browser, `${site}/relay/`);
  },

  enter(page, socket) {
    return page.run(async (socket) => {
      globalThis.legacy = await (await import('/relay/page.js')).start(socket);
    }, socket);
  },

  leave(page) {
    return page.run(() => globalThis.legacy.end());
  },
};

/** The server of "Webrtc Video Call Application". It never forgets a call, so each test needs one. */
export async function appointmentsServer() {
  return withLinks(await startProgram(process.execPath, [join(SERVERS, 'appointments.js')]));
}

/** Adds to a server of appointments the tokens of its links and their validation. */
export function withLinks(server) {
  const tokenOf = async (path) => /token=([\w.-]+)/.exec(await (await fetch(server.origin + path)).text())[1];
  return {
    ...server,
    clientToken: () => tokenOf('/user-link'),
    professionalToken: () => tokenOf('/pro-link'),
    /** The server's response to the token of a link. */
    validate: (token) =>
      fetch(`${server.origin}/validate-link`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      }),
  };
}

/** The pages of "Webrtc Video Call Application": a client's and a professional's. */
export const appointmentsPage = {
  local: '#own-feed',
  remote: '#large-feed',

  /** The client's page; resolves when it is connected and has its devices. */
  async openClient(fixtures, browser, options) {
    const page = await fixtures.open(browser, address('join-video', options));
    await page.until(() => globalThis.ready && globalThis.socket.connected);
    return page;
  },

  /** The professional's dashboard; resolves when it is connected. */
  async openProfessional(fixtures, browser, options) {
    const page = await fixtures.open(browser, address('dashboard', options));
    await page.until(() => globalThis.socket?.connected);
    return page;
  },

  /** The professional joins the client who waits for this appointment; resolves when the offer is applied. */
  async join(page, uuid) {
    await page.until(
      (uuid) => document.querySelector(`[data-uuid="${uuid}"]`) && globalThis.lastOffer,
      uuid,
      patience(10_000, 'a waiting client'),
    );
    await page.run((uuid) => document.querySelector(`[data-uuid="${uuid}"]`).click(), uuid);
    await page.until(() => globalThis.ready && globalThis.link.remoteDescription);
  },

  /** Presses Start Video and Join Audio, upon which a client offers and a professional answers. */
  async enable(page) {
    await page.run(() => document.querySelector('#video').click());
    await page.run(() => document.querySelector('#audio').click());
    await page.until(() => document.querySelector('#audio').textContent === 'Mute');
  },

  leave(page) {
    return page.run(() => document.querySelector('#hang-up').click());
  },
};

function address(page, { site, server, token, client = '4.7' }) {
  return `${site}/appointments/${page}.html?${new URLSearchParams({ token, api: server, client: `/clients/${client}/socket.io.js` })}`;
}

/** The lobby and the room of "video-chat-django". */
export const agoraPage = {
  /** The first tile is the page's own. */
  local: '.video-container:first-child video',
  remote: '.video-container:not(:first-child) video',

  /**
   * Goes from the lobby into the room; resolves when the page has published its tracks. `sdk` is the script
   * that defines `AgoraRTC`, `api` the origin of the five HTTP endpoints, `site` the origin of the pages.
   */
  async enter(fixtures, browser, { site, api = site, sdk, room, name }) {
    const page = await fixtures.open(browser, `${site}/agora/?${new URLSearchParams({ sdk, api })}`);
    await page.fill('[name=room]', room);
    await page.fill('[name=name]', name ?? page.person.name);
    await page.run(() => document.querySelector('#form').requestSubmit());
    await page.raw.waitForFunction(() => globalThis.published, { timeout: 15_000 });
    return page;
  },

  /** The names on the tiles, the page's own first. */
  names: (page) => page.run(() => [...document.querySelectorAll('.user-name')].map(({ textContent }) => textContent)),

  /** Leaves; resolves when the lobby is loaded. */
  async leave(page) {
    const lobby = page.raw.waitForNavigation();
    await page.run(() => document.querySelector('#leave-btn').click());
    await lobby;
  },
};
