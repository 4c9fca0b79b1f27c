// The client's page: offers as soon as audio and video are on, whether or not the professional is there.

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
  appointment = await answer.json(); // The status is not checked.
  const socket = await connect();
  const minutes = Math.round((appointment.apptDate - Date.now()) / 60_000);
  $('call-info').textContent = `${appointment.professionalsFullName} has been notified. Your appointment is in ${minutes} minutes.`;
  socket.on('answerToClient', (answer) => {
    if (!answer) return; // Q7: null if the client rejoins before there was an answer.
    afterRender(() => link?.setRemoteDescription(answer).catch((error) => console.log(error)));
  });
  socket.on('iceToClient', () => ($('call-info').hidden = true));
  link = await prepareCall(socket, 'client', () => appointment?.uuid ?? null, async (link) => {
    const offer = await link.createOffer();
    // Q3: the original relies on sending the offer before the first candidate.
    link.setLocalDescription(offer);
    socket.emit('newOffer', { offer, apptInfo: appointment });
  });
}
