// The other side: servers and pages of the five existing systems, written from the description of
// their wires alone. Servers live as long as the file that starts them.

import { join } from 'node:path';
import { patience } from './page.mjs';
import { CLIENTS, LEGACY, SERVERS } from './paths.mjs';
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
