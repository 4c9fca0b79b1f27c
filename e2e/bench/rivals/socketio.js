// The usual signaling server on Socket.IO: rooms, and messages to the others of a room.

import { createServer } from 'node:http';
import { Server } from 'socket.io-4.8';
import { listen } from '../../servers/node.js';

const http = createServer();
const io = new Server(http);
io.on('connection', (socket) => {
  socket.on('join', (room) => {
    socket.join(room);
    socket.emit('joined');
  });
  socket.on('message', (room, message) => socket.to(room).emit('message', message));
});
await listen(http);
