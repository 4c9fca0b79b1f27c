import type { Dialect } from './options.js';

/** A transport of your own for the text messages of a dialect, in place of a WebSocket. */
export interface Transport {
  /** Default `rooms`; `relay` needs no server logic, only a broadcast. */
  dialect?: Dialect;
  token?: string;
  /**
   * Connects. Messages may be sent once the promise is fulfilled. Call `closed` when the connection is lost,
   * with a close code of RFC 6455 if there is one.
   */
  connect(closed: (code?: number) => void): void | Promise<void>;
  /** Sends a message. */
  send(text: string): void;
  /** Called once before `connect`. Call `receive` with each message that arrives. */
  onMessage(receive: (text: string) => void): void;
  /** Disconnects after everything sent has gone out. */
  close?(): void;
}

/** Whether a page passes its own transport. */
export function isTransport(signaling: unknown): signaling is Transport {
  return typeof (signaling as Partial<Transport> | null | undefined)?.connect === 'function';
}

/** The methods that a transport lacks. */
export function missingMethods(transport: Transport): string[] {
  return (['send', 'onMessage'] as const).filter((method) => typeof transport[method] !== 'function');
}

/** Opens a transport as the WebSocket that the call expects. */
export function openTransport(transport: Transport): WebSocket {
  return new TransportSocket(transport) as unknown as WebSocket;
}

/**
 * A transport with the interface of a WebSocket (https://websockets.spec.whatwg.org/#the-websocket-interface). Like
 * a WebSocket, it never fires an event during a call of `send` or `close`, even if the transport calls back at once.
 */
class TransportSocket extends EventTarget {
  #transport: Transport;
  readyState: number = WebSocket.CONNECTING;

  constructor(transport: Transport) {
    super();
    this.#transport = transport;
    transport.onMessage((data) => this.#received(data));
    const closed = (code = 1006) => this.#closed(code);
    Promise.resolve()
      .then(() => transport.connect(closed))
      .then(
        () => this.#opened(),
        () => closed(),
      );
  }

  send(text: string): void {
    this.#transport.send(text);
  }

  close(code?: number): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.#closed(code);
    this.#transport.close?.();
  }

  #received(data: string): void {
    if (this.readyState === WebSocket.OPEN) this.#fire(() => new MessageEvent('message', { data }));
  }

  #opened(): void {
    if (this.readyState !== WebSocket.CONNECTING) return;
    this.readyState = WebSocket.OPEN;
    this.#fire(() => new Event('open'));
  }

  #closed(code?: number): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    this.#fire(() => new CloseEvent('close', code === undefined ? {} : { code }));
  }

  #fire(event: () => Event): void {
    queueMicrotask(() => this.dispatchEvent(event()));
  }
}
