// The module of `socketio-rooms`, `channels-mesh` and `appointments`, which has all the others, too.
import type { WasmSource } from './videocalls.js';

/** Loads it, once. Optional: `initializeVideoCall` does it by itself when a call names one of them. */
export default function init(source?: WasmSource | Promise<Response>): Promise<void>;
