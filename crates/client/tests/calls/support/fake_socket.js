/** A WebSocket without a network. `onSend` runs inside `send`, before `send` returns. */
export class FakeSocket extends EventTarget {
  readyState = WebSocket.CONNECTING;
  sent = [];
  closes = 0;
  onSend = undefined;

  send(text) {
    this.sent.push(text);
    this.onSend?.(text);
  }

  close(code) {
    this.closes += 1;
    this.loseWith(code);
  }

  open() {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  receive(data) {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  loseWith(code) {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new CloseEvent('close', { code }));
  }
}
