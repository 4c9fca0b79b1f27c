// A participant: a browser in a namespace of its own, controlled through an agent there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inside } from './network.mjs';

const AGENT = fileURLToPath(new URL('agent.mjs', import.meta.url));

export class Participant {
  #agent;
  #pending = new Map();
  #number = 0;

  /** Starts a browser of this kind in a namespace, with a port that leads to the signaling at `server`. */
  static async start(namespace, kind, person, server) {
    const self = new Participant();
    const [command, args] = inside(namespace, process.execPath, AGENT);
    // In a process group of its own, so that Ctrl-C reaches only the benchmark, which then ends everything in order.
    self.#agent = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
    self.#agent.on('message', (reply) => self.#handleReply(reply));
    self.#agent.once('exit', () => self.#rejectAll());
    self.name = person.name;
    self.signaling = await self.#request('launch', kind, person, server);
    return self;
  }

  /** Opens a page with the package and the meter. */
  open() {
    return this.#request('open');
  }

  /** Runs a function in the page; arguments and result are plain data. */
  run(body, ...args) {
    return this.#request('run', String(body), args);
  }

  /** Waits until a function in the page returns something true, and returns that. */
  until(timeout, what, body, ...args) {
    return this.#request('until', timeout, what, String(body), args);
  }

  /** Closes the page; fails if it had errors that the network did not cause. */
  close() {
    return this.#request('close');
  }

  async end() {
    if (this.#agent.exitCode !== null || this.#agent.signalCode !== null) return;
    const exit = once(this.#agent, 'exit');
    this.#request('end').catch(() => {}); // The agent exits before it can reply.
    await exit;
  }

  #request(action, ...args) {
    const number = (this.#number += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      if (this.#agent.connected) this.#agent.send({ number, action, args });
      else this.#rejectAll();
    });
  }

  #handleReply({ number, value, error }) {
    const { resolve, reject } = this.#pending.get(number);
    this.#pending.delete(number);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  }

  #rejectAll() {
    for (const { reject } of this.#pending.values()) reject(new Error(`${this.name}'s agent has ended`));
    this.#pending.clear();
  }
}
