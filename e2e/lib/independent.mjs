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

/** Django: names and tokens over HTTP, and channels: `socket('/relay/echo/ROOM')`, `socket('/relay/quiet/ROOM')`, and the one mesh at any other path. */
export function channelsServer() {
  const endpoint = 'tcp:port=0:interface=127.0.0.1';
  return startProgram(PYTHON, ['-B', '-m', 'daphne', '--endpoint', endpoint, 'app:application'], { cwd: join(SERVERS, 'channels') });
}

/** A page of "Web RTC Chatroom". */
export const meshPage = {
  local: '#local-video',
  /** Each of the others has a video of their own; a peer may have added something to a name that others could have too. */
  remoteOf: (name) => `[id^="${name}"][id$="-video"]`,

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

  /** Waits until what this person has said is in the chat. */
  reads(page, name, text) {
    return page.until(
      (name, text) =>
        [...document.querySelectorAll('#message-list li')].some(
          ({ textContent: line }) => line.startsWith(name) && line.endsWith(`: ${text}`),
        ),
      name,
      text,
      patience(10_000, `«${text}» by ${name} in the chat`),
    );
  },

  /** Waits until nobody of this name has a video any more. */
  misses(page, name) {
    return page.until(
      (selector) => !document.querySelector(selector),
      meshPage.remoteOf(name),
      patience(15_000, `${name}'s video to go`),
    );
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

/** "Webrtc Video Call Application"; it forgets nothing, so one for each test. */
export async function appointmentsServer() {
  return withLinks(await startProgram(process.execPath, [join(SERVERS, 'appointments.js')]));
}

/** A server of appointments, with the tokens that it hands out and what they say. */
export function withLinks(server) {
  const tokenOf = async (path) => /token=([\w.-]+)/.exec(await (await fetch(server.origin + path)).text())[1];
  return {
    ...server,
    clientToken: () => tokenOf('/user-link'),
    professionalToken: () => tokenOf('/pro-link'),
    /** The response to a token of a link. */
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
  async openClient(scene, browser, options) {
    const page = await scene.open(browser, address('join-video', options));
    await page.until(() => globalThis.ready && globalThis.socket.connected);
    return page;
  },

  /** The professional's dashboard; resolves when it is connected. */
  async openProfessional(scene, browser, options) {
    const page = await scene.open(browser, address('dashboard', options));
    await page.until(() => globalThis.socket?.connected);
    return page;
  },

  /** The professional goes to whoever waits for this appointment; resolves when the offer is in place. */
  async join(page, uuid) {
    await page.until(
      (uuid) => document.querySelector(`[data-uuid="${uuid}"]`) && globalThis.lastOffer,
      uuid,
      patience(10_000, 'a client who waits'),
    );
    await page.run((uuid) => document.querySelector(`[data-uuid="${uuid}"]`).click(), uuid);
    await page.until(() => globalThis.ready && globalThis.link.remoteDescription);
  },

  /** Presses Start Video and Join Audio: a client offers then, a professional answers. */
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
  /** The tile of one's own is the first. */
  local: '.video-container:first-child video',
  remote: '.video-container:not(:first-child) video',

  /**
   * From the lobby into the room; resolves when one's own media are published. `sdk` is the script
   * that defines `AgoraRTC`, `api` the origin of the five addresses, `site` where the pages are.
   */
  async enter(scene, browser, { site, api = site, sdk, room, name }) {
    const page = await scene.open(browser, `${site}/agora/?${new URLSearchParams({ sdk, api })}`);
    await page.fill('[name=room]', room);
    await page.fill('[name=name]', name ?? page.person.name);
    await page.run(() => document.querySelector('#form').requestSubmit());
    await page.raw.waitForFunction(() => globalThis.published, { timeout: 15_000 });
    return page;
  },

  /** The names on the tiles, one's own first. */
  names: (page) => page.run(() => [...document.querySelectorAll('.user-name')].map(({ textContent }) => textContent)),

  /** Leaves, back to the lobby. */
  async leave(page) {
    const lobby = page.raw.waitForNavigation();
    await page.run(() => document.querySelector('#leave-btn').click());
    await lobby;
  },
};
