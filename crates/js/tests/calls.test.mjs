// Calls as a page sees them, over a stand-in for the WebAssembly.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakePage, FakeStream, FakeVideo, settle, signaling, tracksIn } from './fakes.mjs';

const quiet = { errorHandler() {} };

/** Starts a call that the server lets in with these participants. */
async function joined(page, options = {}, ...participants) {
  const starting = page.calls.start({ signaling, ...quiet, ...options });
  await settle();
  page.made.at(-1).letIn(...participants);
  return starting;
}

describe('starting twice', () => {
  test('shares one call until the last start has ended it', async () => {
    const page = fakePage();
    const [first, second] = [page.calls.start({ signaling }), page.calls.start({ signaling })];
    await settle();
    assert.equal(page.made.length, 1);
    page.made[0].letIn();
    const calls = await Promise.all([first, second]);
    assert.notEqual(calls[0], calls[1]);
    calls[0].endCall();
    assert.deepEqual([calls[0].state, calls[1].state, page.made[0].ends], ['ended', 'connected', 0]);
    calls[1].endCall();
    assert.deepEqual([calls[1].state, page.made[0].ends], ['ended', 1]);
  });

  test('start, end when started, start (StrictMode): the second has a living call, elements and handlers', async () => {
    const page = fakePage();
    const [element, other] = [new FakeVideo(), new FakeVideo()];
    const errors = [];
    const first = page.calls.start({ signaling, remoteVideoElement: other, errorHandler: () => errors.push('first') });
    void first.then((call) => call.endCall());
    const second = page.calls.start({ signaling, remoteVideoElement: element, errorHandler: () => errors.push('second') });
    await settle();
    page.made[0].streams.set('bob', new FakeStream());
    page.made[0].letIn('bob');
    const call = await second;
    await settle();
    assert.equal((await first).state, 'ended');
    assert.equal(call.state, 'connected');
    assert.equal(element.srcObject, page.made[0].streams.get('bob'));
    assert.equal(other.srcObject, null);
    page.made[0].emit('error', { code: 'negotiation-failed', category: 'media', message: '', help: '' });
    assert.deepEqual(errors, ['second']);
  });

  test('an element that both starts share stays when the first ends', async () => {
    const page = fakePage();
    const element = new FakeVideo();
    const starting = [1, 2].map(() => page.calls.start({ signaling, remoteVideoElement: element }));
    await settle();
    page.made[0].streams.set('bob', new FakeStream());
    page.made[0].letIn('bob');
    const [first, second] = await Promise.all(starting);
    first.endCall();
    assert.notEqual(element.srcObject, null);
    second.endCall();
    assert.equal(element.srcObject, null);
  });

  test('start, abort, start: the second start makes a new call', async () => {
    const page = fakePage();
    const aborter = new AbortController();
    const first = page.calls.start({ signaling, signal: aborter.signal });
    aborter.abort();
    const second = page.calls.start({ signaling });
    await assert.rejects(first, { code: 'aborted' });
    await settle();
    assert.equal(page.made.length, 1);
    page.made[0].letIn();
    assert.equal((await second).state, 'connected');
  });

  test('one that is aborted while another waits leaves it the call', async () => {
    const page = fakePage();
    const aborter = new AbortController();
    const first = page.calls.start({ signaling, signal: aborter.signal });
    const second = page.calls.start({ signaling });
    aborter.abort();
    await assert.rejects(first, { code: 'aborted' });
    await settle();
    page.made[0].letIn();
    assert.equal((await second).state, 'connected');
    assert.equal(page.made[0].ends, 0);
  });

  test('different rooms are different calls', async () => {
    const page = fakePage();
    const starting = ['tea', 'coffee'].map((room) => page.calls.start({ signaling, room }));
    await settle();
    assert.equal(page.made.length, 2);
    page.made.forEach((call) => call.letIn());
    const [tea, coffee] = await Promise.all(starting);
    tea.endCall();
    assert.equal(coffee.state, 'connected');
  });
});

describe('participants', () => {
  test('are the same objects in the same array until something changes', async () => {
    const page = fakePage();
    const call = await joined(page, {}, 'bob', 'cat');
    const before = call.participants;
    assert.equal(call.participants, before);
    page.made[0].change('bob', { tracks: tracksIn('muted') });
    const after = call.participants;
    assert.notEqual(after, before);
    assert.notEqual(after[0], before[0]);
    assert.equal(after[1], before[1]);
    assert.equal(after[0].tracks.microphone.state, 'muted');
    page.made[0].change('bob', { notReceiving: ['cat'] });
    assert.deepEqual(call.participants[0].notReceiving, ['cat']);
  });

  test('are the objects that events carry', async () => {
    const page = fakePage();
    const call = await joined(page, {}, 'bob');
    await settle();
    const seen = [];
    call.on('participant-changed', ({ participant }) => seen.push(participant));
    page.made[0].change('bob', { tracks: tracksIn('muted') });
    assert.equal(seen[0], call.participants[0]);
  });

  test('who were there first are announced once the page listens', async () => {
    const page = fakePage();
    const call = await joined(page, {}, 'bob');
    const names = [];
    call.on('participant-joined', ({ participant }) => names.push(participant.name));
    page.made[0].join('cat');
    await settle();
    assert.deepEqual(names, ['bob', 'cat']);
    page.made[0].join('dan');
    assert.deepEqual(names, ['bob', 'cat', 'dan']);
  });

  test('who are lost leave the element to others, and have it again when they are back', async () => {
    const page = fakePage();
    const remoteVideoElement = new FakeVideo();
    const starting = page.calls.start({ signaling, ...quiet, remoteVideoElement });
    await settle();
    const [fake] = page.made;
    for (const id of ['bob', 'bob again']) fake.streams.set(id, new FakeStream());
    fake.letIn('bob', 'bob again');
    await starting;
    assert.equal(remoteVideoElement.srcObject, fake.streams.get('bob'));
    fake.change('bob', { away: true });
    assert.equal(remoteVideoElement.srcObject, fake.streams.get('bob'), 'their media may still arrive');
    fake.change('bob', { connection: 'interrupted' });
    assert.equal(remoteVideoElement.srcObject, fake.streams.get('bob again'));
    fake.change('bob', { away: false, connection: 'connected' });
    assert.equal(remoteVideoElement.srcObject, fake.streams.get('bob'));
  });

  test('are announced to a later start of the same call too', async () => {
    const page = fakePage();
    await joined(page, {}, 'bob');
    const names = [];
    const call = await page.calls.start({ signaling });
    call.on('participant-joined', ({ participant }) => names.push(participant.name));
    await settle();
    assert.deepEqual(names, ['bob']);
  });
});

describe('errors and ends', () => {
  test('an error of one call does not reach the handler of another', async () => {
    const page = fakePage();
    const errors = [];
    const iceServers = () => Promise.reject(new Error('no'));
    await joined(page, { room: 'one', iceServers, errorHandler: ({ code }) => errors.push(`one ${code}`) });
    await joined(page, { room: 'two', errorHandler: ({ code }) => errors.push(`two ${code}`) });
    await assert.rejects(page.made[0].options.fetchIceServers(), /no/);
    page.made[0].emit('error', { code: 'ice-servers-failed', category: 'configuration', message: '', help: '' });
    assert.deepEqual(errors, ['one ice-servers-failed']);
  });

  test('an error about a participant names them', async () => {
    const page = fakePage();
    const errors = [];
    await joined(page, { errorHandler: (error) => errors.push(error) }, 'bob');
    page.made[0].emit('error', { code: 'no-route', category: 'media', message: '', help: '', participant: 'bob' });
    assert.deepEqual([errors[0].code, errors[0].participant], ['no-route', 'bob']);
  });

  test('a listener that throws does not stop the others', async (context) => {
    const page = fakePage();
    const call = await joined(page);
    const reported = context.mock.method(console, 'error', () => {});
    const seen = [];
    call.on('ended', () => {
      throw new Error('thrown by a listener');
    });
    call.on('ended', ({ reason }) => seen.push(reason));
    call.endCall();
    assert.deepEqual(seen, ['left']);
    assert.equal(reported.mock.callCount(), 1);
  });

  test('a failure of the WebAssembly ends its calls, and the next call has a new instance', async () => {
    const page = fakePage();
    const call = await joined(page);
    let end;
    call.on('ended', (event) => (end = event));
    page.fail(new Error('unreachable'));
    assert.equal(end.reason, 'internal');
    assert.equal(end.error.code, 'internal');
    assert.equal(call.state, 'ended');
    assert.equal((await joined(page)).state, 'connected');
    assert.deepEqual(page.loads.slice(1), ['compiled']);
  });

  test('endCall before the WebAssembly is loaded rejects the start', async () => {
    const page = fakePage();
    const starting = page.calls.start({ signaling });
    page.calls.current.endForAll();
    await assert.rejects(starting, { code: 'aborted' });
    assert.equal(page.made.length, 0);
    assert.equal(page.calls.current, undefined);
  });

  test('a module of another build is refused', async () => {
    const page = fakePage({ build: 'other' });
    await assert.rejects(page.calls.start({ signaling }), { code: 'wasm-load-failed', message: /different builds/ });
  });
});
