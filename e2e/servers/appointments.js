// The server of "Webrtc Video Call Application", written from the description of its wire (section
// 6): links with tokens, and offers, answers and candidates kept in memory, by appointment. `Qn` is
// quirk n of that section.

import { createServer } from 'node:http';
import cors from 'cors';
import express from 'express';
import jwt from 'jsonwebtoken';
import { Server } from 'socket.io-4.7';
import { listen, pages } from './node.js';

const SECRET = 'of the tests alone';
const FRONT_END = 'https://localhost:3000';

const appointments = [
  { professionalsFullName: 'Dr. Bob', apptDate: Date.now() + 500_000, uuid: 1, clientName: 'Ann' },
  { professionalsFullName: 'Dr. Bob', apptDate: Date.now() - 2_000_000, uuid: 2, clientName: 'Cat' },
  { professionalsFullName: 'Dr. Bob', apptDate: Date.now() + 10_000_000, uuid: 3, clientName: 'Dan' },
];
const professionals = []; // Nothing is ever removed from these.
const clients = [];
const offers = {};

const app = express().use(cors(), express.json(), pages());

app.get('/user-link', (_, response) => {
  const appointment = appointments[0]; // Always the first one, added once more each time.
  appointments.push(appointment);
  response.send(`${FRONT_END}/join-video?token=${jwt.sign(appointment, SECRET)}`);
});

app.get('/pro-link', (_, response) => {
  const token = jwt.sign({ fullName: 'Dr. Bob', proId: 1234 }, SECRET);
  response.send(`<a href="${FRONT_END}/dashboard?token=${token}" target="_blank">Link Here</a>`);
});

app.post('/validate-link', (request, response) => {
  response.json(jwt.verify(request.body.token, SECRET)); // Throws: 500, with the stack as HTML.
});

const http = createServer(app);
const io = new Server(http, { cors: [FRONT_END] }); // Q2: `cors` takes an object of options, so this list has no effect.

io.on('connection', (socket) => {
  let person;
  try {
    person = jwt.verify(socket.handshake.auth.jwt, SECRET);
  } catch {
    return socket.disconnect(); // After the connection was accepted, without a reason.
  }
  if (person.proId) welcomeProfessional(socket, person);
  else welcomeClient(socket, person);

  socket.on('newAnswer', ({ answer, uuid }) => {
    const client = clients.find((client) => client.uuid == uuid);
    if (!client) return;
    io.to(client.id).emit('answerToClient', answer);
    offers[uuid].answer = answer;
  });

  socket.on('newOffer', ({ offer, apptInfo }) => {
    offers[apptInfo.uuid] = { ...apptInfo, offer, offererIceCandidates: [], answer: null, answerIceCandidates: [] };
    for (const appointment of appointments) if (appointment.uuid == apptInfo.uuid) appointment.waiting = true;
    const professional = professionals.find(({ fullName }) => fullName === apptInfo.professionalsFullName);
    if (!professional) return;
    io.to(professional.id).emit('newOfferWaiting', offers[apptInfo.uuid]);
    io.to(professional.id).emit('apptData', appointmentsOf(professional));
  });

  socket.on('getIce', (uuid, who, acknowledge) => {
    const known = offers[uuid];
    if (!known) return; // Never acknowledged.
    // Q1: without an acknowledgement this throws, which ends the process.
    acknowledge(who === 'professional' ? known.offererIceCandidates : known.answerIceCandidates);
  });

  socket.on('iceToServer', ({ who, iceC, uuid }) => {
    const known = offers[uuid];
    if (!known) return; // Q3: lost.
    const ofClient = who === 'client';
    (ofClient ? known.offererIceCandidates : known.answerIceCandidates).push(iceC);
    const receiver = ofClient
      ? professionals.find(({ fullName }) => fullName === known.professionalsFullName) // Q8: by name.
      : clients.find((client) => client.uuid == uuid);
    if (receiver) io.to(receiver.id).emit('iceToClient', iceC);
  });
  // No listener for `disconnect`: the other side is not notified.
});

function welcomeProfessional(socket, { fullName, proId }) {
  const professional = remember(professionals, (known) => known.proId === proId, { proId, fullName, id: socket.id });
  socket.emit('apptData', appointmentsOf(professional));
  for (const known of Object.values(offers)) if (known.professionalsFullName === fullName) socket.emit('newOfferWaiting', known);
}

function welcomeClient(socket, { uuid, clientName }) {
  remember(clients, (known) => known.uuid === uuid, { uuid, clientName, id: socket.id });
  if (offers[uuid]) socket.emit('answerToClient', offers[uuid].answer); // Q7: an old answer, or null.
}

/** A user who returns only gets a new socket. */
function remember(list, isSame, person) {
  const known = list.find(isSame);
  if (!known) list.push(person);
  return known ? Object.assign(known, { id: person.id }) : person;
}

function appointmentsOf({ fullName }) {
  return appointments.filter(({ professionalsFullName }) => professionalsFullName === fullName);
}

await listen(http);
