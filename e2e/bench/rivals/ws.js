// The least that a signaling server can do: each message goes to the other sockets of a path.

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { listen } from '../../servers/node.js';

const http = createServer();
const rooms = new Map();
new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', (socket, { url }) => {
  const room = rooms.get(url) ?? new Set();
  rooms.set(url, room.add(socket));
  socket.on('message', (message) => {
    for (const other of room) if (other !== socket) other.send(message, { binary: false });
  });
  socket.on('close', () => room.delete(socket));
});
await listen(http);
