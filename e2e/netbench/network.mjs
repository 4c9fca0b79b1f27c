// The simulated network: a namespace for each of the two participants and one for the servers, connected by
// `videocalls-netsim`. Delay, loss and blackouts of each port can change at any time.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PREFIX = 'videocalls-';

/** The ports of each namespace. The first one is in use; Ann has a second one to switch to. */
export const PORTS = {
  a0: { namespace: 'a', device: 'eth0', address: '10.77.1.1' },
  a1: { namespace: 'a', device: 'eth1', address: '10.77.2.1' },
  b0: { namespace: 'b', device: 'eth0', address: '10.77.3.1' },
  s0: { namespace: 's', device: 'eth0', address: '10.77.4.1' },
};
const NAMESPACES = ['a', 'b', 's'];
/** The ports in use at the beginning of a case. */
const FIRST = ['a0', 'b0', 's0'];
/** Both participants are 12.5 ms from the middle, so the round trip between them is 50 ms. */
const DEFAULT = { delay: 12.5 };
const PARTICIPANT_PORTS = ['a0', 'a1', 'b0'];

/** The command and arguments that run a command in a namespace. */
export function inside(namespace, ...command) {
  return ['ip', ['netns', 'exec', PREFIX + namespace, ...command]];
}

export class Network {
  #netsim;
  #replies;
  #lastCommand = Promise.resolve();

  async build() {
    await removeNamespaces();
    for (const namespace of NAMESPACES) await ip('netns', 'add', PREFIX + namespace);
    for (const namespace of NAMESPACES) await at(namespace, 'link', 'set', 'lo', 'up');
    await this.#start();
    for (const port of Object.keys(PORTS)) await address(port);
    await this.reset();
  }

  async #start() {
    const binary = process.env.VIDEOCALLS_NETSIM;
    if (!binary) throw new Error('set VIDEOCALLS_NETSIM to the path of videocalls-netsim');
    const ports = Object.entries(PORTS).map(([name, { namespace, device, address }]) => `${name}=${PREFIX}${namespace}/${device}/${address}`);
    // In a process group of its own, so that Ctrl-C reaches only this program, which still needs it then.
    this.#netsim = spawn(binary, ports, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    this.#netsim.stdin.on('error', () => {}); // The next reply reports it.
    this.#replies = createInterface({ input: this.#netsim.stdout })[Symbol.asyncIterator]();
    await this.#expect('ready');
  }

  /** Sets the lines of a port; resolves when they are in effect. */
  set(port, lines) {
    const command = async () => {
      this.#netsim.stdin.write(`${JSON.stringify({ port, ...lines })}\n`);
      await this.#expect('ok');
    };
    this.#lastCommand = this.#lastCommand.then(command);
    return this.#lastCommand;
  }

  async #expect(reply) {
    const { value = 'it has ended' } = await this.#replies.next();
    if (value !== reply) throw new Error(`videocalls-netsim: ${value}`);
  }

  /** Sets both directions of a port to the same settings, on top of the default delay. */
  both(port, settings) {
    const line = { ...DEFAULT, ...settings };
    return this.set(port, { up: line, down: line });
  }

  /** Drops everything; resolves with the time at which that begins. */
  async cut(port) {
    await this.both(port, { blackout: true });
    return Date.now();
  }

  /** Restores the default settings; resolves with the time at which they begin. */
  async restore(port) {
    await this.both(port, {});
    return Date.now();
  }

  /** Puts a participant behind a NAT, `port-restricted` or `symmetric`, with a public address of its own; by default, none. */
  nat(port, kind = null) {
    return this.set(port, { nat: { kind, address: PORTS[port].address.replace('10.', '11.') } });
  }

  /** Restores the state at the beginning of a case. */
  async reset() {
    for (const port of PARTICIPANT_PORTS) await this.nat(port);
    for (const port of PARTICIPANT_PORTS) await this.restore(port);
    await this.set('s0', { up: {}, down: {} });
    for (const port of FIRST) await this.up(port);
    await this.down('a1');
  }

  /** Brings a device up and makes it the default route. */
  async up(port) {
    const { namespace, device } = PORTS[port];
    await at(namespace, 'link', 'set', device, 'up');
    await at(namespace, 'route', 'replace', 'default', 'dev', device);
  }

  /** Takes a device down. It keeps its address, so that its connections get no error. */
  async down(port) {
    const { namespace, device } = PORTS[port];
    await at(namespace, 'link', 'set', device, 'down');
  }

  /** Ends all processes in the namespaces and removes them. */
  async remove() {
    this.#netsim?.stdin.end();
    if (this.#netsim?.exitCode === null) await once(this.#netsim, 'exit');
    await removeNamespaces();
  }
}

function ip(...args) {
  return run('ip', args);
}

function at(namespace, ...args) {
  return ip('-n', PREFIX + namespace, ...args);
}

async function address(port) {
  const { namespace, device, address } = PORTS[port];
  await at(namespace, 'address', 'add', `${address}/24`, 'dev', device);
}

/** Removes the namespaces of this run, or of an earlier one that was killed. */
async function removeNamespaces() {
  const { stdout } = await ip('netns', 'list');
  const names = stdout.split('\n').map((line) => line.split(' ')[0]);
  for (const namespace of NAMESPACES.filter((namespace) => names.includes(PREFIX + namespace))) {
    await killInside(namespace);
    await ip('netns', 'delete', PREFIX + namespace);
  }
}

async function killInside(namespace) {
  const { stdout } = await ip('netns', 'pids', PREFIX + namespace);
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // The process has ended in the meantime.
    }
  }
}
