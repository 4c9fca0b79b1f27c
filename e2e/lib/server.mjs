// The server under test, one process per test file, on a free port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Starts the signaling server; resolves when it listens. */
export function startServer(...args) {
  return startFrom('VIDEOCALLS_SERVER', args);
}

/** Starts the proxy that injects faults into rooms by their names (docs/faults.md). */
export function startFaultProxy(...args) {
  return startFrom('VIDEOCALLS_FAULT_PROXY', args);
}

function startFrom(variable, args) {
  const binary = process.env[variable];
  if (!binary) throw new Error(`set ${variable} to the path of the server binary`);
  const listen = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  return startProgram(binary, [...listen, ...args]);
}

/** Starts a server that prints `listening on` and its address; resolves when it does. */
export async function startProgram(command, args, options = {}) {
  // No test depends on the public STUN server.
  const env = { VIDEOCALLS_STUN: 'none', ...(options.env ?? process.env) };
  const child = spawn(command, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  child.stderr.on('data', (text) => log.push(text));
  const origin = await listening(child, log);
  return {
    origin,
    /** The WebSocket address of a path, with a slash in front. */
    socket: (path) => origin.replace('http', 'ws') + path,
    /** What the server has logged so far. */
    log: () => log.join(''),
    /** Resolves with the exit code when the server has ended by itself. */
    ended: child.exitCode === null ? once(child, 'exit').then(([code]) => code) : child.exitCode,
    pid: child.pid,
    signal: (signal) => child.kill(signal),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}

function listening(child, log) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${log.join('')}`)));
    const read = (line) => {
      const found = /listening on \D*([\d.]+:\d+)/i.exec(line);
      if (found) resolve(`http://${found[1]}`);
    };
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', read);
  });
}
