// The other end played by the test: a server that says what it is told to, and a peer that sends
// what no page would.

import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * A signaling server whose every answer is `answer(say, message, socket)`, where `say` sends an
 * object as JSON or a string as it is. `message` is `{ type: 'open' }` for a new socket.
 */
export async function scriptedServer(answer) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    const say = (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    answer(say, { type: 'open' }, socket);
    socket.on('message', (data) => answer(say, JSON.parse(data), socket));
  });
  return {
    url: `ws://127.0.0.1:${server.address().port}/rooms`,
    stop() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

/** What a `rooms` server says to someone who enters an empty room. */
export const WELCOME = { type: 'welcome', v: 1, id: 'me', participants: [] };

/** A socket to a real server, open. */
export async function scriptedPeer(url) {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  return socket;
}
