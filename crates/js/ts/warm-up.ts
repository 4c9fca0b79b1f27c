import type { VideoCallOptions } from './options.js';
import type { Transport } from './transport.js';

/** If the browser lacks something, no answer comes. */
const TIMEOUT_MS = 1000;

/**
 * Runs two calls of this page with each other, without a network, up to the answer. Browsers compile a function when
 * it is first called, which otherwise delays the first real call. No device is opened, and as only
 * relayed candidates are allowed and there is no relay, no address is gathered.
 */
export async function warmUp(start: (options: VideoCallOptions) => Promise<unknown>): Promise<void> {
  const end = new AbortController();
  const ended = new Promise((resolve) => end.signal.addEventListener('abort', resolve));
  setTimeout(() => end.abort(), TIMEOUT_MS);
  const server = new WarmUpServer(() => end.abort());
  for (const [id, other] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const options: VideoCallOptions = {
      signaling: server.transport(id, other),
      room: 'warm-up',
      constraints: { audio: false, video: false },
      iceTransportPolicy: 'relay',
      errorHandler() {},
      signal: end.signal,
    };
    await start(options).catch(() => {});
  }
  await ended;
}

interface Message {
  type: string;
  description?: { type: string };
}

/** A room for two, of the dialect `rooms`. */
class WarmUpServer {
  #receivers = new Map<string, (text: string) => void>();
  #answered: () => void;

  constructor(answered: () => void) {
    this.#answered = answered;
  }

  transport(id: string, other: string): Transport {
    return {
      connect: async () => {},
      onMessage: (receive) => this.#receivers.set(id, receive),
      send: (text) => this.#receive(id, other, JSON.parse(text) as Message),
    };
  }

  #receive(id: string, other: string, { type, description }: Message): void {
    if (type === 'join') {
      const isFirst = !this.#receivers.has(other);
      this.#send(id, { type: 'welcome', id, participants: isFirst ? [] : [{ id: other }] });
      if (!isFirst) this.#send(other, { type: 'joined', id });
    } else if (type === 'signal' && description) {
      const signal = { type: 'signal', from: id, description };
      if (description.type !== 'answer') return this.#send(other, signal);
      this.#deliver(other, signal);
      // Before a path is searched for: Firefox warns of connections without candidates.
      queueMicrotask(this.#answered);
    }
  }

  #send(id: string, message: object): void {
    setTimeout(() => this.#deliver(id, message));
  }

  #deliver(id: string, message: object): void {
    this.#receivers.get(id)?.(JSON.stringify(message));
  }
}
