// Paths of the files that tests use.

import { fileURLToPath } from 'node:url';

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The folder of the package, as it is published. */
export const PACKAGE = process.env.VIDEOCALLS_PACKAGE ?? root('pkg');
export const BENCH = root('e2e/bench');
export const DOCS = root('docs');
export const LEGACY = root('e2e/legacy');
export const PAGES = root('e2e/pages');
export const PLAIN = root('examples/plain');
/** A Python in which `servers/channels/requirements.txt` is installed. */
export const PYTHON = process.env.VIDEOCALLS_PYTHON ?? root('e2e/.venv/bin/python');
export const SERVERS = root('e2e/servers');

/** Socket.IO's clients for browsers, by the URL prefix at which they are served. */
export const CLIENTS = Object.fromEntries(
  ['1.7', '3.0', '4.7'].map((version) => [`/clients/${version}/`, root(`e2e/node_modules/socket.io-client-${version}/dist`)]),
);
