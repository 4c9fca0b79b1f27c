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

/** Calls the page's function. The WebAssembly limits its time and reports its failure to its call. */
export async function fetchIceServers(ask: () => unknown): Promise<RTCIceServer[]> {
  const servers = iceServerList(await ask());
  if (!servers) throw new TypeError('it returned no list of ICE servers');
  return servers;
}
