// Gaps in received media: reads the received bytes of audio and video every 50 ms.

/** Starts to watch what these pages receive. `longest(ms)` watches for `ms` more and returns the longest gap in milliseconds. */
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
  let [bytes, grownAt, longest] = [-1, performance.now(), 0];
  const sample = async () => {
    let sum = 0;
    for (const connection of globalThis.__e2e.connections()) {
      for (const entry of (await connection.getStats()).values()) {
        if (entry.type === 'inbound-rtp') sum += entry.bytesReceived ?? 0;
      }
    }
    const now = performance.now();
    longest = Math.max(longest, now - grownAt);
    if (sum !== bytes) [bytes, grownAt] = [sum, now];
  };
  const timer = setInterval(sample, 50);
  globalThis.endWatch = () => {
    clearInterval(timer);
    return longest;
  };
}
