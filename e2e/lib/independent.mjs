// The other side: servers and pages of the five existing systems, written from the description of
// their wires alone. Servers live as long as the file that starts them.

import { join } from 'node:path';
import { patience } from './page.mjs';
import { CLIENTS, LEGACY, PYTHON, SERVERS } from './paths.mjs';
import { startProgram } from './server.mjs';
import { startSite } from './site.mjs';

/** The pages on a site of their own, without any policy: for servers that serve none of them. */
export function independentSite() {
  return startSite({ '/': LEGACY, ...CLIENTS }, { policy: '' });
}

/** Socket.IO servers of section 4, by the version of Socket.IO. */
const SOCKET_IO = {
  2.5: ['socket.io-2.5'],
  3.1: ['socket.io-3.1', '{"allowEIO3":true}'],
  4.8: ['socket.io-4.8'],
};

/** "real-time-video-chat": `version` is `2.5`, `3.1` (which lets old clients in) or `4.8`. */
export function roomsServer(version = '4.8') {
  return startProgram(process.execPath, [join(SERVERS, 'rooms.js'), ...SOCKET_IO[version]]);
}

/** A page of "real-time-video-chat". */
export const roomsPage = {
  local: '#user-video',
  remote: '#peer-video',

  /** `server` is its origin, `client` the version of its Socket.IO; the page comes from `site`, or else from the server. */
  open(scene, browser, { server, site = server, client = '3.0' }) {
    const query = new URLSearchParams({ server, client: `/clients/${client}/socket.io.js` });
    return scene.open(browser, `${site}/socketio-rooms/?${query}`);
  },

  /** Enters the room; resolves when the devices are there, or with what the page says instead. */
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

/** Django channels: `socket('/relay/echo/ROOM')`, `socket('/relay/quiet/ROOM')`, and the one mesh at any other path. */
export function channelsServer() {
  const endpoint = 'tcp:port=0:interface=127.0.0.1';
  return startProgram(PYTHON, ['-B', '-m', 'daphne', '--endpoint', endpoint, 'app:application'], { cwd: join(SERVERS, 'channels') });
}

/** A page of "Web RTC Chatroom". */
export const meshPage = {
  local: '#local-video',
  /** The others: each has a video of their own, `remoteOf(name)`. */
  remote: 'video:not(#local-video)',
  remoteOf: (name) => `[id="${name}-video"]`,

  /** `socket` is the address of the WebSocket, `site` where the pages are. Resolves when the devices are there. */
  async open(scene, browser, { socket, site }) {
    const page = await scene.open(browser, `${site}/channels-mesh/?${new URLSearchParams({ socket })}`);
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

  /** Waits until this line, `name: text` as it was sent, is in the chat. */
  reads(page, line) {
    return page.until(
      (line) => [...document.querySelectorAll('#message-list li')].some(({ textContent }) => textContent === line),
      line,
      patience(10_000, `«${line}» in the chat`),
    );
  },

  /** Waits until nobody of this name has a video any more. */
  misses(page, name) {
    return page.until((name) => !document.getElementById(`${name}-video`), name, patience(15_000, `${name}'s video to go`));
  },
};

/** A page of videocalls.js, in the page with the two elements. */
export const relayPage = {
  local: '#localVideoElement',
  remote: '#remoteVideoElement',

  open(scene, browser, { site }) {
    return scene.open(browser, `${site}/relay/`);
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
