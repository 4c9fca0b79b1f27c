/**
 * A socket that connects while the WebAssembly is still being loaded or compiled, and keeps for it
 * what comes too early.
 */
export function dial(url) {
  let socket;
  try {
    const address = new URL(url, location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    address.hash = '';
    socket = new WebSocket(address);
  } catch {
    return undefined; // The call itself will say what is wrong with the address.
  }
  const early = [];
  const keep = (event) => early.push(event);
  const kinds = ['open', 'message', 'close'];
  for (const kind of kinds) socket.addEventListener(kind, keep);
  let taken = false;
  return {
    /** Gives the socket to one who adds listeners at once; to one who comes again, a new one. */
    take(url) {
      if (taken) return new WebSocket(url);
      taken = true;
      for (const kind of kinds) socket.removeEventListener(kind, keep);
      queueMicrotask(() => {
        for (const event of early) socket.dispatchEvent(new event.constructor(event.type, event));
      });
      return socket;
    },
    hangUp: () => socket.close(),
  };
}
