// The server under test, one process per test file, on a free port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Starts the server; resolves when it listens. */
export async function startServer(...args) {
  const binary = process.env.VIDEOCALLS_SERVER;
  if (!binary) throw new Error('set VIDEOCALLS_SERVER to the path of the server binary');
  const child = spawn(binary, ['--listen', '127.0.0.1:0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  child.stderr.on('data', (text) => log.push(text));
  const origin = await listening(child, log);
  return {
    origin,
    /** The WebSocket address of a path, with a slash in front. */
    socket: (path) => origin.replace('http', 'ws') + path,
    /** What the server has logged so far. */
    log: () => log.join(''),
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
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /listening on (http:\/\/\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
  });
}
