/** An error as Agora's SDK throws it: pages compare its `code`. */
export function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: 'AgoraRTCException', code });
}

export function notOffered(what: string): Error {
  return failure('NOT_SUPPORTED', `${what} is not offered by videocalls; its docs/compatibility.md lists what is`);
}

const DEVICE_CODES: Record<string, string> = {
  NotAllowedError: 'PERMISSION_DENIED',
  NotFoundError: 'DEVICE_NOT_FOUND',
  NotReadableError: 'NOT_READABLE',
  OverconstrainedError: 'CONSTRAINT_NOT_SATISFIED',
};

/** The error of `getUserMedia` under Agora's code. */
export function deviceFailure(cause: unknown): Error {
  const { name = '', message = '' } = cause as Partial<Error>;
  return failure(DEVICE_CODES[name] ?? 'UNEXPECTED_ERROR', `${name}: ${message}`);
}

/** Promises, JSON and frameworks look for these in any object. */
const LOOKED_FOR = /^(then|toJSON|[_$@].*)$/;

/** A base class that throws an error with the name of a property that its subclass does not have. */
export function only(owner: string): new () => object {
  const refuse = (_: object, name: string | symbol): never => {
    throw notOffered(`${owner}.${String(name)}`);
  };
  const get = (target: object, name: string | symbol): unknown =>
    typeof name === 'symbol' || name in target || LOOKED_FOR.test(name) ? Reflect.get(target, name) : refuse(target, name);
  const base = function () {};
  base.prototype = new Proxy({}, { get, set: refuse });
  return base as unknown as new () => object;
}
