// Sends a file between browsers, of 200 MB or of the number given, and prints how long it takes and how much the pages' heaps grow.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const megabytes = Number(process.argv[2] ?? 200);
const test = fileURLToPath(new URL('../tests/files.test.mjs', import.meta.url));
const args = ['--test', '--test-reporter=spec', '--test-name-pattern=does not fill the heap', test];
const child = spawn(process.execPath, args, {
  stdio: 'inherit',
  env: { ...process.env, VIDEOCALLS_FILE_MB: String(megabytes) },
});
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
