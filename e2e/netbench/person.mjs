// A person of the bench: a browser in a namespace of its own, driven by an agent in there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inside } from './network.mjs';

const AGENT = fileURLToPath(new URL('agent.mjs', import.meta.url));

export class Person {
  #agent;
  #asked = new Map();
  #number = 0;

  /** Starts a browser of this kind in `place`, with a way to the signaling at `server`. */
  static async start(place, kind, person, server) {
    const self = new Person();
    const [command, args] = inside(place, process.execPath, AGENT);
    // In a group of its own: Ctrl-C is for the bench, which ends everything in its order.
    self.#agent = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
    self.#agent.on('message', (answer) => self.#hear(answer));
    self.#agent.once('exit', () => self.#lose());
    self.name = person.name;
    self.signaling = await self.#ask('launch', kind, person, server);
    return self;
  }

  /** Opens a page with the package and the meter. */
  open() {
    return this.#ask('open');
  }

  /** Runs a function in the page; arguments and result are plain data. */
  run(body, ...args) {
    return this.#ask('run', String(body), args);
  }

  /** Waits until a function in the page gives something true, and returns it. */
  until(timeout, what, body, ...args) {
    return this.#ask('until', timeout, what, String(body), args);
  }

  /** Closes the page; fails if anything went wrong in it but for the network. */
  close() {
    return this.#ask('close');
  }

  async end() {
    if (this.#agent.exitCode !== null || this.#agent.signalCode !== null) return;
    const exit = once(this.#agent, 'exit');
    this.#ask('end').catch(() => {}); // It has no time to answer.
    await exit;
  }

  #ask(deed, ...args) {
    const number = (this.#number += 1);
    return new Promise((resolve, reject) => {
      this.#asked.set(number, { resolve, reject });
      if (this.#agent.connected) this.#agent.send({ number, deed, args });
      else this.#lose();
    });
  }

  #hear({ number, value, error }) {
    const { resolve, reject } = this.#asked.get(number);
    this.#asked.delete(number);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  }

  #lose() {
    for (const { reject } of this.#asked.values()) reject(new Error(`${this.name}'s agent is gone`));
    this.#asked.clear();
  }
}
