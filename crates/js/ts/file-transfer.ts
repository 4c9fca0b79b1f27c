// The types of file transfers; the code is in files.ts, which is loaded with the first file.

/** How far the transfer of a file is. */
export type FileState = 'offered' | 'transferring' | 'done' | 'declined' | 'cancelled' | 'failed';

/** A file on its way to, or from, one participant. */
export interface FileTransfer {
  /** The id of the other participant. */
  readonly participant: string;
  /** The name, without folders. Text, never markup. */
  readonly name: string;
  /** The MIME type that the sender's browser has given; may be empty. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  readonly state: FileState;
  /** How many bytes the receiver has stored. */
  readonly transferred: number;
  /** Called when `transferred` or `state` has changed. */
  onprogress: (() => void) | null;
  /** Ends the transfer at both ends. What has been received is dropped. */
  cancel(): void;
}

/** A file that is being sent. */
export interface OutgoingFile extends FileTransfer {
  /**
   * Fulfilled when the receiver has the whole file and its checksum is right. Rejected with a `VideoCallError`:
   * `file-declined`, `file-cancelled` or `file-failed`.
   */
  readonly done: Promise<void>;
}

/** A file that a participant offers. */
export interface IncomingFile extends FileTransfer {
  /**
   * Receives the file. Without `writable`, the result is the file, which the browser keeps outside of the page's memory where it
   * can. With `writable`, such as what `showSaveFilePicker` gives, each part is written there, and the result is undefined.
   *
   * Rejects with a `VideoCallError`: `file-cancelled` or `file-failed`.
   */
  accept(options?: { writable?: WritableStream<Uint8Array> }): Promise<File | undefined>;
  /** Refuses the file. */
  decline(): void;
}

/** Makes the error of a transfer. */
export type FileFailure = (code: 'file-declined' | 'file-cancelled' | 'file-failed', cause?: unknown) => Error;
