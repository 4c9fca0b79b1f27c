// The professional's page: the dashboard, reduced to its list, and the call, which is another view of
// the same page. It answers when audio and video are on.

import { $, addCandidate, afterRender, connect, prepareCall, query } from './call.js';

let lastOffer = null; // Q5: of whoever came last, whatever appointment is joined then.
let socket;

start();

async function start() {
  socket = await connect();
  // Q6: who comes to the call directly does not listen to offers, and there is none.
  if (query.has('uuid')) return join(query.get('uuid'), query.get('client-name'));
  socket.on('apptData', list);
  socket.on('newOfferWaiting', (waiting) => (lastOffer = globalThis.lastOffer = waiting));
}

function list(appointments) {
  const rows = appointments.map(({ clientName, uuid, waiting }) => {
    const row = document.createElement('li');
    row.append(`${clientName} `);
    if (waiting) {
      const button = Object.assign(document.createElement('button'), { textContent: 'Join' });
      button.dataset.uuid = uuid;
      // The id goes through an address and is a string from here on.
      button.onclick = () => join(new URLSearchParams({ uuid }).get('uuid'), clientName);
      row.append('Waiting ', button);
    }
    return row;
  });
  $('appointments').replaceChildren(...rows);
}

async function join(uuid, client) {
  $('dashboard').hidden = true;
  $('join-video-pro').hidden = false;
  $('call-info').textContent = `${client} is in the waiting room. Call will start when video and audio are enabled`;
  const offer = lastOffer?.offer;
  const link = await prepareCall(socket, 'professional', () => uuid, async (link) => {
    const answer = await link.createAnswer();
    link.setLocalDescription(answer);
    socket.emit('newAnswer', { answer, uuid });
  });
  // Two effects, side by side.
  if (offer) afterRender(() => link.setRemoteDescription(offer));
  const candidates = await socket.emitWithAck('getIce', uuid, 'professional');
  for (const candidate of candidates) addCandidate(link, candidate);
}
