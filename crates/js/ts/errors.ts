import type { FileFailure } from './file-transfer.js';

/** Why a call has ended. */
export type EndReason =
  | 'left'
  | 'aborted'
  | 'room-full'
  | 'invalid-room'
  | 'invalid-name'
  | 'forbidden'
  | 'invalid-token'
  | 'token-expired'
  | 'token-used'
  | 'removed'
  | 'room-locked'
  | 'denied'
  | 'call-ended'
  | 'replaced'
  | 'version-not-supported'
  | 'bad-request'
  | 'signaling-unreachable'
  | 'token-failed'
  | 'server-silent'
  | 'server-gone'
  | 'protocol-error'
  | 'internal';

/** The stable name of a failure. */
export type ErrorCode =
  | 'permission-denied'
  | 'device-not-found'
  | 'device-in-use'
  | 'constraints-not-satisfied'
  | 'insecure-context'
  | 'unsupported-browser'
  | 'device-failed'
  | 'invalid-options'
  | 'not-supported'
  | 'wasm-load-failed'
  | 'ice-servers-failed'
  /** No network path to a participant; they are tried again from time to time. A TURN server helps. */
  | 'no-route'
  /** A TURN server refused or did not answer; reported once per server. */
  | 'turn-failed'
  | 'autoplay-blocked'
  | 'malformed-message'
  | 'message-too-large'
  | 'message-rejected'
  /** The access token does not permit it. */
  | 'not-permitted'
  | 'negotiation-failed'
  /** The file of a recording could not be written. */
  | 'recording-failed'
  /** `to` is not in the call. */
  | 'unknown-recipient'
  /** More waits to be sent than may wait (1 MiB for each participant). */
  | 'send-queue-full'
  | 'file-declined'
  | 'file-cancelled'
  /** The connection was lost, the file could not be read or stored, or the checksum was wrong. */
  | 'file-failed'
  | EndReason;

/** Which subsystem failed. */
export type ErrorCategory = 'device' | 'signaling' | 'media' | 'configuration' | 'internal';

/** What an error is made of. */
export interface ErrorDetails {
  code: ErrorCode;
  category: ErrorCategory;
  message: string;
  help: string;
  device?: 'audio' | 'video' | undefined;
  participant?: string | undefined;
  cause?: unknown;
}

/** A failure. */
export class VideoCallError extends Error {
  override readonly name = 'VideoCallError';
  /** Stable: compare this, not the message. */
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  /** What happened and what to do, in a sentence for the person in the call. */
  readonly help: string;
  /** The device that failed, if a device failed. */
  readonly device?: 'microphone' | 'camera';
  /** The id of the participant whose connection failed, if one failed. */
  readonly participant?: string;
  /** The browser's own error, if there is one. */
  declare readonly cause?: unknown;

  private constructor({ code, category, message, help, device, participant, cause }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.category = category;
    this.help = help;
    if (device) this.device = device === 'audio' ? 'microphone' : 'camera';
    if (participant !== undefined) this.participant = participant;
  }

  /** @internal */
  static from(details: ErrorDetails): VideoCallError {
    return new VideoCallError(details);
  }
}

/** Makes the error that a page sees. Files that load later get it: with a class of their own, `instanceof` would fail. */
export type MakeError = (details: ErrorDetails) => VideoCallError;

/** The error of a call that was ended before it began. */
export function aborted(): VideoCallError {
  return VideoCallError.from({
    code: 'aborted',
    category: 'signaling',
    message: 'the call was ended before the server had let it in',
    help: 'The call was cancelled.',
  });
}

/** The error of options that cannot work, which lists every problem. */
export function invalidOptions(problems: readonly string[]): VideoCallError {
  return VideoCallError.from({
    code: 'invalid-options',
    category: 'configuration',
    message: problems.join('; '),
    help: 'This page is not set up correctly for a video call. Please tell the people who run it.',
  });
}

/** The error of a file for someone who can't be reached by data channels. */
export function unreachable(id: string): VideoCallError {
  return VideoCallError.from({
    code: 'unknown-recipient',
    category: 'media',
    message: `a file can't be sent to '${id}' now: they are not in the call, not connected, or have a page of another system`,
    help: 'The file could not be sent.',
  });
}

/** The error of a file transfer. */
export const fileFailure: FileFailure = (code, cause) =>
  VideoCallError.from({
    code,
    category: 'media',
    message: `the transfer of a file ended: ${code}${cause === undefined ? '' : `: ${textOf(cause)}`}`,
    help: code === 'file-failed' ? 'The file could not be transferred. Try it again.' : 'The file was not transferred.',
    cause,
  });

/** The text of anything that was thrown. */
export function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
