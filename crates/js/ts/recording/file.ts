import { RecordingFailure } from './failure.js';
import { durationBytes, withDuration } from './webm-duration.js';

/** A file that is being recorded. */
export interface RecordingFile {
  write(data: Blob): Promise<void>;
  /** Completes the file; returns it if it is in memory. */
  finish(seconds: number): Promise<Blob | null>;
  /** Gives up what can't be completed. */
  abandon(): Promise<void>;
}

interface FileOptions {
  to?: 'disk' | 'memory' | WritableStream<Uint8Array>;
  fileName?: string;
}

/** https://wicg.github.io/file-system-access/#api-showsavefilepicker */
type ShowSaveFilePicker = (options: {
  suggestedName: string;
  types: { accept: Record<string, string[]> }[];
}) => Promise<FileSystemFileHandle>;

/** Opens the file; asks the person for its place if it is to be on disk. */
export async function openFile(mimeType: string, { to, fileName = 'call' }: FileOptions): Promise<RecordingFile> {
  const isWebm = mimeType.startsWith('video/webm');
  if (to && typeof to === 'object') return new StreamedFile(to.getWriter());
  const pick = (globalThis as { showSaveFilePicker?: ShowSaveFilePicker }).showSaveFilePicker;
  if (to === 'disk' && !pick) throw new RecordingFailure('no-disk');
  if (to === 'memory' || !pick) return new MemoryFile(mimeType, isWebm);
  const [type = ''] = mimeType.split(';');
  const extension = isWebm ? '.webm' : '.mp4';
  const options = { suggestedName: fileName + extension, types: [{ accept: { [type]: [extension] } }] };
  const handle = await pick(options).catch((cause: unknown) => {
    throw (cause as Partial<DOMException>).name === 'AbortError' ? new RecordingFailure('cancelled', { cause }) : cause;
  });
  return new DiskFile(await handle.createWritable(), isWebm);
}

class MemoryFile implements RecordingFile {
  #parts: Blob[] = [];
  #type: string;
  #isWebm: boolean;

  constructor(type: string, isWebm: boolean) {
    this.#type = type;
    this.#isWebm = isWebm;
  }

  async write(data: Blob): Promise<void> {
    this.#parts.push(data);
  }

  async finish(seconds: number): Promise<Blob> {
    const [first, ...rest] = this.#parts;
    const parts: BlobPart[] = this.#isWebm && first ? [await timed(first, seconds), ...rest] : this.#parts;
    return new Blob(parts, { type: this.#type });
  }

  async abandon(): Promise<void> {
    this.#parts = [];
  }
}

async function timed(first: Blob, seconds: number): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, position } = withDuration(new Uint8Array(await first.arrayBuffer()));
  if (position !== undefined) bytes.set(durationBytes(seconds), position);
  return bytes;
}

class DiskFile implements RecordingFile {
  #file: FileSystemWritableFileStream;
  /** Whether the next bytes are the head of a WebM file. */
  #isHead: boolean;
  #durationAt: number | undefined;

  constructor(file: FileSystemWritableFileStream, isWebm: boolean) {
    this.#file = file;
    this.#isHead = isWebm;
  }

  async write(data: Blob): Promise<void> {
    if (!this.#isHead) return this.#file.write(data);
    this.#isHead = false;
    const { bytes, position } = withDuration(new Uint8Array(await data.arrayBuffer()));
    this.#durationAt = position;
    await this.#file.write(bytes);
  }

  async finish(seconds: number): Promise<null> {
    if (this.#durationAt !== undefined) {
      await this.#file.write({ type: 'write', position: this.#durationAt, data: durationBytes(seconds) });
    }
    await this.#file.close();
    return null;
  }

  async abandon(): Promise<void> {
    await this.#file.abort().catch(() => {}); // It may have failed itself.
  }
}

class StreamedFile implements RecordingFile {
  #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.#writer = writer;
  }

  async write(data: Blob): Promise<void> {
    await this.#writer.ready;
    await this.#writer.write(new Uint8Array(await data.arrayBuffer()));
  }

  async finish(): Promise<null> {
    await this.#writer.close();
    return null;
  }

  async abandon(): Promise<void> {
    await this.#writer.abort().catch(() => {});
  }
}
