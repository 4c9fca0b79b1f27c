// The independent pages and servers among themselves: what is no call between them proves nothing
// about ours.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { independentSite, roomsPage, roomsServer } from '../lib/independent.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, freshRoom } from '../lib/people.mjs';
import { inCall } from '../lib/senses.mjs';
import { stage } from '../lib/stage.mjs';

describe('the independent pages and servers', () => {
  const scene = stage();
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
});
