// What wasm-bindgen writes stands in this function, where `GLUE` is: each call of it is an instance
// of the module with a state of its own.
//
// An exception out of Rust means that it has broken: it panicked, it ran out of stack or memory, or a
// function of the browser threw that should not. Nobody knows what state it has left behind, so
// nothing goes in any more, all that it held is given back, and `died` is told once.
export default function (died) {
  const videocallsHoldings = new Set();
  let dead = false;

  const guard = (exports) => {
    const guarded = {};
    for (const [name, inner] of Object.entries(exports)) {
      guarded[name] = typeof inner === 'function' ? enter.bind(null, inner) : inner;
    }
    return guarded;
  };

  const enter = (inner, ...args) => {
    if (dead) return []; // The glue takes several results apart.
    try {
      return inner(...args);
    } catch (cause) {
      const first = !dead;
      dead = true;
      videocallsHoldings.forEach(giveBack);
      if (first) died(cause);
      throw cause;
    } finally {
      // What was under way further out may have gone on.
      if (dead) videocallsHoldings.forEach(giveBack);
    }
  };

  const giveBack = (held) => {
    videocallsHoldings.delete(held);
    try {
      if (held.then) held.then((stream) => stream.getTracks().forEach((track) => track.stop()), () => {});
      else if (held.stop) held.stop();
      else held.close();
    } catch {
      // A transport of the page's own may throw; the others still have to go.
    }
  };

  GLUE;
}
