// A web site on another origin than the server: static files under a strict Content-Security-Policy.

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Allows only what a page needs to use the package. */
export const STRICT_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' blob: mediastream:",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Serves `folders`, a record of URL prefix (`/x/`) to folder, on a free port. `maxAge` is in seconds. */
export async function startSite(folders, { policy = STRICT_POLICY, maxAge = 0 } = {}) {
  const server = createServer((request, response) => {
    serve(folders, request, response, { policy, maxAge }).catch(() => response.writeHead(404, { 'content-type': 'text/plain' }).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    port: server.address().port,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function serve(folders, request, response, { policy, maxAge }) {
  const { pathname } = new URL(request.url, 'http://site');
  if (pathname === '/favicon.ico') return void response.writeHead(204).end();
  const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
  const prefix = Object.keys(folders)
    .sort((a, b) => b.length - a.length)
    .find((candidate) => path.startsWith(candidate));
  const file = join(folders[prefix], normalize(`/${decodeURIComponent(path.slice(prefix.length))}`));
  const { size } = await stat(file);
  response.writeHead(200, {
    'cache-control': maxAge ? `max-age=${maxAge}` : 'no-cache',
    'content-length': size,
    'content-security-policy': policy,
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'x-content-type-options': 'nosniff',
  });
  createReadStream(file).pipe(response);
}
