// Shared by the independent servers that run on Node.

import { once } from 'node:events';
import express from 'express';
import { CLIENTS, LEGACY } from '../lib/paths.mjs';

/** An Express app that serves the independent pages. */
export function pages() {
  const app = express();
  app.get('/favicon.ico', (_, response) => response.status(204).end());
  for (const [address, folder] of Object.entries({ '/': LEGACY, ...CLIENTS })) app.use(address, express.static(folder));
  return app;
}

/** Listens on a free port and prints the address. */
export async function listen(http) {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
}
