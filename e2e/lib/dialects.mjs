// For each dialect of ours the system that it comes from: the servers on which it is tried, how we
// get into a call there, and what the other side's page does.
//
// servers   by name: starts one, which gives `meet()` for each call, and that `ours(role)`, the
//           options of our call, and `theirs(role)`, what their page has to know
// roles     what we are and what they are
// enter     their page, as far as it gets alone; `engage` what it does once we are there too
// remote    where their page shows a person
// leave     what a person does there to leave; `farewell` is how we are told of it
// misses    waits until their page has noticed that a person has gone
// silent    whether ICE alone tells of it, in its own time and whatever the server: then it is tried once
// chat      `say` and `reads` in their page
// firefox   whether their page works there
// further   what only this system has to be got along with, by name; tried on the first server and on
//           ours with `{ meeting, enterUs, enterThem, perceive }`

import { appointmentsPage, appointmentsServer, channelsServer, meshPage, relayPage, roomsPage, roomsServer, withLinks } from './independent.mjs';
import { patience } from './page.mjs';
import { ann, bob, cat, freshRoom } from './participants.mjs';
import { sees } from './media-probe.mjs';
import { startServer } from './server.mjs';

/** One server for all calls, each in a room of its own. */
const shared = (start, meeting) => async (scene) => {
  const server = await start();
  scene.defer(() => server.stop());
  return { meet: async () => meeting(server, freshRoom()) };
};

/** A server for each call, since it forgets nothing. */
const fresh = (start, meeting) => async (scene) => ({
  async meet() {
    const server = await start();
    scene.defer(() => server.stop());
    return meeting(server);
  },
});

const relay = (path) => (server, room) => {
  const url = server.socket(`${path}/${room}`);
  return { ours: () => ({ signaling: { url, dialect: 'relay' } }), theirs: () => ({ url }) };
};

/** `client` is the version of their page's Socket.IO; to our server the page comes from elsewhere. */
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

/** ICE alone tells that someone has gone. */
const linkIsLost = (page) =>
  page.until(
    () => ['disconnected', 'failed', 'closed'].includes((globalThis.legacy?.link ?? globalThis.link).connectionState),
    patience(20_000, 'the link to be lost'),
  );

const ALIKE = [['anyone', 'anyone']];

export const DIALECTS = {
  relay: {
    servers: {
      'a relay of Django channels that echoes': shared(channelsServer, relay('/relay/echo')),
      'a relay of Django channels that does not': shared(channelsServer, relay('/relay/quiet')),
      'our server': shared(startServer, relay('/relay')),
    },
    roles: ALIKE,
    async enter(scene, browser, site, { url }) {
      const page = await relayPage.open(scene, browser, { site });
      await relayPage.enter(page, url);
      return page;
    },
    engage() {},
    remote: () => relayPage.remote,
    leave: relayPage.leave,
    farewell: 'lost',
    silent: true,
    misses: linkIsLost,
    firefox: true,
  },

  'socketio-rooms': {
    servers: {
      'Socket.IO 2.5': shared(() => roomsServer('2.5'), rooms('1.7')),
      'Socket.IO 3.1, to which their page speaks as to 2': shared(() => roomsServer('3.1'), rooms('1.7')),
      'Socket.IO 4.8': shared(() => roomsServer('4.8'), rooms('3.0')),
      'our server': shared(startServer, rooms('3.0', 'elsewhere')),
    },
    roles: ALIKE,
    async enter(scene, browser, site, { server, room, client, elsewhere }) {
      const page = await roomsPage.open(scene, browser, { server, client, site: elsewhere ? site : server });
      await roomsPage.enter(page, room);
      return page;
    },
    engage() {},
    remote: () => roomsPage.remote,
    leave: roomsPage.leave,
    farewell: 'bye',
    silent: false,
    misses: (page) => page.until(() => globalThis.link.signalingState === 'closed'),
    firefox: true,
    further: {
      // Their page would never offer to anybody again, and ours has to.
      'they were the second, and the first is gone without a word': async ({ meeting, enterUs, enterThem, perceive }) => {
        const first = await enterThem(cat, meeting.theirs());
        const them = await enterThem(bob, meeting.theirs());
        await sees(them, cat, roomsPage.remote);
        await first.goto('about:blank');
        await perceive(await enterUs(ann, meeting.ours()), them);
      },
      'we were the second, and the first is gone without a word': async ({ meeting, enterUs, enterThem, perceive }) => {
        const first = await enterThem(cat, meeting.theirs());
        const us = await enterUs(ann, meeting.ours());
        await perceive(us, first);
        await first.goto('about:blank');
        await perceive(us, await enterThem(bob, meeting.theirs()));
      },
    },
  },

  'channels-mesh': {
    servers: {
      'Django channels': shared(channelsServer, mesh(() => '/any/path')),
      'our server': shared(startServer, mesh((room) => `/channels/${room}`)),
    },
    roles: ALIKE,
    async enter(scene, browser, site, { url }, name) {
      const page = await meshPage.open(scene, browser, { socket: url, site });
      await meshPage.enter(page, name);
      return page;
    },
    engage() {},
    remote: ({ name }) => meshPage.remoteOf(name),
    leave: (page) => page.goto('about:blank'), // There is no button for it.
    farewell: 'lost',
    silent: true,
    misses: (page, { name }) => meshPage.misses(page, name),
    firefox: true,
    chat: { say: meshPage.say, reads: meshPage.reads },
    further: {
      'two of them, and one of them of our name': async ({ meeting, enterUs, enterThem, perceive }) => {
        const one = await enterThem(bob, meeting.theirs());
        const us = await enterUs(ann, { ...meeting.ours(), name: 'Ann' });
        await perceive(us, one);
        const other = await enterThem(cat, meeting.theirs(), 'Ann');
        await sees(other, ann, 'video:not(#local-video)');
        await sees(one, cat, 'video:not(#local-video)');
        await us.until(() => globalThis.call.participants.filter(({ connection }) => connection === 'connected').length === 2);
      },
    },
  },

  appointments: {
    servers: {
      'Express and Socket.IO 4.7': fresh(appointmentsServer, appointment),
      'our server': fresh(ownAppointments, appointment),
    },
    roles: [
      ['client', 'professional'],
      ['professional', 'client'],
    ],
    async enter(scene, browser, site, { role, server, token }) {
      if (role === 'professional') return appointmentsPage.openProfessional(scene, browser, { site, server, token });
      const page = await appointmentsPage.openClient(scene, browser, { site, server, token });
      await appointmentsPage.enable(page);
      return page;
    },
    async engage(page, { role, uuid }) {
      if (role === 'client') return;
      await appointmentsPage.join(page, uuid);
      await appointmentsPage.enable(page);
    },
    remote: () => appointmentsPage.remote,
    leave: appointmentsPage.leave,
    farewell: 'lost',
    silent: true,
    misses: linkIsLost,
    firefox: false, // It asks for a microphone by an id that Chromium alone has.
    further: {
      'their client loads the page anew': async ({ meeting, enterUs, enterThem, perceive }) => {
        const us = await enterUs(ann, meeting.ours('professional'));
        const before = await enterThem(bob, meeting.theirs('client'));
        await perceive(us, before);
        await before.goto('about:blank');
        await perceive(us, await enterThem(bob, meeting.theirs('client')));
      },
    },
  },
};
