/**
 * A module of WebAssembly: loaded once, however often it is asked for, and anew after it has broken. What
 * could not be loaded may be tried again.
 */
export function wasmModule(glue, address) {
  let instance;
  let loading;
  let compiled;
  const calls = new Set();
  /** It has given back what it held; its calls are over, and the next one has a new instance. */
  const died = (cause) => {
    loading = undefined;
    for (const call of calls) call._broke(cause);
  };
  return {
    /** The calls that it carries. */
    calls,
    get holdings() {
      return instance.holdings;
    },
    load(source) {
      const wasm = compiled ?? source ?? address();
      loading ??= (instance = glue(died)).load({ module_or_path: wasm }).then(
        () => {
          compiled = instance.module();
        },
        (cause) => {
          loading = undefined;
          throw cause;
        },
      );
      return loading;
    },
    start: (core, emit) => instance.start(core, emit),
  };
}
