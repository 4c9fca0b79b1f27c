// What participants send each other beside sound and picture: chat with history, reactions, raised hands, and the
// page's own messages, between our pages in every dialect.

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { DIALECTS } from '../lib/dialects.mjs';
import { createFixtures } from '../lib/fixtures.mjs';
import { sees } from '../lib/media-probe.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';
import { STRICT_POLICY } from '../lib/site.mjs';

const REMOTE = '#remoteVideoElement';
const KINDS = { [ann.name]: 'chromium', [bob.name]: 'firefox', [cat.name]: 'chromium' };

describe('data', () => {
  const fixtures = createFixtures();
  let site;

  before(async () => {
    site = await callSite({}, { policy: STRICT_POLICY.replace('connect-src', 'connect-src http:') });
    fixtures.defer(() => site.stop());
  });

  /** Joins a call, and records what arrives. */
  async function join(person, options, kind = KINDS[person.name]) {
    const { page, id, error } = await fixtures.join(fixtures.browser(kind, person), site.origin, { name: person.name, ...options });
    assert.equal(error, undefined);
    await page.run(() => {
      globalThis.lines = [];
      globalThis.received = [];
      call.on('text', ({ participant, ...line }) => globalThis.lines.push({ ...line, author: participant?.name ?? null }));
      call.on('reaction', ({ participant, emoji }) => globalThis.received.push({ from: participant.id, emoji }));
      call.on('data', ({ participant, data }) =>
        globalThis.received.push({ from: participant.id, data: typeof data === 'string' ? data : [...new Uint8Array(data)] }),
      );
    });
    return { page, id };
  }

  const sendText = (page, text, to) => page.run((text, to) => call.sendText(text, to ?? undefined), text, to ?? null);
  const reads = (page, text) => page.until((text) => lines.find((line) => line.text === text), text, patience(15_000, `the line '${text}'`));
  const texts = (page) => page.run(() => lines.map(({ text }) => text));
  const receives = (page, field, value) =>
    page.until(
      (field, value) => received.find((it) => JSON.stringify(it[field]) === JSON.stringify(value)),
      field,
      value,
      patience(15_000, `${field} ${JSON.stringify(value)}`),
    );

  /** Waits until a line and a message have gone in both directions. */
  async function bothReceive(one, other) {
    await Promise.all([sees(one, other.person, REMOTE), sees(other, one.person, REMOTE)]);
    for (const [from, to] of [[one, other], [other, one]]) {
      const text = `hello from ${from.person.name}`;
      await sendText(from, text);
      await from.run(() => call.send(new Uint8Array([0, 128, 255])));
      await reads(to, text);
      await receives(to, 'data', [0, 128, 255]);
    }
  }

  describe('in a room', () => {
    let server;
    let room;

    before(async () => {
      server = await startServer();
      fixtures.defer(() => server.stop());
    });

    beforeEach(() => {
      room = freshRoom();
    });

    const enter = (person) => join(person, { signaling: server.socket('/rooms'), room });

    test('chat goes to everyone or to one, and a participant who joins later gets the lines to everyone, once', async () => {
      const a = await enter(ann);
      const b = await enter(bob);
      // Written before there is a connection.
      const id = await sendText(a.page, 'first <b>line</b>');
      const { name, author, from, direct, history, time, ...first } = await reads(b.page, 'first <b>line</b>');
      assert.deepEqual([first.id, from, direct], [id, a.id, false]);
      assert.deepEqual([name, author], ['Ann', 'Ann']);
      assert.ok(Math.abs(time - Date.now()) < 30_000, `written at ${time}, history: ${history}`);
      await sendText(b.page, 'second');
      await reads(a.page, 'second');
      await sendText(b.page, 'for Ann', a.id);
      assert.equal((await reads(a.page, 'for Ann')).direct, true);

      const c = await enter(cat);
      const handed = await reads(c.page, 'second');
      assert.deepEqual([handed.history, handed.author, handed.name], [true, 'Bob', 'Bob']);
      await sendText(c.page, 'third');
      await Promise.all([reads(a.page, 'third'), reads(b.page, 'third')]);
      await sendText(a.page, 'fourth');
      await reads(c.page, 'fourth');
      assert.deepEqual(await texts(c.page), ['first <b>line</b>', 'second', 'fourth']);
      assert.deepEqual(await texts(a.page), ['second', 'for Ann', 'third']);
    });

    test('lines of a participant who has left are handed on with their name', async () => {
      const a = await enter(ann);
      const b = await enter(bob);
      await sendText(a.page, 'remember me');
      await reads(b.page, 'remember me');
      await a.page.run(() => call.endCall());
      const c = await enter(cat);
      const { author, name, from } = await reads(c.page, 'remember me');
      assert.deepEqual([author, name, from], [null, 'Ann', a.id]);
    });

    test('a raised hand is seen by all, also by those who join later, and a reaction by those who are there', async () => {
      const a = await enter(ann);
      const b = await enter(bob);
      const handOf = (page, id, raised) =>
        page.until((id, raised) => call.participants.find((it) => it.id === id)?.handRaised === raised, id, raised, patience(15_000, 'the hand'));
      assert.equal(await a.page.run(() => call.raiseHand()), true);
      assert.equal(await a.page.run(() => call.handRaised), true);
      await handOf(b.page, a.id, true);
      const c = await enter(cat);
      await handOf(c.page, a.id, true);
      await a.page.run(() => call.react('👩‍👩‍👧'));
      await Promise.all([receives(b.page, 'emoji', '👩‍👩‍👧'), receives(c.page, 'emoji', '👩‍👩‍👧')]);
      assert.equal(await a.page.run(() => call.raiseHand(false)), false);
      await Promise.all([handOf(b.page, a.id, false), handOf(c.page, a.id, false)]);
    });

    test("the page's own messages arrive as text and as bytes, up to their limit", async () => {
      const a = await enter(ann);
      const b = await enter(bob);
      await bothReceive(a.page, b.page);
      await a.page.run((to) => call.send(JSON.stringify({ x: 1 }), { to }), b.id);
      assert.equal((await receives(b.page, 'data', '{"x":1}')).from, a.id);
      await a.page.run(() => call.send(new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)));
      await receives(b.page, 'data', [2, 3]);
      await a.page.run(() => call.send('x'.repeat(64 * 1024)));
      await b.page.until(() => received.some(({ data }) => data?.length === 64 * 1024));
      // Nothing is lost on an idle connection of one machine.
      await b.page.run(() => call.send('soon outdated', { reliable: false }));
      await receives(a.page, 'data', 'soon outdated');
      const refusal = (body) =>
        a.page.run(`(() => { try { ${body} } catch ({ code, category }) { return { code, category }; } })`);
      assert.deepEqual(await refusal("call.send('x'.repeat(64 * 1024 + 1))"), { code: 'message-too-large', category: 'media' });
      assert.deepEqual(await refusal("call.sendText('ü'.repeat(2049))"), { code: 'message-too-large', category: 'media' });
      assert.deepEqual(await refusal("call.react('x'.repeat(65))"), { code: 'message-too-large', category: 'media' });
      assert.deepEqual(await refusal("call.sendText('x', 'nobody')"), { code: 'unknown-recipient', category: 'media' });
    });

    test('what is written while the connection to the other is lost arrives once, in order', async () => {
      const a = await enter(ann);
      const b = await enter(bob);
      await bothReceive(a.page, b.page);
      await a.page.run(async () => {
        await call.simulate({ kind: 'break-link' });
        call.sendText('one');
        call.send('two');
        call.sendText('three');
      });
      await sendText(b.page, 'four');
      await Promise.all([reads(b.page, 'three'), reads(a.page, 'four')]);
      await receives(b.page, 'data', 'two');
      await sendText(a.page, 'five');
      await reads(b.page, 'five');
      assert.deepEqual(await texts(b.page), ['hello from Ann', 'one', 'three', 'five']);
      assert.deepEqual(await texts(a.page), ['hello from Bob', 'four']);
    });
  });

  test('what is written while the server is down arrives', async () => {
    const server = await startServer();
    fixtures.defer(() => server.stop());
    const options = { signaling: server.socket('/rooms'), room: freshRoom() };
    const a = await join(ann, options);
    const b = await join(bob, options);
    await bothReceive(a.page, b.page);
    for (const { page } of [a, b]) page.expectFault(/WebSocket|can’t establish/);
    await server.stop('SIGKILL');
    await a.page.until(() => call.state === 'reconnecting');
    await sendText(a.page, 'the server is gone');
    await reads(b.page, 'the server is gone');
  });

  for (const [name, { servers, roles }] of Object.entries(DIALECTS)) {
    test(`${name}: two of our pages exchange chat and messages`, async () => {
      const server = await servers['our server'](fixtures);
      const call = await server.newCall();
      const [oneRole, otherRole] = roles[0];
      const one = await join(ann, call.ours(oneRole));
      const other = await join(bob, call.ours(otherRole));
      await bothReceive(one.page, other.page);
    });
  }
});
