// Real reverse proxies in front of the server, with the lines of docs/deploying.md.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The host that the document names. */
export const HOST = 'calls.example.org';
const UPSTREAM = '127.0.0.1:8080';

const document = await readFile(new URL('../../docs/deploying.md', import.meta.url), 'utf8');

/** The lines of the document below a mark. */
function lines(mark) {
  const marked = `<!-- ${mark} -->\n\`\`\``;
  const start = document.indexOf(marked);
  if (start < 0) throw new Error(`docs/deploying.md has no ${marked}`);
  const [, code] = document.slice(start).split('```', 2);
  return code.slice(code.indexOf('\n') + 1);
}

const PROXIES = {
  nginx: {
    program: process.env.VIDEOCALLS_NGINX ?? '/usr/sbin/nginx',
    arguments: (file, folder) => ['-p', folder, '-c', file],
    ready: /event method/,
    config: (port, base, folder) => `
      daemon off; master_process off; pid ${folder}/pid; error_log stderr notice;
      events {}
      http {
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
        ${lines('nginx http')}
        server { listen 127.0.0.1:${port}; ${lines(`nginx server ${base}`.trim())} }
      }`,
  },
  caddy: {
    program: process.env.VIDEOCALLS_CADDY ?? '/usr/bin/caddy',
    arguments: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
    ready: /serving initial configuration/,
    config: (port, base) =>
      `{\nadmin off\nauto_https off\n}\n${lines(`caddy ${base}`.trim()).replace(HOST, `http://${HOST}:${port}`)}`,
  },
};

/** The names of the proxies. */
export const NAMES = Object.keys(PROXIES);

/** Starts a proxy in front of a server; resolves when it listens. */
export async function startProxy(name, server, base) {
  const proxy = PROXIES[name];
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'videocalls-proxy-'));
  const file = join(folder, 'config');
  const config = proxy.config(port, base, folder).replace(UPSTREAM, new URL(server.origin).host);
  await writeFile(file, config);
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(proxy.program, proxy.arguments(file, folder), { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await started(child, proxy.ready);
  return {
    port,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      await rm(folder, { recursive: true });
    },
  };
}

function started(child, ready) {
  return new Promise((resolve, reject) => {
    const log = [];
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the proxy ended with ${code}: ${log.join('\n')}`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      if (ready.test(line)) resolve();
    });
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
