// Two calls of this page with each other, over no network, as far as the answer. Browsers compile a
// function when it is first called; whoever joins would wait for all of them, a fifth of the way to
// the first picture. No device is asked for, and as only relays are allowed and there are none, no
// address is gathered.

/** Runs the two, each by `start(options)`, and resolves when they are over. */
export async function rehearse(start) {
  const end = new AbortController();
  const over = new Promise((resolve) => end.signal.addEventListener('abort', resolve));
  setTimeout(() => end.abort(), 1000); // Where the browser lacks something, there is no answer.
  const hear = {};
  const tell = (id, message) => hear[id](JSON.stringify(message));
  const later = (id, message) => setTimeout(tell, 0, id, message);
  const server = {
    join(id, other) {
      const first = !hear[other];
      later(id, { type: 'welcome', id, participants: first ? [] : [{ id: other }] });
      if (!first) later(other, { type: 'joined', id });
    },
    signal(from, other, { description }) {
      const heard = { type: 'signal', from, description };
      if (description?.type !== 'answer') return later(other, heard);
      // Over before anything can come of it: Firefox complains of connections without an address.
      tell(other, heard);
      end.abort();
    },
  };
  for (const [id, other] of ['ab', 'ba']) {
    await start({
      signaling: {
        connect: async () => {},
        onMessage: (listener) => (hear[id] = listener),
        send(text) {
          const message = JSON.parse(text);
          server[message.type]?.(id, other, message);
        },
      },
      room: 'rehearsal',
      constraints: { audio: false, video: false },
      iceTransportPolicy: 'relay',
      errorHandler() {},
      signal: end.signal,
    }).catch(() => {});
  }
  await over;
}
