/**
 * A transport of the page's own, in the shape of the WebSocket that the call expects
 * (https://websockets.spec.whatwg.org/#the-websocket-interface).
 */
class TransportSocket extends EventTarget {
  #transport;
  readyState = WebSocket.CONNECTING;

  constructor(transport) {
    super();
    this.#transport = transport;
    transport.onMessage((data) => {
      if (this.readyState === WebSocket.OPEN) this.#say(new MessageEvent('message', { data }));
    });
    const closed = (code = 1006) => this.#closed(code);
    Promise.resolve(closed)
      .then((closed) => transport.connect(closed))
      .then(() => this.#opened(), () => closed());
  }

  send(text) {
    this.#transport.send(text);
  }

  close(code) {
    if (this.readyState === WebSocket.CLOSED) return;
    this.#closed(code);
    this.#transport.close?.();
  }

  #opened() {
    if (this.readyState !== WebSocket.CONNECTING) return;
    this.readyState = WebSocket.OPEN;
    this.#say(new Event('open'));
  }

  #closed(code) {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    this.#say(new CloseEvent('close', { code }));
  }

  #say(event) {
    this.dispatchEvent(event);
  }
}

/** Whether a page brings its own transport. */
export function isTransport(signaling) {
  return typeof signaling?.connect === 'function';
}

/** What opens the socket of a call over a transport. */
export function opener(transport) {
  return () => new TransportSocket(transport);
}
