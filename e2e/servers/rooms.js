// The server of "real-time-video-chat", written from the description of its wire (section 4): the
// pages and Socket.IO on one port. Arguments: the Socket.IO package to load, and its options as JSON.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { listen, pages } from './node.js';

const [library, options = '{}'] = process.argv.slice(2);
const http = createServer(pages());
const io = createRequire(import.meta.url)(library)(http, JSON.parse(options));

io.on('connection', (socket) => {
  socket.on('join', (room) => {
    const present = headcount(room);
    if (present > 1) return socket.emit('full'); // Also if the sender is one of the two.
    socket.join(room);
    socket.emit(present === 0 ? 'created' : 'joined');
  });
  socket.on('ready', (room) => socket.broadcast.to(room).emit('ready'));
  // The sender is not checked: it need not be in the room.
  for (const event of ['candidate', 'offer', 'answer']) {
    socket.on(event, (payload, room) => socket.broadcast.to(room).emit(event, payload));
  }
  socket.on('leave', (room) => {
    socket.leave(room);
    socket.broadcast.to(room).emit('leave');
  });
  // No listener for `disconnect`: the other side is not notified.
});

/** The rooms are a map of sets since Socket.IO 3, and a plain object before. */
function headcount(room) {
  const { rooms } = io.sockets.adapter;
  return (rooms instanceof Map ? rooms.get(room)?.size : rooms[room]?.length) ?? 0;
}

await listen(http);
