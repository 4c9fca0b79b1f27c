// For each of our dialects the existing system that speaks it: its servers, how we join a call there, and
// what the system's own page does.
//
// servers      by name: starts one, whose `newCall()` returns for each call `ours(role)`, the options of our
//              call, and `theirs(role)`, what their page needs to know
// roles        pairs of our role and theirs
// enter        opens their page and joins, as far as it can without us; `afterWeJoined` does the rest
// remote       the selector of the element in which their page shows a person
// leave        leaves the call in their page
// leaveReason  the reason with which we are told of that
// noticesLeaving  waits until their page has noticed that a person has left
// noPresence   the server does not tell who leaves, only ICE does, which takes time: tested once per system
// chat         `say` and `reads` in their page
// firefox      whether their page works in Firefox
// extraTests   tests for this system only, by name; run on the first server and on ours with
//              `{ call, joinOurs, joinTheirs, bothInCall }`

import { appointmentsPage, appointmentsServer, channelsServer, meshPage, relayPage, roomsPage, roomsServer, withLinks } from './independent.mjs';
import { patience } from './page.mjs';
import { ann, bob, cat, freshRoom } from './participants.mjs';
import { sees } from './media-probe.mjs';
import { startServer } from './server.mjs';

/** One server for all calls, each in a room of its own. */
const oneServer = (start, callOn) => async (fixtures) => {
  const server = await start();
  fixtures.defer(() => server.stop());
  return { newCall: async () => callOn(server, freshRoom()) };
};

/** A server for each call, because it never forgets a call. */
const serverPerCall = (start, callOn) => async (fixtures) => ({
  async newCall() {
    const server = await start();
    fixtures.defer(() => server.stop());
    return callOn(server);
  },
});

const relay = (path) => (server, room) => {
  const url = server.socket(`${path}/${room}`);
  return { ours: () => ({ signaling: { url, dialect: 'relay' } }), theirs: () => ({ url }) };
};

/** `client` is the Socket.IO version of their page; with `elsewhere` the page comes from another origin. */
const rooms = (client, elsewhere) => (server, room) => ({
  ours: () => ({ signaling: { url: server.origin, dialect: 'socketio-rooms' }, room }),
  theirs: () => ({ server: server.origin, room, client, elsewhere }),
});

const mesh = (path) => (server, room) => {
  const url = server.socket(path(room));
  return { ours: () => ({ signaling: { url, dialect: 'channels-mesh' } }), theirs: () => ({ url }) };
};

async function appointment(server) {
  const tokens = { client: await server.clientToken(), professional: await server.professionalToken() };
  const { uuid } = await (await server.validate(tokens.client)).json();
  return {
    ours: (role) => ({
      signaling: { url: server.origin, dialect: 'appointments', token: tokens[role] },
      ...(role === 'professional' ? { room: String(uuid) } : {}),
    }),
    theirs: (role) => ({ role, uuid, server: server.origin, token: tokens[role] }),
  };
}

async function ownAppointments() {
  const secret = 'a secret of the tests, of 32 bytes and more';
  return withLinks(await startServer('--appointments-secret', secret, '--appointments-base', 'https://localhost:3000'));
}

/** Their page is connected within so many milliseconds. */
const isConnected = (page, limit) =>
  page.until(() => (globalThis.legacy?.link ?? globalThis.link).connectionState === 'connected', patience(limit, 'the connection of the new page'));

/** Waits until ICE has noticed that the other side is gone. */
const linkIsLost = (page) =>
  page.until(
    () => ['disconnected', 'failed', 'closed'].includes((globalThis.legacy?.link ?? globalThis.link).connectionState),
    patience(20_000, 'the link to be lost'),
  );

const NO_ROLES = [['anyone', 'anyone']];

export const DIALECTS = {
  relay: {
    servers: {
      'a Django relay that echoes': oneServer(channelsServer, relay('/relay/echo')),
      'a Django relay that does not echo': oneServer(channelsServer, relay('/relay/quiet')),
      'our server': oneServer(startServer, relay('/relay')),
    },
    roles: NO_ROLES,
    async enter(fixtures, browser, site, { url }) {
      const page = await relayPage.open(fixtures, browser, { site });
      await relayPage.enter(page, url);
      return page;
    },
    afterWeJoined() {},
    remote: () => relayPage.remote,
    leave: relayPage.leave,
    leaveReason: 'lost',
    noPresence: true,
    noticesLeaving: linkIsLost,
    firefox: true,
    extraTests: {
      // It says nothing when it goes, and its new page has another id. The budget is 3 s.
      'their page is reloaded: it is connected again soon': async ({ call, joinOurs, joinTheirs, bothInCall }) => {
        const us = await joinOurs(ann, call.ours());
        const before = await joinTheirs(bob, call.theirs());
        await bothInCall(us, before);
        await before.goto('about:blank');
        const next = await joinTheirs(bob, call.theirs());
        await isConnected(next, 9_000);
        await bothInCall(us, next);
      },
    },
  },

  'socketio-rooms': {
    servers: {
      'Socket.IO 2.5': oneServer(() => roomsServer('2.5'), rooms('1.7')),
      'Socket.IO 3.1 with a client of version 1.7': oneServer(() => roomsServer('3.1'), rooms('1.7')),
      'Socket.IO 4.8': oneServer(() => roomsServer('4.8'), rooms('3.0')),
      'our server': oneServer(startServer, rooms('3.0', 'elsewhere')),
    },
    roles: NO_ROLES,
    async enter(fixtures, browser, site, { server, room, client, elsewhere }) {
      const page = await roomsPage.open(fixtures, browser, { server, client, site: elsewhere ? site : server });
      await roomsPage.enter(page, room);
      return page;
    },
    afterWeJoined() {},
    remote: () => roomsPage.remote,
    leave: roomsPage.leave,
    leaveReason: 'bye',
    noPresence: false,
    noticesLeaving: (page) => page.until(() => globalThis.link.signalingState === 'closed'),
    firefox: true,
    extraTests: {
      // Their page offers to nobody after that, so ours must.
      'their page joined second and the first participant disappears: our newcomer is in a call with it': async ({ call, joinOurs, joinTheirs, bothInCall }) => {
        const first = await joinTheirs(cat, call.theirs());
        const them = await joinTheirs(bob, call.theirs());
        await sees(them, cat, roomsPage.remote);
        await first.goto('about:blank');
        await bothInCall(await joinOurs(ann, call.ours()), them);
      },
      'we joined second and the first participant disappears: a newcomer with their page is in a call with us': async ({ call, joinOurs, joinTheirs, bothInCall }) => {
        const first = await joinTheirs(cat, call.theirs());
        const us = await joinOurs(ann, call.ours());
        await bothInCall(us, first);
        await first.goto('about:blank');
        await bothInCall(us, await joinTheirs(bob, call.theirs()));
      },
    },
  },

  'channels-mesh': {
    servers: {
      'Django channels': oneServer(channelsServer, mesh(() => '/any/path')),
      'our server': oneServer(startServer, mesh((room) => `/channels/${room}`)),
    },
    roles: NO_ROLES,
    async enter(fixtures, browser, site, { url }, name) {
      const page = await meshPage.open(fixtures, browser, { socket: url, site });
      await meshPage.enter(page, name);
      return page;
    },
    afterWeJoined() {},
    remote: ({ name }) => meshPage.remoteOf(name),
    leave: (page) => page.goto('about:blank'), // Their page has no button for it.
    leaveReason: 'lost',
    noPresence: true,
    noticesLeaving: (page, { name }) => meshPage.noticesLeaving(page, name),
    firefox: true,
    chat: { say: meshPage.say, reads: meshPage.reads },
    extraTests: {
      'two of their pages, one with our name: we are in a call with both': async ({ call, joinOurs, joinTheirs, bothInCall }) => {
        const one = await joinTheirs(bob, call.theirs());
        const us = await joinOurs(ann, { ...call.ours(), name: 'Ann' });
        await bothInCall(us, one);
        const other = await joinTheirs(cat, call.theirs(), 'Ann');
        await sees(other, ann, 'video:not(#local-video)');
        await sees(one, cat, 'video:not(#local-video)');
        await us.until(() => globalThis.call.participants.filter(({ connection }) => connection === 'connected').length === 2);
      },
    },
  },

  appointments: {
    servers: {
      'Express and Socket.IO 4.7': serverPerCall(appointmentsServer, appointment),
      'our server': serverPerCall(ownAppointments, appointment),
    },
    roles: [
      ['client', 'professional'],
      ['professional', 'client'],
    ],
    async enter(fixtures, browser, site, { role, server, token }) {
      if (role === 'professional') return appointmentsPage.openProfessional(fixtures, browser, { site, server, token });
      const page = await appointmentsPage.openClient(fixtures, browser, { site, server, token });
      await appointmentsPage.enable(page);
      return page;
    },
    async afterWeJoined(page, { role, uuid }) {
      if (role === 'client') return;
      await appointmentsPage.join(page, uuid);
      await appointmentsPage.enable(page);
    },
    remote: () => appointmentsPage.remote,
    leave: appointmentsPage.leave,
    leaveReason: 'lost',
    noPresence: true,
    noticesLeaving: linkIsLost,
    firefox: false, // Their page asks for a microphone by an id that only Chromium has.
    extraTests: {
      // Their page answers one offer only: the stored one, by then of a new connection.
      'their professional disappears and comes back: it is connected again': async ({ call, joinOurs, joinTheirs, bothInCall }) => {
        const us = await joinOurs(ann, call.ours('client'));
        const theirs = call.theirs('professional');
        const answer = async (page) => {
          await appointmentsPage.join(page, theirs.uuid);
          await appointmentsPage.enable(page);
        };
        const before = await joinTheirs(bob, theirs);
        await answer(before);
        await bothInCall(us, before);
        const answered = await before.run(() => globalThis.lastOffer.offer.sdp);
        await before.goto('about:blank');
        const next = await joinTheirs(bob, theirs);
        await next.until((answered) => globalThis.lastOffer && globalThis.lastOffer.offer.sdp !== answered, answered, patience(9_000, 'a new offer'));
        await answer(next);
        await isConnected(next, 9_000);
        await bothInCall(us, next);
      },
      'their client reloads the page: it is in a call again': async ({ call, joinOurs, joinTheirs, bothInCall }) => {
        const us = await joinOurs(ann, call.ours('professional'));
        const before = await joinTheirs(bob, call.theirs('client'));
        await bothInCall(us, before);
        await before.goto('about:blank');
        await bothInCall(us, await joinTheirs(bob, call.theirs('client')));
      },
    },
  },
};
