// The independent pages and servers among themselves: what is no call between them proves nothing
// about ours.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, beforeEach, describe, test } from 'node:test';
import { agoraPage, appointmentsPage, appointmentsServer, channelsServer, independentSite, meshPage, relayPage, roomsPage, roomsServer } from '../lib/independent.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { scriptedPeer } from '../lib/scripted.mjs';
import { hears, inCall, sees } from '../lib/media-probe.mjs';
import { fixtures } from '../lib/fixtures.mjs';

describe('the independent pages and servers', () => {
  const scene = fixtures();
  let site;

  before(async () => {
    site = await independentSite();
    scene.defer(() => site.stop());
  });

  const chromium = (person) => scene.browser('chromium', person);

  describe('real-time-video-chat', () => {
    const servers = {};

    before(async () => {
      for (const version of ['2.5', '3.1', '4.8']) {
        servers[version] = await roomsServer(version);
        scene.defer(() => servers[version].stop());
      }
    });

    const enter = async (person, room, { version = '4.8', client } = {}) => {
      const page = await roomsPage.open(scene, chromium(person), { server: servers[version].origin, client });
      return { page, outcome: await roomsPage.enter(page, room) };
    };

    for (const [version, ...clients] of [
      ['2.5', '1.7', '1.7'],
      ['3.1', '1.7', '3.0'],
      ['3.1', '4.7', '1.7'],
      ['4.8', '3.0', '4.7'],
      ['4.8', '4.7', '3.0'],
    ]) {
      test(`Socket.IO ${version}, a client of ${clients[0]} and one of ${clients[1]}`, async () => {
        const room = freshRoom();
        const a = await enter(ann, room, { version, client: clients[0] });
        const b = await enter(bob, room, { version, client: clients[1] });
        await inCall(a.page, b.page, roomsPage.remote);
      });
    }

    test('polling comes first, then the upgrade', async () => {
      const { page } = await enter(ann, freshRoom());
      await page.until(() => globalThis.socket.io.engine.transport.name === 'websocket');
      const requests = await page.run(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).searchParams.get('transport')));
      assert.ok(requests.includes('polling'), JSON.stringify(requests));
    });

    test('a third is kept out; who leaves makes room, and who stays offers to the next', async () => {
      const room = freshRoom();
      const a = await enter(ann, room);
      const b = await enter(bob, room);
      await inCall(a.page, b.page, roomsPage.remote);
      const c = await enter(cat, room);
      assert.match(c.outcome, /Room is full/);
      await roomsPage.leave(a.page); // Bob, who had joined, becomes the one who offers.
      await b.page.until(() => globalThis.link.signalingState === 'closed');
      assert.equal(await roomsPage.enter(c.page, room), 'in');
      await inCall(b.page, c.page, roomsPage.remote);
    });

    test('who was the second and is left without a word offers to nobody, but answers an offer', async () => {
      const room = freshRoom();
      const a = await enter(ann, room);
      const b = await enter(bob, room);
      await inCall(a.page, b.page, roomsPage.remote);
      await a.page.run(() => globalThis.socket.disconnect());
      await b.page.run(() => globalThis.socket.on('ready', () => (globalThis.heardReady = true)));
      const c = await enter(cat, room);
      await b.page.until(() => globalThis.heardReady);
      assert.equal(await b.page.run(() => globalThis.__e2e.made.links), 1);
      // What no page of theirs does: the newcomer offers.
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
      scene.defer(() => server.stop());
    });

    const enterMesh = async (person, kind = 'chromium') => {
      const page = await meshPage.open(scene, scene.browser(kind, person), { socket: server.socket('/any/path'), site: site.origin });
      await meshPage.enter(page);
      return page;
    };
    const meet = (one, other) =>
      Promise.all([
        sees(one, other.person, meshPage.remoteOf(other.person.name)),
        sees(other, one.person, meshPage.remoteOf(one.person.name)),
        hears(one, other.person, meshPage.remoteOf(other.person.name)),
        hears(other, one.person, meshPage.remoteOf(one.person.name)),
      ]);

    test('a mesh of three, with a chat; who closes the page is missed', async () => {
      const [a, b, c] = [await enterMesh(ann), await enterMesh(bob), await enterMesh(cat)];
      await Promise.all([meet(a, b), meet(a, c), meet(b, c)]);
      await meshPage.say(a, 'good morning');
      await Promise.all([meshPage.reads(b, 'Ann', 'good morning'), meshPage.reads(c, 'Ann', 'good morning')]);
      assert.deepEqual(await a.run(() => [...document.querySelectorAll('#message-list li')].map(({ textContent }) => textContent)), ['ME:good morning']);
      await c.goto('about:blank');
      await Promise.all([meshPage.misses(a, 'Cat'), meshPage.misses(b, 'Cat')]);
      await meet(a, b);
    });

    test('two of the same name do not know each other', async () => {
      const [a, b] = [await enterMesh(ann), await enterMesh(bob)];
      await meet(a, b);
      const again = await meshPage.open(scene, chromium(cat), { socket: server.socket('/'), site: site.origin });
      await meshPage.enter(again, 'Ann');
      await sees(again, bob, meshPage.remoteOf('Bob'));
      assert.equal(await a.run(() => globalThis.__e2e.made.links), 1);
    });

    for (const kind of ['echo', 'quiet']) {
      test(`two pages of videocalls.js over a relay with the manner «${kind}»`, async () => {
        const socket = server.socket(`/relay/${kind}/${freshRoom()}`);
        const pages = [];
        for (const person of [ann, bob]) {
          const page = await relayPage.open(scene, chromium(person), { site: site.origin });
          await relayPage.enter(page, socket);
          pages.push(page);
        }
        await inCall(...pages, relayPage.remote);
      });
    }

    test('what no consumer can read ends its socket with 1011, and only that', async () => {
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
      scene.defer(() => server.stop());
    });

    test('the lobby and the room, with a provider that is a mirror', async () => {
      const member = { name: 'Mirror', room_name: 'TEA', UID: 1000 };
      const post = (path) => fetch(`${server.origin}/${path}/`, { method: 'POST', body: JSON.stringify(member) });
      assert.deepEqual(await (await post('create_member')).json(), { name: 'Mirror' });
      const page = await agoraPage.enter(scene, chromium(ann), { site: server.origin, sdk: '/agora/mirror.js', room: 'tea' });
      await sees(page, ann, agoraPage.remote);
      assert.deepEqual(await agoraPage.names(page), ['Ann', 'Mirror']);
      page.expectFault(/500 \(Internal Server Error\).*delete_member/); // Once more when the page goes.
      await agoraPage.leave(page);
      assert.equal(await (await post('delete_member')).json(), 'Member deleted');
    });

    test('what it is not made for is answered with 500, what lacks its slash with 301', async () => {
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
      scene.defer(() => started.stop());
      server = started;
    });

    const place = (token) => ({ site: site.origin, server: server.origin, token });
    const client = async () => appointmentsPage.openClient(scene, chromium(ann), place(await server.clientToken()));
    const professional = async () => appointmentsPage.openProfessional(scene, chromium(bob), place(await server.professionalToken()));

    for (const order of ['the client', 'the professional']) {
      test(`${order} comes first`, async () => {
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
        // What reaches the professional's page while it is being opened is lost there (6.5.4).
        await a.until(() => globalThis.link.iceGatheringState === 'complete');
        await appointmentsPage.join(b, '1');
        await appointmentsPage.enable(b);
        await inCall(a, b, appointmentsPage.remote);
      });
    }

    test('its links tell who is who; a bad one is refused after it was let in', async () => {
      const claims = async (token) => Object.keys(await (await server.validate(token)).json()).sort();
      assert.deepEqual(await claims(await server.clientToken()), ['apptDate', 'clientName', 'iat', 'professionalsFullName', 'uuid']);
      assert.deepEqual(await claims(await server.professionalToken()), ['fullName', 'iat', 'proId']);
      const refused = await server.validate('nonsense');
      assert.deepEqual([refused.status, /<!DOCTYPE html>/.test(await refused.text())], [500, true]);

      const page = await scene.open(chromium(ann), `${site.origin}/relay/`);
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

    test('candidates asked for without an acknowledgement are the end of the server', async () => {
      const page = await client();
      page.expectFault(/ERR_CONNECTION_REFUSED|WebSocket connection/);
      await appointmentsPage.enable(page);
      await page.run(() => globalThis.socket.emit('getIce', 1, 'client'));
      assert.equal(await server.ended, 1);
    });
  });
});
