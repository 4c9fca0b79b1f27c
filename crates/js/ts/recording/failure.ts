import { textOf, type ErrorDetails } from '../errors.js';

/** Why a recording did not start. */
type Reason = 'no-recorder' | 'no-disk' | 'cancelled' | 'call-ended';

/** A failure that is not the browser's. */
export class RecordingFailure extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

const DETAILS: Record<Reason, ErrorDetails> = {
  'no-recorder': {
    code: 'not-supported',
    category: 'media',
    message: 'this browser has no MediaRecorder for MP4 or WebM',
    help: 'This browser cannot record calls. A current Chrome, Edge, Firefox or Safari can.',
  },
  'no-disk': {
    code: 'not-supported',
    category: 'media',
    message: "this browser has no showSaveFilePicker: record with to: 'memory'",
    help: 'This browser cannot write a recording to the disk while the call goes on.',
  },
  cancelled: {
    code: 'aborted',
    category: 'media',
    message: 'the person has closed the dialog for the place of the recording',
    help: 'The recording was not started.',
  },
  'call-ended': {
    code: 'aborted',
    category: 'media',
    message: 'the call has ended',
    help: 'The recording was not started, because the call is over.',
  },
};

/** What the page is told of a failure. */
export function failure(cause: unknown): ErrorDetails {
  if (cause instanceof RecordingFailure) return { ...DETAILS[cause.reason], cause: cause.cause };
  return {
    code: 'recording-failed',
    category: 'media',
    message: `the recording could not be written: ${textOf(cause)}`,
    help: 'The recording stopped, because its file could not be written. Is the disk full?',
    cause,
  };
}
