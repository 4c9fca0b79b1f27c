// What a case finds: two people with their browsers, the network between them, the servers.

import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { Network } from './network.mjs';
import { Person } from './person.mjs';
import { SIGNALING, startSignaling, startTurn } from './services.mjs';

const KINDS = { c: 'chromium', f: 'firefox' };
const PATIENCE = 15_000;

export class Scene {
  #server;
  #turn;

  network = new Network();

  /** Sets everything up for a pair, `cf` for Ann with Chromium and Bob with Firefox. */
  async prepare(pair) {
    await this.network.build();
    await this.startServer();
    const [a, b] = [...pair].map((letter) => KINDS[letter]);
    [this.a, this.b] = await Promise.all([Person.start('a', a, ann, SIGNALING), Person.start('b', b, bob, SIGNALING)]);
  }

  get people() {
    return [this.a, this.b].filter(Boolean);
  }

  async startServer() {
    this.#server = await startSignaling();
    return Date.now();
  }

  /** Ends the server as a power cut does. */
  async killServer() {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop('SIGKILL');
  }

  /** Starts coturn, unless it runs. */
  async startTurn() {
    this.#turn ??= await startTurn();
  }

  /**
   * Bob waits in a room, Ann joins; resolves when media flows in both directions, with the time that
   * this took from Ann's start. `options` is run in the page and gives options for the call.
   */
  async call(options = () => ({}), ...args) {
    await Promise.all(this.people.map((person) => person.open()));
    const room = freshRoom();
    await this.#join(this.b, room, options, args);
    const start = Date.now();
    await this.#join(this.a, room, options, args);
    return this.mediaBack(start, PATIENCE);
  }

  async #join(person, room, options, args) {
    const before = { signaling: person.signaling, room, name: person.name };
    const makeAndStart = `async (before, ...args) => globalThis.start({ ...before, ...(await (${options})(...args)) })`;
    const { error } = await person.run(makeAndStart, before, ...args);
    if (error) throw new Error(`${person.name} was not let in: ${error.code}, ${error.message}`);
  }

  /** Milliseconds from `since` until each has had sound and picture of the other again. */
  async mediaBack(since, timeout) {
    const back = (since) => globalThis.meter.backSince(since);
    const times = await this.each((person) => person.until(timeout, 'sound and picture', back, since));
    return Math.max(...times) - since;
  }

  /** The longest time without sound or without picture at either of the two. */
  async gap(from, to) {
    const gaps = await this.each((person) => person.run((from, to) => globalThis.meter.gap(from, to), from, to ?? Date.now()));
    return Math.max(...gaps);
  }

  /** Milliseconds from `since` until both pages say that they are with the server again. */
  async signalingBack(since, timeout) {
    const times = await this.each((person) => person.until(timeout, 'the way back to the server', signalingBack, since));
    return Math.max(...times) - since;
  }

  /** Fails unless what one tells by way of the server comes to the other. */
  async assertTold() {
    await this.#tells(this.a, this.b);
    await this.#tells(this.b, this.a);
  }

  async #tells(one, other) {
    await one.run(() => globalThis.call.toggleTrack('audio', false));
    await other.until(5000, `${one.name}'s word by way of the server`, () => globalThis.call.participants.some(({ audio }) => audio === 'muted'));
    await one.run(() => globalThis.call.toggleTrack('audio', true));
  }

  /** Resolves when each one's connection to the other is there. */
  async connected(timeout) {
    const there = () => globalThis.meter.events.findLast(({ what }) => /^(connected|disconnected|failed)$/.test(what))?.what === 'connected';
    await this.each((person) => person.until(timeout, 'a connection', there));
  }

  /** Resolves when each one's connection to the other has been lost, with the milliseconds that it took. */
  async disconnected(since, timeout) {
    const lost = (since) => globalThis.meter.events.find(({ at, what }) => at > since && what === 'disconnected')?.at;
    const times = await this.each((person) => person.until(timeout, 'a lost connection', lost, since));
    return times.map((at) => at - since);
  }

  /**
   * Fails unless both are in one call with each other and nobody else. Firefox asks every 5 s whether
   * the other is there, and says as late that they are again.
   */
  async assertTogether() {
    await this.each((person) => person.until(8000, 'a whole call with the other alone', isTogether));
  }

  each(work) {
    return Promise.all(this.people.map(work));
  }

  /** What the pages have noted, for the reader of a failure. */
  async story() {
    const stories = await Promise.allSettled(this.people.map((person) => person.run(notes)));
    const entries = stories.flatMap(({ value = [] }, index) => value.map((note) => ({ ...note, who: this.people[index].name })));
    const start = Math.min(...entries.map(({ at }) => at));
    entries.sort((one, other) => one.at - other.at);
    const lines = entries.map(({ at, who, text }) => `${((at - start) / 1000).toFixed(1).padStart(6)} s  ${who}: ${text}`);
    return [...lines, ...(await this.#counts())];
  }

  /** What has come in to each of them, and gone out. */
  async #counts() {
    const counts = await Promise.allSettled(this.people.map((person) => person.run(() => globalThis.meter.totals)));
    return counts.map(({ value }, index) => `          ${this.people[index].name}: ${JSON.stringify(value)}`);
  }

  /** Closes the pages and heals what the case has broken. */
  async reset() {
    await this.network.calm();
    if (!this.#server) await this.startServer();
    const closed = await Promise.allSettled(this.people.map((person) => person.close()));
    const failed = closed.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  }

  async end() {
    await Promise.allSettled(this.people.map((person) => person.end()));
    await Promise.allSettled([this.#server?.stop(), this.#turn?.stop()]);
    await this.network.remove();
  }
}

/** Runs in the page. */
function isTogether() {
  const { state, participants } = globalThis.snapshot();
  return state === 'connected' && participants.length === 1 && participants[0].connection === 'connected';
}

/** Runs in the page: what the meter and the call's listeners have written down. */
function notes() {
  const links = globalThis.meter.events.map(({ at, what, link }) => ({ at, text: link === undefined ? what : `link ${link} ${what}` }));
  const call = globalThis.log.map(({ at, type, state, reason, error, participant }) => ({
    at,
    text: [type, state ?? reason ?? error?.code ?? participant?.connection].filter(Boolean).join(' '),
  }));
  return [...links, ...call];
}

/** Runs in the page: when the call came back after it had noticed that the server was away. */
function signalingBack(since) {
  const states = globalThis.log.filter(({ type }) => type === 'state-changed');
  const last = states.at(-1);
  const wasAway = states.some(({ state }) => state === 'reconnecting');
  return wasAway && last.state === 'connected' ? Math.max(last.at, since) : null;
}
