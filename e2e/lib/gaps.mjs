// How long nothing came in: the received bytes of sound and picture, read every 50 ms.

/** Begins to watch what these pages receive. `longest(ms)` watches on for a while, and gives the longest gap. */
export async function gaps(...pages) {
  await Promise.all(pages.map((page) => page.run(watch)));
  return {
    async longest(milliseconds) {
      const found = await Promise.all(
        pages.map((page) =>
          page.run(async (milliseconds) => {
            await new Promise((resolve) => setTimeout(resolve, milliseconds));
            return globalThis.endWatch();
          }, milliseconds),
        ),
      );
      return Math.max(...found);
    },
  };
}

function watch() {
  let [bytes, moved, longest] = [-1, performance.now(), 0];
  const look = async () => {
    let sum = 0;
    for (const connection of globalThis.__e2e.connections()) {
      for (const entry of (await connection.getStats()).values()) {
        if (entry.type === 'inbound-rtp') sum += entry.bytesReceived ?? 0;
      }
    }
    const now = performance.now();
    longest = Math.max(longest, now - moved);
    if (sum !== bytes) [bytes, moved] = [sum, now];
  };
  const timer = setInterval(look, 50);
  globalThis.endWatch = () => {
    clearInterval(timer);
    return longest;
  };
}
