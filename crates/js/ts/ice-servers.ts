import { textOf, VideoCallError } from './errors.js';

/** An ICE server in the form of browsers before 2016. */
export interface LegacyIceServer extends Omit<RTCIceServer, 'urls'> {
  url: string | string[];
}

/** A list of ICE servers, a single one, or the whole answer of a service that has such a list in `iceServers`. */
export type IceServers =
  | RTCIceServer
  | LegacyIceServer
  | readonly (RTCIceServer | LegacyIceServer)[]
  | { iceServers: RTCIceServer | LegacyIceServer | readonly (RTCIceServer | LegacyIceServer)[] };

/** How long a page may take to answer with its servers. */
const TIMEOUT_MS = 5000;

/** The list as the browser takes it; undefined if the value is no list of servers. */
export function iceServerList(given: unknown): RTCIceServer[] | undefined {
  if (Array.isArray(given)) {
    const servers = given.map(iceServer);
    return servers.every((server) => server !== undefined) ? servers : undefined;
  }
  if (isObject(given) && 'iceServers' in given) return iceServerList(given.iceServers);
  const single = iceServer(given);
  return single && [single];
}

function iceServer(given: unknown): RTCIceServer | undefined {
  if (!isObject(given)) return undefined;
  const { url, urls = url, ...rest } = given;
  const isAddress = (value: unknown) => typeof value === 'string' || value instanceof URL;
  const addresses = Array.isArray(urls) ? urls : [urls];
  if (!addresses.length || !addresses.every(isAddress)) return undefined;
  return { ...rest, urls: Array.isArray(urls) ? urls.map(String) : String(urls) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Asks the page for its servers. A failure is reported and thrown: the call goes on with the servers that it has. */
export async function fetchIceServers(ask: () => unknown, report: (error: VideoCallError) => void): Promise<RTCIceServer[]> {
  try {
    const servers = iceServerList(await withTimeout(ask));
    if (!servers) throw new TypeError('it returned no list of ICE servers');
    return servers;
  } catch (cause) {
    report(
      VideoCallError.from({
        code: 'ice-servers-failed',
        category: 'configuration',
        message: `the function 'iceServers' failed: ${textOf(cause)}`,
        help: 'The call goes on, but may not get through every network.',
        cause,
      }),
    );
    throw cause;
  }
}

async function withTimeout(ask: () => unknown): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  });
  try {
    return await Promise.race([ask(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
