// The servers, in a namespace of their own: videocalls-server for signaling, coturn as TURN server.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listening } from '../lib/coturn.mjs';
import { startProgram } from '../lib/server.mjs';
import { inside, PORTS } from './network.mjs';

const HOST = PORTS.s0.address;
const TURN_PORT = 3478;

/** Where the signaling server listens. */
export const SIGNALING = { host: HOST, port: 8080 };
/** The secret from which coturn's credentials are derived. */
export const TURN_SECRET = 'netbench';
export const TURN_URLS = [`turn:${HOST}:${TURN_PORT}`, `turn:${HOST}:${TURN_PORT}?transport=tcp`];

/** Starts the signaling server, with further options; resolves when it listens. */
export function startSignaling(...options) {
  const binary = process.env.VIDEOCALLS_SERVER;
  if (!binary) throw new Error('set VIDEOCALLS_SERVER to the path of the server binary');
  const [command, args] = inside('s', binary, '--listen', `${SIGNALING.host}:${SIGNALING.port}`, ...options);
  return startProgram(command, args, { detached: true });
}

/** Starts coturn with credentials that expire; resolves when it listens. */
export async function startTurn() {
  const folder = await mkdtemp(join(tmpdir(), 'videocalls-turn-'));
  const options = ['-n', '--no-cli', '--no-tls', '--no-dtls', '--fingerprint', '--realm=netbench'];
  // Without --verbose it does not print when it listens.
  const files = ['--log-file=stdout', '--simple-log', '--verbose', `--pidfile=${folder}/pid`, `--userdb=${folder}/db`];
  const addresses = [`--listening-ip=${HOST}`, `--relay-ip=${HOST}`, `--listening-port=${TURN_PORT}`];
  const secret = ['--use-auth-secret', `--static-auth-secret=${TURN_SECRET}`];
  const [command, args] = inside('s', process.env.TURNSERVER ?? 'turnserver', ...options, ...files, ...addresses, ...secret);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  await listening(child);
  return {
    async stop() {
      await rm(folder, { recursive: true });
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
