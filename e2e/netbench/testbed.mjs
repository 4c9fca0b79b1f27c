// What each case runs on: two participants with their browsers, the network between them, and the servers.

import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { Network } from './network.mjs';
import { Participant } from './participant.mjs';
import { SIGNALING, startSignaling, startTurn } from './services.mjs';

const BROWSERS = { c: 'chromium', f: 'firefox' };
const JOIN_TIMEOUT = 15_000;

export class Testbed {
  #server;
  /** Whether the server has the options of all cases. */
  #isOrdinary = true;
  #turn;

  network = new Network();

  /** Sets everything up for a pair: `cf` is Ann with Chromium and Bob with Firefox. */
  async prepare(pair) {
    await this.network.build();
    await this.startServer();
    const [a, b] = [...pair].map((letter) => BROWSERS[letter]);
    [this.a, this.b] = await Promise.all([Participant.start('a', a, ann, SIGNALING), Participant.start('b', b, bob, SIGNALING)]);
  }

  get participants() {
    return [this.a, this.b].filter(Boolean);
  }

  async startServer(...options) {
    this.#server = await startSignaling(...options);
    return Date.now();
  }

  /** Starts the server again with other options, until the end of the case. */
  async restartServer(...options) {
    await this.killServer();
    await this.startServer(...options);
    this.#isOrdinary = false;
  }

  /** Kills the server. */
  async killServer() {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop('SIGKILL');
  }

  /** Starts coturn if it does not run yet. */
  async startTurn() {
    this.#turn ??= await startTurn();
  }

  /**
   * Starts a call: Bob joins a room, then Ann. Resolves when media flows in both directions, with the milliseconds
   * since Ann began to join. `options` runs in the page and returns options for the call.
   */
  async call(options = () => ({}), ...args) {
    await Promise.all(this.participants.map((participant) => participant.open()));
    const room = freshRoom();
    await this.#join(this.b, room, options, args);
    const start = Date.now();
    await this.#join(this.a, room, options, args);
    return this.mediaBack(start, JOIN_TIMEOUT);
  }

  async #join(participant, room, options, args) {
    const before = { signaling: participant.signaling, room, name: participant.name };
    const makeAndStart = `async (before, ...args) => globalThis.start({ ...before, ...(await (${options})(...args)) })`;
    const { error } = await participant.run(makeAndStart, before, ...args);
    if (error) throw new Error(`${participant.name} could not join: ${error.code}, ${error.message}`);
  }

  /** Milliseconds from `since` until each participant receives audio and video of the other. */
  async mediaBack(since, timeout) {
    const back = (since) => globalThis.meter.mediaSince(since);
    const times = await this.each((participant) => participant.until(timeout, 'audio and video', back, since));
    return Math.max(...times) - since;
  }

  /** The longest time without audio or without video at either participant. */
  async gap(from, to) {
    const gaps = await this.each((participant) => participant.run((from, to) => globalThis.meter.gap(from, to), from, to ?? Date.now()));
    return Math.max(...gaps);
  }

  /** Milliseconds from `since` until both calls are connected to the server again. */
  async signalingBack(since, timeout) {
    const times = await this.each((participant) => participant.until(timeout, 'the connection to the server', signalingBack, since));
    return Math.max(...times) - since;
  }

  /** Fails unless a change of state reaches the other participant through the server. */
  async assertSignalingWorks() {
    await this.#announces(this.a, this.b);
    await this.#announces(this.b, this.a);
  }

  async #announces(one, other) {
    await one.run(() => globalThis.call.toggleTrack('audio', false));
    await other.until(5000, `${one.name}'s muted microphone, announced through the server`, () => globalThis.call.participants.some(({ tracks }) => tracks.microphone.state === 'muted'));
    await one.run(() => globalThis.call.toggleTrack('audio', true));
  }

  /** Resolves when the connections of both are connected. */
  async connected(timeout) {
    const isConnected = () => globalThis.meter.events.findLast(({ what }) => /^(connected|disconnected|failed)$/.test(what))?.what === 'connected';
    await this.each((participant) => participant.until(timeout, 'a connection', isConnected));
  }

  /** Resolves when the connections of both are disconnected, with the milliseconds that it took. */
  async disconnected(since, timeout) {
    const lost = (since) => globalThis.meter.events.find(({ at, what }) => at > since && what === 'disconnected')?.at;
    const times = await this.each((participant) => participant.until(timeout, 'a lost connection', lost, since));
    return times.map((at) => at - since);
  }

  /**
   * Fails unless both are in a call with each other and nobody else. Firefox checks its connection only every 5 s, so it can
   * report `connected` that late.
   */
  async assertTogether() {
    await this.each((participant) => participant.until(8000, 'a call with only the other participant', isTogether));
  }

  each(work) {
    return Promise.all(this.participants.map(work));
  }

  /** The events of both pages in order, to explain a failure. */
  async timeline() {
    const timelines = await Promise.allSettled(this.participants.map((participant) => participant.run(pageEvents)));
    const entries = timelines.flatMap(({ value = [] }, index) => value.map((note) => ({ ...note, who: this.participants[index].name })));
    const start = Math.min(...entries.map(({ at }) => at));
    entries.sort((one, other) => one.at - other.at);
    const lines = entries.map(({ at, who, text }) => `${((at - start) / 1000).toFixed(1).padStart(6)} s  ${who}: ${text}`);
    return [...lines, ...(await this.#counts())];
  }

  /** The totals of both meters. */
  async #counts() {
    const counts = await Promise.allSettled(this.participants.map((participant) => participant.run(() => globalThis.meter.totals)));
    return counts.map(({ value }, index) => `          ${this.participants[index].name}: ${JSON.stringify(value)}`);
  }

  /** Closes the pages and restores network and servers. */
  async reset() {
    await this.network.reset();
    if (!this.#isOrdinary) await this.killServer();
    this.#isOrdinary = true;
    if (!this.#server) await this.startServer();
    const closed = await Promise.allSettled(this.participants.map((participant) => participant.close()));
    const failed = closed.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  }

  async end() {
    await Promise.allSettled(this.participants.map((participant) => participant.end()));
    await Promise.allSettled([this.#server?.stop(), this.#turn?.stop()]);
    await this.network.remove();
  }
}

/** Runs in the page. */
function isTogether() {
  const { state, participants } = globalThis.snapshot();
  return state === 'connected' && participants.length === 1 && participants[0].connection === 'connected';
}

/** Runs in the page: the events of the meter and of the call. */
function pageEvents() {
  const links = globalThis.meter.events.map(({ at, what, link }) => ({ at, text: link === undefined ? what : `link ${link} ${what}` }));
  const call = globalThis.log.map(({ at, type, state, reason, error, participant }) => ({
    at,
    text: [type, state ?? reason ?? error?.code ?? participant?.connection].filter(Boolean).join(' '),
  }));
  return [...links, ...call];
}

/** Runs in the page: the time at which the call was connected again after it had lost the server. */
function signalingBack(since) {
  const states = globalThis.log.filter(({ type }) => type === 'state-changed');
  const last = states.at(-1);
  const wasLost = states.some(({ state }) => state === 'reconnecting');
  return wasLost && last.state === 'connected' ? Math.max(last.at, since) : null;
}
