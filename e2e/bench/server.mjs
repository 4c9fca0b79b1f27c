// What a server costs: processor time for each relayed message and each join, and memory for each idle connection.
// Ours, PeerServer, Socket.IO and a bare relay of `ws` get the same load at the same pace, one after the other.
//
//     node bench/server.mjs [--pairs 100] [--rate 10] [--seconds 10] [--idle 2000]

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { startProgram } from '../lib/server.mjs';
import { table } from './table.mjs';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '100' },
    rate: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '10' },
    idle: { type: 'string', default: '2000' },
  },
});
const [pairs, rate, seconds, idle] = ['pairs', 'rate', 'seconds', 'idle'].map((name) => Number(values[name]));

/** Mostly candidates; each eighth message is as long as a description. */
const SHORT = 'c'.repeat(120);
const LONG = 's'.repeat(1100);
/** How many clients connect at once. */
const AT_ONCE = 50;
/** The clock of /proc. */
const TICK_MS = 10;

const rival = (name) => [process.execPath, [fileURLToPath(new URL(`rivals/${name}.js`, import.meta.url))]];
const ours = [process.env.VIDEOCALLS_SERVER, ['--listen', '127.0.0.1:0']];

/** How a client joins a room of two and sends a text to the other. `join` resolves when it is in the room. */
const SUBJECTS = {
  'videocalls, rooms': {
    program: ours,
    async join(origin, room) {
      const socket = await open(`${origin}/rooms`);
      socket.send(JSON.stringify({ type: 'join', v: 1, room, name: 'Ann' }));
      const { participants } = JSON.parse(await next(socket, '{"type":"welcome"'));
      let other = participants?.[0]?.id;
      const client = link(socket, (text) => {
        const signal = text.length > 1000 ? { offer: 1, description: { type: 'offer', sdp: text } } : { candidate: { candidate: text } };
        return JSON.stringify({ type: 'signal', to: other, ...signal });
      });
      socket.on('message', (data) => {
        const message = JSON.parse(data);
        if (message.type === 'joined') other = message.id;
        if (message.type === 'ping') socket.send('{"type":"pong"}');
        if (message.type === 'signal') client.received += 1;
      });
      return client;
    },
  },
  'videocalls, relay': {
    program: ours,
    async join(origin, room) {
      const client = link(await open(`${origin}/relay/${room}`), (text) => text);
      // It comes back to its sender too, which counts as half a message for each of the two.
      client.socket.on('message', () => (client.received += 0.5));
      return client;
    },
  },
  PeerServer: {
    program: rival('peer'),
    async join(origin, room, place) {
      const socket = await open(`${origin}/peerjs?key=peerjs&id=${room}-${place}&token=t&version=1.5.5`);
      const client = link(socket, (text) => JSON.stringify({ type: 'CANDIDATE', dst: `${room}-${1 - place}`, payload: { candidate: text } }));
      await next(socket);
      socket.on('message', () => (client.received += 1));
      return client;
    },
  },
  'Socket.IO': {
    program: rival('socketio'),
    async join(origin, room) {
      const socket = await open(`${origin}/socket.io/?EIO=4&transport=websocket`);
      const client = link(socket, (text) => `42${JSON.stringify(['message', room, { candidate: text }])}`);
      await next(socket, '0');
      socket.send('40');
      await next(socket, '40');
      socket.send(`42${JSON.stringify(['join', room])}`);
      await next(socket, '42');
      socket.on('message', (data) => {
        if (`${data}` === '2') socket.send('3');
        else client.received += 1;
      });
      return client;
    },
  },
  'ws relay': {
    program: rival('ws'),
    async join(origin, room) {
      const client = link(await open(`${origin}/${room}`), (text) => text);
      client.socket.on('message', () => (client.received += 1));
      return client;
    },
  },
};

function link(socket, encode) {
  return { socket, received: 0, sent: 0, send: (text) => socket.send(encode(text)) };
}

async function open(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.early = [];
  socket.on('message', (data) => socket.early?.push(`${data}`));
  await once(socket, 'open');
  return socket;
}

/** The next message, or the next one that starts so. */
async function next(socket, start = '') {
  for (;;) {
    const found = socket.early.findIndex((text) => text.startsWith(start));
    if (found >= 0) return socket.early.splice(0, found + 1).pop();
    await once(socket, 'message');
  }
}

/** Processor time of a program in milliseconds, and its resident memory in kB. */
async function usage(pid) {
  const [stat, status] = await Promise.all(['stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { cpu: (Number(fields[11]) + Number(fields[12])) * TICK_MS, memory: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) };
}

async function joinAll(subject, origin, rooms) {
  const clients = [];
  for (let room = 0; room < rooms; room += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, rooms - room) }, (_, more) => `room-${room + more}`);
    for (const place of [0, 1]) clients.push(...(await Promise.all(some.map((name) => subject.join(origin, name, place)))));
  }
  for (const { socket } of clients) socket.early = undefined;
  return clients;
}

/** Runs `work` with a fresh server; it gets the address, and the server's usage when asked. */
async function withServer(subject, work) {
  const server = await startProgram(...subject.program);
  try {
    return await work(server.origin.replace('http', 'ws'), () => usage(server.pid));
  } finally {
    await server.stop('SIGKILL');
  }
}

function idleConnections(subject) {
  return withServer(subject, async (origin, used) => {
    // The first connections cost what is needed once.
    const first = await joinAll(subject, origin, 10);
    const before = await used();
    const clients = await joinAll({ join: (...place) => subject.join(place[0], `idle-${place[1]}`, place[2]) }, origin, idle / 2);
    const joined = await used();
    await sleep(2000); // What is freed only later counts as free.
    const after = await used();
    for (const { socket } of [...first, ...clients]) socket.terminate();
    return { join: ((joined.cpu - before.cpu) * 1000) / clients.length, memory: (after.memory - before.memory) / clients.length };
  });
}

function pacedLoad(subject) {
  return withServer(subject, async (origin, used) => {
    const clients = await joinAll(subject, origin, pairs);
    const before = await used();
    await send(clients);
    const after = await used();
    const relayed = clients.reduce((sum, { received }) => sum + received, 0);
    const sent = clients.length * rate * seconds;
    if (relayed < sent * 0.99) throw new Error(`only ${relayed} of ${sent} messages arrived`);
    for (const { socket } of clients) socket.terminate();
    return ((after.cpu - before.cpu) * 1000) / relayed;
  });
}

/** Each client sends at the same pace, evenly spread over time. */
async function send(clients) {
  const steps = 20;
  for (let turn = 0; turn < rate * seconds * steps; turn++) {
    const started = performance.now();
    const round = Math.floor(turn / steps);
    clients.forEach((client, place) => {
      if (place % steps === turn % steps) client.send((round + place) % 8 === 0 ? LONG : SHORT);
    });
    await sleep(Math.max(0, 1000 / rate / steps - (performance.now() - started)));
  }
  await sleep(500); // The last messages arrive.
}

const results = {};
for (const [name, subject] of Object.entries(SUBJECTS)) {
  results[name] = { ...(await idleConnections(subject)), message: await pacedLoad(subject) };
  console.log(`${name}: done`);
}

const own = results['videocalls, rooms'];
const cell = (value, reference) => `${value.toFixed(1)} (${(reference / value).toFixed(2)})`;
const rows = Object.entries(results).map(([name, { message, join, memory }]) => [
  name,
  cell(message, own.message),
  cell(join, own.join),
  cell(memory, own.memory),
]);
console.log('\nIn brackets: what `videocalls, rooms` costs, as a part of it.\n');
console.log(table([['server', 'µs per message', 'µs per join', 'kB per idle connection'], ...rows]));
