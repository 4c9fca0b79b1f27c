// A real TURN server (coturn) for tests on this machine, with one user.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** An address of this machine that is not the loopback: browsers use no TURN server there. */
export function ownAddress() {
  const addresses = Object.values(networkInterfaces()).flat();
  const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!own) throw new Error('this test needs a network interface with an IPv4 address');
  return own.address;
}

/** Starts coturn at a free port of that address; `options` are more of its command line. */
export async function startCoturn(options = []) {
  const host = ownAddress();
  const folder = await mkdtemp(join(tmpdir(), 'coturn-'));
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const fixed = [
    '-n',
    '--no-cli',
    '--no-tls',
    '--no-dtls',
    '--fingerprint',
    '--realm=test',
    '--lt-cred-mech',
    '--user=ann:right',
  ];
  const files = ['--log-file=stdout', '--simple-log', '--verbose', `--pidfile=${folder}/pid`, `--userdb=${folder}/db`];
  const addresses = [`--listening-ip=${host}`, `--relay-ip=${host}`, `--listening-port=${port}`];
  const child = spawn(process.env.TURNSERVER ?? 'turnserver', [...fixed, ...files, ...addresses, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await listening(child);
  return {
    host,
    port,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      await rm(folder, { recursive: true });
    },
  };
}

/** Waits until coturn listens, by what it prints with `--verbose`: it opens its listeners one after the other, the TCP ones last. */
export function listening(child) {
  return new Promise((resolve, reject) => {
    const log = [];
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`coturn ended with ${code}:\n${log.join('\n')}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line);
      if (/TCP listener opened/.test(line)) resolve();
    });
    child.stderr.resume();
  });
}
