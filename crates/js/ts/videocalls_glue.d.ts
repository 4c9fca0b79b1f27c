// The glue of wasm-bindgen, which the build generates beside the compiled scripts.
import type { WasmFactory } from './engine.js';

declare const factory: WasmFactory;
export default factory;
