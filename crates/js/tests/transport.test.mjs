// A transport of the page's own behaves like a WebSocket, whenever it calls back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from './fakes.mjs';
import { openTransport } from '../ts/transport.ts';

/** Opens a transport that calls back from within `send`. */
async function open(answer) {
  const log = [];
  let receive;
  let closed;
  const socket = openTransport({
    connect: (callback) => void (closed = callback),
    onMessage: (callback) => (receive = callback),
    send: (text) => answer(text, { receive, closed }),
  });
  for (const type of ['open', 'message', 'close']) socket.addEventListener(type, ({ data, code }) => log.push([type, data ?? code]));
  await settle();
  assert.deepEqual(log.splice(0), [['open', undefined]]);
  const send = (text) => {
    socket.send(text);
    log.push('sent');
  };
  return { socket, send, log };
}

test('a message that arrives during `send` is delivered after it', async () => {
  const { send, log } = await open((text, { receive }) => receive(`answer to ${text}`));
  send('hello');
  await settle();
  assert.deepEqual(log, ['sent', ['message', 'answer to hello']]);
});

test('a close during `send` fires after it, once, with its code', async () => {
  const { socket, send, log } = await open((_, { receive, closed }) => {
    receive('last');
    closed(4001);
    closed(4002);
    receive('too late');
  });
  send('hello');
  await settle();
  assert.deepEqual(log, ['sent', ['message', 'last'], ['close', 4001]]);
  assert.equal(socket.readyState, WebSocket.CLOSED);
});
