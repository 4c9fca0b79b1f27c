// A factory around the code that wasm-bindgen generates, which replaces `GLUE` below. Each call of the
// factory makes an instance of the module with state of its own, so that a page can start a new
// instance after one has failed.
//
// An exception that leaves Rust is fatal for the instance: it panicked, ran out of stack or memory, or
// an imported function threw unexpectedly. Its state is unknown then. So no further call enters it,
// all that it holds in the browser is released, and `onFailure` is called once.
export default function (onFailure) {
  // The client registers here each track, socket and connection that it opens.
  const videocallsHoldings = new Set();
  let failed = false;

  const guard = (exports) => {
    const guarded = {};
    for (const [name, inner] of Object.entries(exports)) {
      guarded[name] = typeof inner === 'function' ? enter.bind(null, inner) : inner;
    }
    return guarded;
  };

  const enter = (inner, ...args) => {
    if (failed) return []; // The glue destructures several results.
    try {
      return inner(...args);
    } catch (cause) {
      const first = !failed;
      failed = true;
      videocallsHoldings.forEach(release);
      if (first) onFailure(cause);
      throw cause;
    } finally {
      // Outer calls that were still running may have registered more.
      if (failed) videocallsHoldings.forEach(release);
    }
  };

  const release = (held) => {
    videocallsHoldings.delete(held);
    try {
      if (held.then) held.then((stream) => stream.getTracks().forEach((track) => track.stop()), () => {});
      else if (held.stop) held.stop();
      else held.close();
    } catch {
      // A page's own transport may throw; the rest must be released all the same.
    }
  };

  // In place of the generated loader, which accepts several deprecated forms of input.
  const load = async (source) => {
    const isAddress = typeof source === 'string' || source instanceof URL || source instanceof Request;
    const { instance, module } = await instantiate(await (isAddress ? fetch(source) : source), __wbg_get_imports());
    __wbg_finalize_init(instance, module);
  };

  const instantiate = async (source, imports) => {
    if (source instanceof WebAssembly.Module) {
      return { instance: await WebAssembly.instantiate(source, imports), module: source };
    }
    if (!(source instanceof Response)) return WebAssembly.instantiate(source, imports);
    if (!source.ok) throw new Error(`${source.status} ${source.statusText} fetching '${source.url}'`);
    if (source.headers.get('content-type') === 'application/wasm') {
      return WebAssembly.instantiateStreaming(source, imports);
    }
    console.warn('the WebAssembly is not served as application/wasm, so it is compiled late');
    return WebAssembly.instantiate(await source.arrayBuffer(), imports);
  };

  GLUE;
}
