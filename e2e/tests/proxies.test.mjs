// The app, the package and all five dialects behind real reverse proxies, set up as docs/deploying.md says.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { io } from 'socket.io-client-4.7';
import { WebSocket } from 'ws';

import { HOST, NAMES, startProxy } from '../lib/proxies.mjs';
import { startServer } from '../lib/server.mjs';

/** Resolves the public name to this machine. */
const agent = new Agent({ lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]) });

for (const name of NAMES) {
  for (const base of ['', '/calls']) {
    describe(`behind ${name} ${base ? `at ${base}` : 'without a base path'}`, () => behind(name, base));
  }
}

function behind(name, base) {
  let server, proxy, origin;

  before(async () => {
    const options = base ? ['--base-path', base] : [];
    options.push('--trust-proxy', 'loopback', '--appointments-secret', 'a secret of thirty-two bytes or more');
    server = await startServer(...options);
    proxy = await startProxy(name, server, base);
    origin = `http://${HOST}:${proxy.port}`;
  });
  after(async () => {
    await proxy?.stop();
    await server?.stop();
  });

  async function get(path, headers = {}) {
    const sent = request(origin + path, { agent, headers }).end();
    const [response] = await once(sent, 'response');
    response.setEncoding('utf8');
    const body = (await response.toArray()).join('');
    return { status: response.statusCode, headers: response.headers, body };
  }

  function connect(path, from = origin) {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}${base}${path}`, { origin: from, agent });
    socket.next = async () => JSON.parse((await once(socket, 'message'))[0]);
    return socket;
  }

  /** Sends a message; resolves with the first one that is received. */
  async function exchange(path, message) {
    const socket = connect(path);
    await once(socket, 'open');
    const answer = socket.next();
    socket.send(JSON.stringify(message));
    const received = await answer;
    socket.terminate();
    return received;
  }

  function socketIo(auth, transports = ['polling', 'websocket']) {
    const extraHeaders = { origin };
    const options = { path: `${base}/socket.io/`, agent, auth, transports, extraHeaders, reconnection: false, forceNew: true };
    return io(origin, options);
  }

  /** Waits for an event of Socket.IO. */
  async function received(socket, event) {
    const failed = once(socket, 'connect_error').then(([error]) => Promise.reject(error));
    await Promise.race([once(socket, event), failed]);
    socket.disconnect();
  }

  test('the app and all files that its page names are served', async () => {
    if (base) assert.match((await get(base)).headers.location, /calls\/$/);
    const page = await get(`${base}/`);
    assert.equal(page.status, 200, page.body);
    const files = [...page.body.matchAll(/(?:href|src)="([^":]+)"/g)].map(([, file]) => file);
    assert.ok(files.length >= 3, page.body);
    for (const file of files) {
      const { pathname } = new URL(file, `${origin}${base}/?room=a`);
      assert.equal((await get(pathname)).status, 200, pathname);
    }
  });

  test('the package is served to other sites', async () => {
    for (const file of ['videocalls.js', 'videocalls_bg.wasm']) {
      const reply = await get(`${base}/videocalls/${file}`, { origin: 'https://other.example' });
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['access-control-allow-origin'], '*');
    }
  });

  test('rooms: a participant joins', async () => {
    const welcome = await exchange('/rooms', { type: 'join', v: 1, room: 'standup', name: 'Ann' });
    assert.equal(welcome.type, 'welcome');
  });

  test('rooms: a page of another site is refused', async () => {
    const [, refused] = await once(connect('/rooms', 'https://evil.example'), 'unexpected-response');
    assert.equal(refused.statusCode, 403);
    refused.destroy();
  });

  test('relay: a message comes back', async () => {
    assert.deepEqual(await exchange('/relay/standup', { hello: 1 }), { hello: 1 });
  });

  test('channels-mesh: a message comes back with its sender', async () => {
    const echo = await exchange('/channels/standup', { action: 'new-peer', message: {} });
    assert.match(echo.message.receiver_channel_name, /^specific\./);
  });

  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    test(`socketio-rooms: a room is created by ${transports.join(' and ')}`, async () => {
      const socket = socketIo(undefined, transports);
      socket.emit('join', `standup-${transports}`);
      await received(socket, 'created');
    });
  }

  test('appointments: a link has the public address, and its bearer connects', async () => {
    const [, link] = /href="([^"]+)"/.exec((await get(`${base}/pro-link`)).body);
    assert.ok(link.startsWith(`${origin}${base}/dashboard?token=`), link);
    const socket = socketIo({ jwt: new URL(link).searchParams.get('token') });
    await received(socket, 'apptData');
  });
}
