// The network: a namespace for each of the two people and one for the servers, joined by
// `videocalls-netsim`. Each port can be slowed, shut and opened while it runs.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PREFIX = 'videocalls-';

/** The first port of each namespace is the one in use; Ann has a second one to move to. */
export const PORTS = {
  a0: { place: 'a', device: 'eth0', address: '10.77.1.1' },
  a1: { place: 'a', device: 'eth1', address: '10.77.2.1' },
  b0: { place: 'b', device: 'eth0', address: '10.77.3.1' },
  s0: { place: 's', device: 'eth0', address: '10.77.4.1' },
};
const PLACES = ['a', 'b', 's'];
/** In use from the beginning. */
const FIRST = ['a0', 'b0', 's0'];
/** Both people are 12.5 ms from the middle, so that they are 50 ms from each other, there and back. */
const USUAL = { delay: 12.5 };
const HOME = ['a0', 'a1', 'b0'];

/** A command and its arguments, to be run in a namespace. */
export function inside(place, ...command) {
  return ['ip', ['netns', 'exec', PREFIX + place, ...command]];
}

export class Network {
  #netsim;
  #answers;
  #turn = Promise.resolve();

  async build() {
    await removeNamespaces();
    for (const place of PLACES) await ip('netns', 'add', PREFIX + place);
    for (const place of PLACES) await at(place, 'link', 'set', 'lo', 'up');
    await this.#start();
    for (const port of Object.keys(PORTS)) await address(port);
    await this.calm();
  }

  async #start() {
    const binary = process.env.VIDEOCALLS_NETSIM;
    if (!binary) throw new Error('set VIDEOCALLS_NETSIM to the path of videocalls-netsim');
    const plugs = Object.entries(PORTS).map(([name, { place, device, address }]) => `${name}=${PREFIX}${place}/${device}/${address}`);
    // In a group of its own: Ctrl-C is for this program, which still needs it then.
    this.#netsim = spawn(binary, plugs, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    this.#netsim.stdin.on('error', () => {}); // The next answer says it.
    this.#answers = createInterface({ input: this.#netsim.stdout })[Symbol.asyncIterator]();
    await this.#expect('ready');
  }

  /** Sets the lines of a port; resolves when it has happened. */
  set(port, lines) {
    const command = async () => {
      this.#netsim.stdin.write(`${JSON.stringify({ port, ...lines })}\n`);
      await this.#expect('ok');
    };
    this.#turn = this.#turn.then(command);
    return this.#turn;
  }

  async #expect(answer) {
    const { value = 'it has ended' } = await this.#answers.next();
    if (value !== answer) throw new Error(`videocalls-netsim: ${value}`);
  }

  /** Sets the lines of both of a person's directions alike, on top of the usual delay. */
  both(port, settings) {
    const line = { ...USUAL, ...settings };
    return this.set(port, { up: line, down: line });
  }

  /** Nothing comes or goes; resolves with the time at which that began. */
  async cut(port) {
    await this.both(port, { blackout: true });
    return Date.now();
  }

  /** As at the beginning; resolves with the time at which that began. */
  async restore(port) {
    await this.both(port, {});
    return Date.now();
  }

  /** The state at the beginning of a case. */
  async calm() {
    for (const port of HOME) await this.restore(port);
    await this.set('s0', { up: {}, down: {} });
    for (const port of FIRST) await this.plug(port);
    await this.unplug('a1');
  }

  /** Brings a device up, and makes it the way to everywhere. */
  async plug(port) {
    const { place, device } = PORTS[port];
    await at(place, 'link', 'set', device, 'up');
    await at(place, 'route', 'replace', 'default', 'dev', device);
  }

  /** Takes a device down. Its address stays, so that connections from it are not told. */
  async unplug(port) {
    const { place, device } = PORTS[port];
    await at(place, 'link', 'set', device, 'down');
  }

  /** Ends what runs in the namespaces, and removes them. */
  async remove() {
    this.#netsim?.stdin.end();
    if (this.#netsim?.exitCode === null) await once(this.#netsim, 'exit');
    await removeNamespaces();
  }
}

function ip(...args) {
  return run('ip', args);
}

function at(place, ...args) {
  return ip('-n', PREFIX + place, ...args);
}

async function address(port) {
  const { place, device, address } = PORTS[port];
  await at(place, 'address', 'add', `${address}/24`, 'dev', device);
}

/** Those of this run, or of an earlier one that was killed. */
async function removeNamespaces() {
  const { stdout } = await ip('netns', 'list');
  const names = stdout.split('\n').map((line) => line.split(' ')[0]);
  for (const place of PLACES.filter((place) => names.includes(PREFIX + place))) {
    await killInside(place);
    await ip('netns', 'delete', PREFIX + place);
  }
}

async function killInside(place) {
  const { stdout } = await ip('netns', 'pids', PREFIX + place);
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}
