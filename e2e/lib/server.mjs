// The server under test, one process per test file, on a free port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Starts the server; resolves when it listens. */
export function startServer(...args) {
  return startFrom('VIDEOCALLS_SERVER', args);
}

/** Starts the one that misbehaves in rooms whose names say how: docs/faults.md. */
export function startFaultServer(...args) {
  return startFrom('VIDEOCALLS_FAULT_SERVER', ['--faults', ...args]);
}

function startFrom(variable, args) {
  const binary = process.env[variable];
  if (!binary) throw new Error(`set ${variable} to the path of the server binary`);
  const listen = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  return startProgram(binary, [...listen, ...args]);
}

/** Starts any server that says `listening on` and its address when it does; resolves then. */
export async function startProgram(command, args, options = {}) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  child.stderr.on('data', (text) => log.push(text));
  const origin = await listening(child, log);
  return {
    origin,
    /** The WebSocket address of a path, with a slash in front. */
    socket: (path) => origin.replace('http', 'ws') + path,
    /** What the server has logged so far. */
    log: () => log.join(''),
    /** Resolves when it has ended by itself, with its exit code. */
    ended: child.exitCode === null ? once(child, 'exit').then(([code]) => code) : child.exitCode,
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
