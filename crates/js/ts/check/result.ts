/** What is checked. `stun` and `turn-…` occur once per address. */
export type CheckName =
  | 'browser'
  | 'microphone'
  | 'camera'
  | 'server'
  | 'stun'
  | 'turn-udp'
  | 'turn-tcp'
  | 'turn-tls'
  /** Data through a TURN server and back: how much arrives, and how fast. */
  | 'relay';

/** The result of a check. */
export interface CheckResult {
  readonly check: CheckName;
  readonly state: 'passed' | 'failed';
  /** The address that was checked, for `server`, `stun` and `turn-…`. */
  readonly server?: string;
  /** Why it failed; stable, for programs. */
  readonly reason?: CheckFailure;
  /** For developers. */
  readonly message?: string;
  /** What to do, in a sentence for the person. */
  readonly help?: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** For `microphone`: the loudest sound in half a second, between 0 and 1. */
  readonly level?: number;
  /** For `relay`: what arrived. */
  readonly rate?: { readonly kbps: number; readonly lossPercent: number; readonly roundTripMs: number };
}

export type CheckFailure =
  | 'unsupported-browser'
  | 'insecure-context'
  | 'permission-denied'
  | 'device-not-found'
  | 'device-in-use'
  | 'device-failed'
  /** The server of the page answers HTTP, but opens no WebSocket: a proxy in between, or another server. */
  | 'websocket-blocked'
  /** No WebSocket, and nothing more is known. */
  | 'server-unreachable'
  /** The TURN server refused the credentials. */
  | 'credentials-refused'
  /** The TURN server refused for another reason, such as a quota. */
  | 'refused'
  /** No answer by this transport: a firewall, or a wrong address. */
  | 'no-answer'
  | 'invalid-server'
  /** Not enough arrived. */
  | 'too-lossy'
  | 'timed-out';

/** What a check found, without its name and time. */
export type Finding = Omit<CheckResult, 'check' | 'server' | 'ms'>;

/** A check that failed. */
export function failed(reason: CheckFailure, message: string, help: string): Finding {
  return { state: 'failed', reason, message, help };
}
