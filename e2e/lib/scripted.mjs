// Servers and peers whose messages the test writes itself.

import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * A signaling server that calls `answer(send, message, socket)` for each message, and with `{ type: 'open' }`
 * for each new socket. `send` sends an object as JSON, or a string as it is.
 */
export async function scriptedServer(answer) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    const send = (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    answer(send, { type: 'open' }, socket);
    socket.on('message', (data) => answer(send, JSON.parse(data), socket));
  });
  return {
    url: `ws://127.0.0.1:${server.address().port}/rooms`,
    stop() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

/** The first message of a `rooms` server to a participant who joins an empty room. */
export const WELCOME = { type: 'welcome', v: 1, id: 'me', participants: [] };

/** An open socket to a real server. */
export async function scriptedPeer(url) {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  return socket;
}
