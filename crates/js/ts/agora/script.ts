const script = document.currentScript as HTMLScriptElement;

export const signaling = script.dataset.signaling ?? new URL('/rooms', script.src).href;

export const iceServers = (JSON.parse(script.dataset.iceServers ?? 'null') as RTCIceServer[] | null) ?? undefined;

/** The package beside this script. */
export function loadPackage(): Promise<typeof import('../videocalls.js')> {
  return import(new URL('videocalls.js', script.src).href);
}

/**
 * Registers a name where pages look up the names of uids: at `/create_member/` of the server that this script comes from. A
 * failure is ignored, since not every page has such a registry.
 */
export async function registerName(channel: string, uid: number, name: string): Promise<void> {
  const body = JSON.stringify({ name, room_name: channel, UID: uid });
  const headers = { 'content-type': 'application/json' };
  await fetch(new URL('/create_member/', script.src), { method: 'POST', headers, body }).catch(() => {});
}
