// The server of "real-time-video-chat", written from the description of its wire (section 4): the
// pages and Socket.IO on one port. Its arguments: the package that is Socket.IO here, its options.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { listen, pages } from './node.js';

const [library, options = '{}'] = process.argv.slice(2);
const http = createServer(pages());
const io = createRequire(import.meta.url)(library)(http, JSON.parse(options));

io.on('connection', (socket) => {
  socket.on('join', (room) => {
    const present = headcount(room);
    if (present > 1) return socket.emit('full'); // Also for one of the two.
    socket.join(room);
    socket.emit(present === 0 ? 'created' : 'joined');
  });
  socket.on('ready', (room) => socket.broadcast.to(room).emit('ready'));
  // Who sends it, and from where, is not looked at: also an outsider may.
  for (const event of ['candidate', 'offer', 'answer']) {
    socket.on(event, (payload, room) => socket.broadcast.to(room).emit(event, payload));
  }
  socket.on('leave', (room) => {
    socket.leave(room);
    socket.broadcast.to(room).emit('leave');
  });
  // No `disconnect`: whoever is lost, the other is not told.
});

/** Sets in a map since Socket.IO 3, a plain object before. */
function headcount(room) {
  const { rooms } = io.sockets.adapter;
  return (rooms instanceof Map ? rooms.get(room)?.size : rooms[room]?.length) ?? 0;
}

await listen(http);
