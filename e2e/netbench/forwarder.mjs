// Forwards a port of localhost to a server, so that a page reaches it over the simulated network and is still a secure context.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Forwards a free port to `{ host, port }`; returns the number of the port. */
export async function forward(target) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    join(near, far);
    join(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** Forwards one direction, and ends one side when the other ends. */
function join(one, other) {
  one.pipe(other);
  one.on('error', () => other.resetAndDestroy());
  one.on('close', () => other.destroySoon());
}
