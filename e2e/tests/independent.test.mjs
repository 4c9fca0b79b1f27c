// The independent pages and servers work with each other, so that a failed call with ours is our fault.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, beforeEach, describe, test } from 'node:test';
import { agoraPage, appointmentsPage, appointmentsServer, channelsServer, independentSite, meshPage, relayPage, roomsPage, roomsServer } from '../lib/independent.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { scriptedPeer } from '../lib/scripted.mjs';
import { hears, inCall, sees } from '../lib/media-probe.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

describe('the independent pages and servers', () => {
  const fixtures = createFixtures();
  let site;

  before(async () => {
    site = await independentSite();
    fixtures.defer(() => site.stop());
  });

  const chromium = (person) => fixtures.browser('chromium', person);

  describe('real-time-video-chat', () => {
    const servers = {};

    before(async () => {
      for (const version of ['2.5', '3.1', '4.8']) {
        servers[version] = await roomsServer(version);
        fixtures.defer(() => servers[version].stop());
      }
    });

    const join = async (person, room, { version = '4.8', client } = {}) => {
      const page = await roomsPage.open(fixtures, chromium(person), { server: servers[version].origin, client });
      return { page, outcome: await roomsPage.enter(page, room) };
    };

    for (const [version, ...clients] of [
      ['2.5', '1.7', '1.7'],
      ['3.1', '1.7', '3.0'],
      ['3.1', '4.7', '1.7'],
      ['4.8', '3.0', '4.7'],
      ['4.8', '4.7', '3.0'],
    ]) {
      test(`clients of Socket.IO ${clients[0]} and ${clients[1]} are in a call on a server of version ${version}`, async () => {
        const room = freshRoom();
        const a = await join(ann, room, { version, client: clients[0] });
        const b = await join(bob, room, { version, client: clients[1] });
        await inCall(a.page, b.page, roomsPage.remote);
      });
    }

    test('a client starts with polling and upgrades to WebSocket', async () => {
      const { page } = await join(ann, freshRoom());
      await page.until(() => globalThis.socket.io.engine.transport.name === 'websocket');
      const requests = await page.run(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).searchParams.get('transport')));
      assert.ok(requests.includes('polling'), JSON.stringify(requests));
    });

    test('a third participant is refused until one leaves, then the one who stayed offers to it', async () => {
      const room = freshRoom();
      const a = await join(ann, room);
      const b = await join(bob, room);
      await inCall(a.page, b.page, roomsPage.remote);
      const c = await join(cat, room);
      assert.match(c.outcome, /Room is full/);
      await roomsPage.leave(a.page); // Bob, who joined second, offers from now on.
      await b.page.until(() => globalThis.link.signalingState === 'closed');
      assert.equal(await roomsPage.enter(c.page, room), 'in');
      await inCall(b.page, c.page, roomsPage.remote);
    });

    test('a page that joined second and whose peer disappears offers to nobody, but answers an offer', async () => {
      const room = freshRoom();
      const a = await join(ann, room);
      const b = await join(bob, room);
      await inCall(a.page, b.page, roomsPage.remote);
      await a.page.run(() => globalThis.socket.disconnect());
      await b.page.run(() => globalThis.socket.on('ready', () => (globalThis.receivedReady = true)));
      const c = await join(cat, room);
      await b.page.until(() => globalThis.receivedReady);
      assert.equal(await b.page.run(() => globalThis.__e2e.made.links), 1);
      // Makes the newcomer offer, which their page never does.
      await c.page.run(() => {
        creator = true;
        ready();
      });
      await inCall(b.page, c.page, roomsPage.remote);
    });
  });

  describe('Django channels', () => {
    let server;

    before(async () => {
      server = await channelsServer();
      fixtures.defer(() => server.stop());
    });

    const joinMesh = async (person, kind = 'chromium') => {
      const page = await meshPage.open(fixtures, fixtures.browser(kind, person), { socket: server.socket('/any/path'), site: site.origin });
      await meshPage.enter(page);
      return page;
    };
    const bothInCall = (one, other) =>
      Promise.all([
        sees(one, other.person, meshPage.remoteOf(other.person.name)),
        sees(other, one.person, meshPage.remoteOf(one.person.name)),
        hears(one, other.person, meshPage.remoteOf(other.person.name)),
        hears(other, one.person, meshPage.remoteOf(one.person.name)),
      ]);

    test('three pages of a mesh see, hear and chat with each other, and notice a page that is closed', async () => {
      const [a, b, c] = [await joinMesh(ann), await joinMesh(bob), await joinMesh(cat)];
      await Promise.all([bothInCall(a, b), bothInCall(a, c), bothInCall(b, c)]);
      await meshPage.say(a, 'good morning');
      await Promise.all([meshPage.reads(b, 'Ann', 'good morning'), meshPage.reads(c, 'Ann', 'good morning')]);
      assert.deepEqual(await a.run(() => [...document.querySelectorAll('#message-list li')].map(({ textContent }) => textContent)), ['ME:good morning']);
      await c.goto('about:blank');
      await Promise.all([meshPage.noticesLeaving(a, 'Cat'), meshPage.noticesLeaving(b, 'Cat')]);
      await bothInCall(a, b);
    });

    test('two pages with the same name do not connect', async () => {
      const [a, b] = [await joinMesh(ann), await joinMesh(bob)];
      await bothInCall(a, b);
      const again = await meshPage.open(fixtures, chromium(cat), { socket: server.socket('/'), site: site.origin });
      await meshPage.enter(again, 'Ann');
      await sees(again, bob, meshPage.remoteOf('Bob'));
      assert.equal(await a.run(() => globalThis.__e2e.made.links), 1);
    });

    for (const kind of ['echo', 'quiet']) {
      test(`two pages of videocalls.js are in a call over the ${kind} relay`, async () => {
        const socket = server.socket(`/relay/${kind}/${freshRoom()}`);
        const pages = [];
        for (const person of [ann, bob]) {
          const page = await relayPage.open(fixtures, chromium(person), { site: site.origin });
          await relayPage.enter(page, socket);
          pages.push(page);
        }
        await inCall(...pages, relayPage.remote);
      });
    }

    test('a message that is no JSON closes its socket with 1011, and no other socket', async () => {
      const neighbour = await scriptedPeer(server.socket('/'));
      for (const path of ['/', `/relay/echo/${freshRoom()}`]) {
        const socket = await scriptedPeer(server.socket(path));
        socket.send('no JSON');
        assert.equal((await once(socket, 'close'))[0], 1011);
      }
      neighbour.send(JSON.stringify({ peer: 'eve', action: 'anything', message: {} }));
      const answer = JSON.parse((await once(neighbour, 'message'))[0]);
      assert.equal(answer.action, 'anything');
      assert.match(answer.message.receiver_channel_name, /^specific/);
      neighbour.close();
    });
  });

  describe('video-chat-django', () => {
    let server;

    before(async () => {
      server = await channelsServer();
      fixtures.defer(() => server.stop());
    });

    test('the lobby leads to the room, where a stand-in for the provider is seen', async () => {
      const member = { name: 'Mirror', room_name: 'TEA', UID: 1000 };
      const post = (path) => fetch(`${server.origin}/${path}/`, { method: 'POST', body: JSON.stringify(member) });
      assert.deepEqual(await (await post('create_member')).json(), { name: 'Mirror' });
      const page = await agoraPage.enter(fixtures, chromium(ann), { site: server.origin, sdk: '/agora/mirror.js', room: 'tea' });
      await sees(page, ann, agoraPage.remote);
      assert.deepEqual(await agoraPage.names(page), ['Ann', 'Mirror']);
      page.expectFault(/500 \(Internal Server Error\).*delete_member/); // It deletes its member once more when the page is unloaded.
      await agoraPage.leave(page);
      assert.equal(await (await post('delete_member')).json(), 'Member deleted');
    });

    test('bad requests are answered with 500, a path without its slash with 301', async () => {
      const status = async (path, options) => (await fetch(server.origin + path, { redirect: 'manual', ...options })).status;
      assert.equal(await status('/get_token/'), 500);
      assert.equal(await status('/get_token/?channel='), 200);
      assert.equal(await status('/get_token?channel=TEA'), 301);
      assert.equal(await status('/get_member/?UID=1&room_name=NOWHERE'), 500);
      assert.equal(await status('/delete_member/', { method: 'POST', body: '{"name":"A","room_name":"B","UID":1}' }), 500);
    });
  });

  describe('Webrtc Video Call Application', () => {
    let server;

    beforeEach(async () => {
      const started = await appointmentsServer();
      fixtures.defer(() => started.stop());
      server = started;
    });

    const pageOptions = (token) => ({ site: site.origin, server: server.origin, token });
    const client = async () => appointmentsPage.openClient(fixtures, chromium(ann), pageOptions(await server.clientToken()));
    const professional = async () => appointmentsPage.openProfessional(fixtures, chromium(bob), pageOptions(await server.professionalToken()));

    for (const order of ['the client', 'the professional']) {
      test(`${order} joins first: both are in a call`, async () => {
        let a;
        let b;
        if (order === 'the client') {
          a = await client();
          await appointmentsPage.enable(a);
          b = await professional();
        } else {
          b = await professional();
          a = await client();
          await appointmentsPage.enable(a);
        }
        // The professional's page loses candidates that arrive while it loads.
        await a.until(() => globalThis.link.iceGatheringState === 'complete');
        await appointmentsPage.join(b, '1');
        await appointmentsPage.enable(b);
        await inCall(a, b, appointmentsPage.remote);
      });
    }

    test('the token of a link holds the claims of its role; a bad token is disconnected after it connected', async () => {
      const claims = async (token) => Object.keys(await (await server.validate(token)).json()).sort();
      assert.deepEqual(await claims(await server.clientToken()), ['apptDate', 'clientName', 'iat', 'professionalsFullName', 'uuid']);
      assert.deepEqual(await claims(await server.professionalToken()), ['fullName', 'iat', 'proId']);
      const refused = await server.validate('nonsense');
      assert.deepEqual([refused.status, /<!DOCTYPE html>/.test(await refused.text())], [500, true]);

      const page = await fixtures.open(chromium(ann), `${site.origin}/relay/`);
      await page.run(() => new Promise((resolve) => document.head.append(Object.assign(document.createElement('script'), { src: '/clients/4.7/socket.io.js', onload: resolve }))));
      const events = await page.run((origin) => {
        const socket = io(origin, { auth: { jwt: 'nonsense' } });
        const events = [];
        return new Promise((resolve) => {
          socket.on('connect', () => events.push('connect'));
          socket.on('disconnect', (reason) => resolve([...events, reason]));
        });
      }, server.origin);
      assert.deepEqual(events, ['connect', 'io server disconnect']);
    });

    test('a request for candidates without an acknowledgement crashes the server', async () => {
      const page = await client();
      page.expectFault(/ERR_CONNECTION_REFUSED|WebSocket connection/);
      await appointmentsPage.enable(page);
      await page.run(() => globalThis.socket.emit('getIce', 1, 'client'));
      assert.equal(await server.ended, 1);
    });
  });
});
