// The client's page: offers as soon as audio and video are on, whoever is there.

import { $, afterRender, api, connect, prepareCall, token } from './call.js';

let appointment = null;
let link;

start();

async function start() {
  const answer = await fetch(`${api}/validate-link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  appointment = await answer.json(); // Without a look at the status.
  const socket = await connect();
  const minutes = Math.round((appointment.apptDate - Date.now()) / 60_000);
  $('call-info').textContent = `${appointment.professionalsFullName} has been notified. Your appointment is in ${minutes} minutes.`;
  socket.on('answerToClient', (answer) => {
    if (!answer) return; // Q7: null, for who comes again before there was one.
    afterRender(() => link?.setRemoteDescription(answer).catch((error) => console.log(error)));
  });
  socket.on('iceToClient', () => ($('call-info').hidden = true));
  link = await prepareCall(socket, 'client', () => appointment?.uuid ?? null, async (link) => {
    const offer = await link.createOffer();
    // Q3 is a race that the original wins: the offer is sent before there is a candidate.
    link.setLocalDescription(offer);
    socket.emit('newOffer', { offer, apptInfo: appointment });
  });
}
