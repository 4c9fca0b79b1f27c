// Where the parts of a test are.

import { fileURLToPath } from 'node:url';

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The package as it is published. */
export const PACKAGE = process.env.VIDEOCALLS_PACKAGE ?? root('pkg');
export const BENCH = root('e2e/bench');
export const PAGES = root('e2e/pages');
export const PLAIN = root('examples/plain');
