// The professional's page: the dashboard, reduced to its list, and the call, which is another view of
// the same page. It answers when audio and video are on.

import { $, addCandidate, afterRender, connect, prepareCall, query } from './call.js';

let lastOffer = null; // Q5: the latest offer, used for whichever appointment is joined.
let socket;

start();

async function start() {
  socket = await connect();
  // Q6: a page that opens the call directly does not listen to offers, so it has none.
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
      // The id passes through a URL and is a string from here on.
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
  // Two effects that run concurrently.
  if (offer) afterRender(() => link.setRemoteDescription(offer));
  const candidates = await socket.emitWithAck('getIce', uuid, 'professional');
  for (const candidate of candidates) addCandidate(link, candidate);
}
