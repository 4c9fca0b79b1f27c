import type { Dialect } from '../options.js';
import { failed, type Finding } from './result.js';

/** Whether the signaling server opens a WebSocket. Nobody joins a room. */
export async function checkServer(given: string, dialect: Dialect | undefined, limit: number): Promise<Finding> {
  const address = socketAddress(given, dialect);
  if (!address)
    return failed(
      'invalid-server',
      `'${given}' is no address`,
      'The address of the call server is wrong. Please tell the people who run this page.',
    );
  if (await opens(address, limit)) return { state: 'passed' };
  // Other servers can't be asked: a Content-Security-Policy for the WebSocket does not allow HTTP to the same server.
  if (address.host === location.host && (await answersHttp(address, limit))) {
    return failed(
      'websocket-blocked',
      `${address.host} answers HTTP, but opens no WebSocket at ${address.pathname}`,
      'The network, or a proxy in it, blocks the connection to the call server. Try another network.',
    );
  }
  return failed(
    'server-unreachable',
    `${address.host} does not answer, or opens no WebSocket at ${address.pathname}`,
    'The call server cannot be reached. Check your Internet connection, or try again later.',
  );
}

function socketAddress(given: string, dialect: Dialect | undefined): URL | undefined {
  try {
    const address = new URL(given, location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    address.hash = '';
    // https://socket.io/docs/v4/engine-io-protocol/
    return dialect === 'socketio-rooms' ? new URL('/socket.io/?EIO=4&transport=websocket', address) : address;
  } catch {
    return undefined;
  }
}

function opens(address: URL, limit: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address);
    const finish = (isOpen: boolean) => {
      clearTimeout(timer);
      resolve(isOpen);
      socket.close();
    };
    const timer = setTimeout(() => finish(false), limit);
    socket.onopen = () => finish(true);
    socket.onerror = () => finish(false);
  });
}

async function answersHttp(address: URL, limit: number): Promise<boolean> {
  const url = new URL(address);
  url.protocol = url.protocol.replace('ws', 'http');
  try {
    await fetch(url, { mode: 'no-cors', cache: 'no-store', signal: AbortSignal.timeout(limit) });
    return true;
  } catch {
    return false;
  }
}
