import { failed, type CheckName, type Finding } from './result.js';

/** An address of an ICE server. */
export interface IceCheck {
  name: Extract<CheckName, 'stun' | `turn-${string}`>;
  address: string;
  server: RTCIceServer;
}

/** What the network has to let through, for people. */
const BLOCKED = {
  stun: 'Your network lets no answer of the STUN server through. Calls to other networks may need a TURN server.',
  'turn-udp': 'Your network may block UDP. Calls can still work by TCP, with more delay.',
  'turn-tcp': 'Your network may block the port of the TURN server.',
  'turn-tls': 'Your network may block the port of the TURN server.',
};

/** Whether a STUN server tells the address, or a TURN server gives a relay. */
export async function checkIceServer({ name, address, server }: IceCheck, limit: number): Promise<Finding> {
  const wanted = name === 'stun' ? 'srflx' : 'relay';
  let connection: RTCPeerConnection;
  try {
    connection = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: name === 'stun' ? 'all' : 'relay' });
  } catch (error) {
    return failed(
      'invalid-server',
      `${address}: ${(error as Error).message}`,
      'The settings of this page for calls are wrong. Please tell the people who run it.',
    );
  }
  try {
    const outcome = await gather(connection, wanted, limit);
    return outcome === 'found' ? { state: 'passed' } : failure(name, address, outcome);
  } finally {
    connection.close();
  }
}

/** The server's error, with a code of STUN (RFC 8489) or 701 for no answer. */
type GatherError = Pick<RTCPeerConnectionIceErrorEvent, 'errorCode' | 'errorText'>;

const NO_ANSWER: GatherError = { errorCode: 701, errorText: 'no answer' };

/** Gathers candidates until one of the wanted type is there. An error of the server is worth more than a missing answer. */
async function gather(connection: RTCPeerConnection, wanted: RTCIceCandidateType, limit: number): Promise<'found' | GatherError> {
  let error: GatherError | undefined;
  const outcome = new Promise<'found' | GatherError>((resolve) => {
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.type === wanted) resolve('found');
    };
    connection.onicecandidateerror = (event) => {
      if (!error || event.errorCode !== NO_ANSWER.errorCode) error = event;
    };
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState !== 'complete') return;
      // A STUN server that tells nothing new, because there is no NAT, gives no candidate.
      resolve(error ?? (wanted === 'srflx' ? 'found' : NO_ANSWER));
    };
    setTimeout(() => resolve(error ?? NO_ANSWER), limit);
  });
  connection.createDataChannel('check');
  await connection.setLocalDescription();
  return outcome;
}

function failure(name: IceCheck['name'], address: string, { errorCode, errorText }: GatherError): Finding {
  const message = `${address}: ${errorCode} ${errorText}`;
  if (errorCode === 401 || errorCode === 438) {
    return failed('credentials-refused', message, 'The TURN server refuses this page. Please tell the people who run it.');
  }
  if (errorCode >= 400 && errorCode < 700) {
    return failed(
      'refused',
      message,
      'The TURN server refuses further connections at the moment. Please tell the people who run this page.',
    );
  }
  return failed('no-answer', message, BLOCKED[name]);
}
