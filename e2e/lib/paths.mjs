// Where the parts of a test are.

import { fileURLToPath } from 'node:url';

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The package as it is published. */
export const PACKAGE = process.env.VIDEOCALLS_PACKAGE ?? root('pkg');
export const BENCH = root('e2e/bench');
export const DOCS = root('docs');
export const LEGACY = root('e2e/legacy');
export const PAGES = root('e2e/pages');
export const PLAIN = root('examples/plain');
/** A Python with what `servers/channels/requirements.txt` holds. */
export const PYTHON = process.env.VIDEOCALLS_PYTHON ?? root('e2e/.venv/bin/python');
export const SERVERS = root('e2e/servers');

/** Browser builds of Socket.IO's clients, by the address at which they are served. */
export const CLIENTS = Object.fromEntries(
  ['1.7', '3.0', '4.7'].map((version) => [`/clients/${version}/`, root(`e2e/node_modules/socket.io-client-${version}/dist`)]),
);
