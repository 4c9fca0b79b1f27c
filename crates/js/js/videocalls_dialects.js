// The second pair of script and module, with the dialects of the servers of others.
// `videocalls.js` imports it when a call names one of them.
import glue from './videocalls_dialects_glue.js';
import { wasmModule } from './module.js';

export const all = wasmModule(glue, () => new URL('videocalls_dialects_bg.wasm', import.meta.url));

/** Loads it, once. */
export default function init(source) {
  return all.load(source);
}
