// The test before a call: devices, server, STUN and TURN, each by itself. A file of its own, which the entry imports on
// first use.
import { checkBrowser, checkDevice } from './check/devices.js';
import { checkIceServer, type IceCheck } from './check/ice.js';
import { checkRelay } from './check/relay.js';
import type { CheckName, CheckResult, Finding } from './check/result.js';
import { checkServer } from './check/server.js';
import type { MakeError } from './errors.js';
import { iceServerList, type IceServers } from './ice-servers.js';
import type { Signaling } from './options.js';

export type { CheckFailure, CheckName, CheckResult } from './check/result.js';

export interface ConnectionCheckOptions {
  /** The server of the call; without it no server is checked. */
  signaling?: string | URL | Signaling;
  /** As for a call; each address is checked by itself. */
  iceServers?: IceServers | (() => IceServers | Promise<IceServers>);
  /** Whether to open the microphone, which asks the person if they have not been asked yet; default true. */
  microphone?: boolean;
  /** The same for the camera; default true. */
  camera?: boolean;
  /** How long one check may take, in milliseconds; default 10 000. A permission prompt has no limit. */
  timeout?: number;
  /** Called with each result as soon as it is there. */
  onResult?: (result: CheckResult) => void;
  /** Stops the checks when aborted. */
  signal?: AbortSignal;
}

/** All results. */
export interface ConnectionReport {
  /** Whether a call can work: everything passed but the ways to TURN of which another one works. */
  readonly passed: boolean;
  readonly results: readonly CheckResult[];
}

export async function checkConnection(options: ConnectionCheckOptions, makeError: MakeError): Promise<ConnectionReport> {
  const run = new Run(options);
  const stopped = new Promise<never>((_, reject) => {
    const stop = () =>
      reject(
        makeError({
          code: 'aborted',
          category: 'signaling',
          message: 'the checks were stopped',
          help: 'The check was cancelled.',
        }),
      );
    options.signal?.addEventListener('abort', stop);
    if (options.signal?.aborted) stop();
  });
  return Promise.race([run.everything(), stopped]);
}

class Run {
  #options: ConnectionCheckOptions;
  #limit: number;
  #results: CheckResult[] = [];

  constructor(options: ConnectionCheckOptions) {
    this.#options = options;
    this.#limit = options.timeout ?? 10_000;
  }

  async everything(): Promise<ConnectionReport> {
    const browser = await this.#run('browser', () => checkBrowser());
    if (browser.state === 'passed') {
      await Promise.all([this.#devices(), this.#server(), this.#iceServers()]);
    }
    return { passed: this.#hasPassed(), results: this.#results };
  }

  /** One after the other: browsers ask for one permission at a time. */
  async #devices(): Promise<void> {
    const { microphone = true, camera = true } = this.#options;
    if (microphone) await this.#run('microphone', () => checkDevice('audio'));
    if (camera) await this.#run('camera', () => checkDevice('video'));
  }

  async #server(): Promise<void> {
    const { signaling } = this.#options;
    if (!signaling) return;
    const { url, dialect } =
      typeof signaling === 'object' && 'url' in signaling ? signaling : { url: signaling, dialect: undefined };
    await this.#run('server', () => checkServer(String(url), dialect, this.#limit), String(url));
  }

  async #iceServers(): Promise<void> {
    const { iceServers } = this.#options;
    const given = typeof iceServers === 'function' ? await iceServers() : iceServers;
    const checks = (iceServerList(given ?? []) ?? []).flatMap(addresses);
    const found = await Promise.all(checks.map((check) => this.#ice(check)));
    const relay = found.find((check) => check !== undefined);
    if (relay) await this.#run('relay', () => checkRelay(relay.server, this.#limit));
  }

  /** Returns the check if it found a relay. */
  async #ice(check: IceCheck): Promise<IceCheck | undefined> {
    const { state } = await this.#run(check.name, () => checkIceServer(check, this.#limit), check.address);
    return state === 'passed' && check.name !== 'stun' ? check : undefined;
  }

  async #run(check: CheckName, work: () => Promise<Finding>, server?: string): Promise<CheckResult> {
    const start = performance.now();
    const finding = await work();
    const ms = Math.round(performance.now() - start);
    const result: CheckResult = { check, ...(server === undefined ? {} : { server }), ...finding, ms };
    if (this.#options.signal?.aborted) return result;
    this.#results.push(result);
    this.#options.onResult?.(result);
    return result;
  }

  #hasPassed(): boolean {
    const hasRelay = this.#results.some(({ check, state }) => isTurn(check) && state === 'passed');
    return this.#results.every(({ check, state }) => state === 'passed' || (isTurn(check) && hasRelay));
  }
}

function isTurn(check: CheckName): boolean {
  return check.startsWith('turn-');
}

/** A check for each address of an ICE server. */
function addresses({ urls, ...credentials }: RTCIceServer): IceCheck[] {
  return [urls].flat().map((address) => ({ name: nameOf(address), address, server: { ...credentials, urls: address } }));
}

function nameOf(address: string): IceCheck['name'] {
  if (/^turns:/i.test(address)) return 'turn-tls';
  if (/^turn:.*transport=tcp/i.test(address)) return 'turn-tcp';
  return /^turn:/i.test(address) ? 'turn-udp' : 'stun';
}
