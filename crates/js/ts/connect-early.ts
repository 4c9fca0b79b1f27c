const KINDS = ['open', 'message', 'close'] as const;

/** A socket that connects while the WebAssembly is still loading. */
export interface EarlySocket {
  /** Returns the socket to a caller that adds its listeners at once; from the second time on, a new one. */
  take(url: string): WebSocket;
  close(): void;
}

/** Connects to the address of the call; events that arrive early are delivered after `take`. */
export function connectEarly(url: string): EarlySocket | undefined {
  const socket = open(url);
  if (!socket) return undefined;
  const early: Event[] = [];
  const keep = (event: Event) => void early.push(event);
  for (const kind of KINDS) socket.addEventListener(kind, keep);
  let taken = false;
  return {
    take(url) {
      if (taken) return new WebSocket(url);
      taken = true;
      for (const kind of KINDS) socket.removeEventListener(kind, keep);
      queueMicrotask(() => early.forEach((event) => socket.dispatchEvent(copyOf(event))));
      return socket;
    },
    close: () => socket.close(),
  };
}

function open(url: string): WebSocket | undefined {
  try {
    const address = new URL(url, location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    address.hash = '';
    return new WebSocket(address);
  } catch {
    return undefined; // The call itself reports what is wrong with the address.
  }
}

/** An event that was dispatched can't be dispatched again. */
function copyOf(event: Event): Event {
  const { constructor } = event as unknown as { constructor: new (type: string, init: Event) => Event };
  return new constructor(event.type, event);
}
