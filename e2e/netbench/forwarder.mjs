// A way for a page to reach a server over the simulated network and still be a secure context: a
// port of localhost that leads there.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Forwards a free port to `{ host, port }`; gives the number of the port. */
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

/** What one end sends, the other gets; and when one is gone, so is the other. */
function join(one, other) {
  one.pipe(other);
  one.on('error', () => other.resetAndDestroy());
  one.on('close', () => other.destroySoon());
}
