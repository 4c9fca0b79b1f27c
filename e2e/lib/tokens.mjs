// Access tokens, made as docs/tokens.md describes for Node.

import { createHmac } from 'node:crypto';

/** The secret to start a server with: `--auth-secret`. */
export const SECRET = 'the secret of the browser tests, 32 bytes or more';

/** A token for the given claims, by default for any room and a minute. */
export function accessToken({ seconds = 60, ...claims } = {}) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ room: '*', exp, ...claims })}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

export const MODERATOR = ['join', 'publish', 'moderate'];
