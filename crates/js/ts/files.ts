// File transfer; docs/data.md has the protocol. Each file has a data channel of its own. Loaded with the first file.
import type { FileFailure, FileState, FileTransfer, IncomingFile, OutgoingFile } from './file-transfer.js';

/** What is read, hashed, stored and confirmed at a time, in bytes. */
const BLOCK = 1024 * 1024;
/** The bytes of one message. */
const CHUNK = 64 * 1024;
/** How many bytes the sender may be ahead of what the receiver has stored. */
const WINDOW = 4 * BLOCK;
const MAX_NAME = 255;

/** A message that is not a part of the file. */
type Control =
  | { type: 'offer'; version: number; name: string; mime: string; size: number }
  | { type: 'accept' | 'decline' | 'cancel' | 'done' }
  | { type: 'stored'; bytes: number }
  | { type: 'end'; digest: string };

/** Offers a file by a channel that has just been made. */
export function sendFile(file: File, participant: string, channel: RTCDataChannel, fail: FileFailure): OutgoingFile {
  return new Outgoing(file, participant, channel, fail);
}

/** Reads the offer on a channel that the peer has opened; `early` are the messages so far. Undefined if there is none. */
export async function receiveFile(participant: string, channel: RTCDataChannel, early: unknown[], fail: FileFailure): Promise<IncomingFile | undefined> {
  const first = early.length ? early[0] : await new Promise((resolve) => {
    channel.onmessage = ({ data }) => resolve(data);
    channel.onclose = () => resolve(undefined);
  });
  const offer = parse(first);
  if (early.length <= 1 && offer?.type === 'offer' && isOffer(offer)) return new Incoming(offer, participant, channel, fail);
  channel.close();
  return undefined;
}

function parse(data: unknown): Control | undefined {
  try {
    return typeof data === 'string' ? (JSON.parse(data) as Control) : undefined;
  } catch {
    return undefined;
  }
}

function isOffer({ version, name, mime, size }: Control & { type: 'offer' }): boolean {
  const areTexts = typeof name === 'string' && typeof mime === 'string' && mime.length <= MAX_NAME;
  return version >= 1 && areTexts && Number.isSafeInteger(size) && size >= 0;
}

/** A name without folders and characters that hide or reorder others. */
function plainName(name: string): string {
  const last = name.split(/[/\\]/).pop() ?? '';
  return last.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, MAX_NAME).trim() || 'file';
}

/** What both ends of a transfer have in common. */
abstract class Transfer implements FileTransfer {
  onprogress: (() => void) | null = null;
  #state: FileState = 'offered';
  #transferred = 0;
  /** The digests of the blocks so far. */
  #digests: Uint8Array[] = [];
  protected readonly fail: FileFailure;
  protected readonly channel: RTCDataChannel;

  constructor(
    readonly participant: string,
    readonly name: string,
    readonly type: string,
    readonly size: number,
    channel: RTCDataChannel,
    fail: FileFailure,
  ) {
    this.channel = channel;
    this.fail = fail;
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({ data }) => this.#receive(data);
    channel.onclose = () => this.finish('failed', new Error('the connection was lost'));
  }

  get state(): FileState {
    return this.#state;
  }

  get transferred(): number {
    return this.#transferred;
  }

  protected get isOver(): boolean {
    return this.#state !== 'offered' && this.#state !== 'transferring';
  }

  cancel(): void {
    if (this.isOver) return;
    this.say({ type: 'cancel' });
    this.finish('cancelled');
  }

  protected say(message: Control): void {
    if (this.channel.readyState === 'open') this.channel.send(JSON.stringify(message));
  }

  protected begin(): void {
    this.#state = 'transferring';
    this.onprogress?.();
  }

  protected stored(bytes: number): void {
    this.#transferred = bytes;
    this.onprogress?.();
  }

  /** Ends the transfer, once. The channel is closed by the end that hears last. */
  protected finish(state: FileState, cause?: unknown): void {
    if (this.isOver) return;
    this.#state = state;
    this.#digests = [];
    this.settle(state, cause);
    this.channel.onclose = this.channel.onmessage = null;
    if (this.channel.bufferedAmount === 0 || state === 'failed') this.channel.close();
    else {
      this.channel.bufferedAmountLowThreshold = 0;
      this.channel.onbufferedamountlow = () => this.channel.close();
    }
    this.onprogress?.();
  }

  protected async hash(block: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#digests.push(await sha256(block));
  }

  /** The checksum of the file: of the checksums of its blocks, since browsers hash only what is in memory. */
  protected async checksum(): Promise<string> {
    const all = new Uint8Array(this.#digests.length * 32);
    this.#digests.forEach((digest, index) => all.set(digest, index * 32));
    return [...(await sha256(all))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  protected abstract control(message: Control): void;
  protected abstract chunk(data: ArrayBuffer): void;
  /** Tells the page, and drops what is left. */
  protected abstract settle(state: FileState, cause?: unknown): void;

  #receive(data: unknown): void {
    if (data instanceof ArrayBuffer) return this.chunk(data);
    const message = parse(data);
    if (message?.type === 'cancel') this.finish('cancelled');
    else if (message) this.control(message);
    else this.finish('failed', new Error('the other end does not follow the protocol'));
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

class Outgoing extends Transfer implements OutgoingFile {
  readonly done: Promise<void>;
  #file: File;
  #outcome!: { resolve: () => void; reject: (error: unknown) => void };
  /** Continues what waits for the receiver or for the channel. */
  #wake: (() => void) | undefined;

  constructor(file: File, participant: string, channel: RTCDataChannel, fail: FileFailure) {
    super(participant, plainName(file.name), file.type.slice(0, MAX_NAME), file.size, channel, fail);
    this.#file = file;
    this.done = new Promise((resolve, reject) => (this.#outcome = { resolve, reject }));
    this.done.catch(() => {}); // The page may look at `state` only.
    const { name, type, size } = this;
    const offer = (): void => this.say({ type: 'offer', version: 1, name, mime: type, size });
    channel.bufferedAmountLowThreshold = BLOCK / 2;
    channel.onbufferedamountlow = () => this.#wake?.();
    if (channel.readyState === 'open') offer();
    else channel.onopen = offer;
  }

  protected control(message: Control): void {
    if (message.type === 'accept' && this.state === 'offered') {
      this.begin();
      this.#send().catch((error: unknown) => {
        this.say({ type: 'cancel' });
        this.finish('failed', error);
      });
    } else if (message.type === 'decline') this.finish('declined');
    else if (message.type === 'done') this.finish('done');
    else if (message.type === 'stored' && message.bytes > this.transferred && message.bytes <= this.size) {
      this.stored(message.bytes);
      this.#wake?.();
    }
  }

  protected chunk(): void {
    this.finish('failed', new Error('the receiver does not follow the protocol'));
  }

  protected settle(state: FileState, cause?: unknown): void {
    this.#wake?.();
    if (state === 'done') this.#outcome.resolve();
    else this.#outcome.reject(this.fail(state === 'declined' ? 'file-declined' : state === 'cancelled' ? 'file-cancelled' : 'file-failed', cause));
  }

  async #send(): Promise<void> {
    for (let start = 0; start < this.size; start += BLOCK) {
      await this.#until(() => start - this.transferred < WINDOW);
      const block = new Uint8Array(await this.#file.slice(start, start + BLOCK).arrayBuffer());
      await this.hash(block);
      for (let at = 0; at < block.length; at += CHUNK) {
        await this.#until(() => this.channel.bufferedAmount < BLOCK);
        if (this.isOver) return;
        this.channel.send(block.subarray(at, at + CHUNK));
      }
    }
    if (!this.isOver) this.say({ type: 'end', digest: await this.checksum() });
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!this.isOver && !condition()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

class Incoming extends Transfer implements IncomingFile {
  #parts: Blob[] = [];
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #block: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  /** How many bytes have arrived, and how many of them are stored or in `#storing`. */
  #arrived = 0;
  #storing = Promise.resolve();
  #outcome: { resolve: (file: File | undefined) => void; reject: (error: unknown) => void } | undefined;

  constructor({ name, mime, size }: Control & { type: 'offer' }, participant: string, channel: RTCDataChannel, fail: FileFailure) {
    super(participant, plainName(name), mime, size, channel, fail);
  }

  accept({ writable }: { writable?: WritableStream<Uint8Array> } = {}): Promise<File | undefined> {
    if (this.state !== 'offered') return Promise.reject(this.fail('file-failed', new Error(`the file is ${this.state} already`)));
    this.#writer = writable?.getWriter();
    const received = new Promise<File | undefined>((resolve, reject) => (this.#outcome = { resolve, reject }));
    this.begin();
    this.say({ type: 'accept' });
    return received;
  }

  decline(): void {
    if (this.state !== 'offered') return;
    this.say({ type: 'decline' });
    this.finish('declined');
  }

  protected control(message: Control): void {
    if (message.type === 'end' && this.state === 'transferring') this.#later(() => this.#verify(message.digest));
  }

  protected chunk(data: ArrayBuffer): void {
    const chunk = new Uint8Array(data);
    const isTooMuch = this.#arrived + chunk.length > this.size || this.#arrived - this.transferred > WINDOW + BLOCK;
    if (this.state !== 'transferring' || chunk.length > CHUNK || isTooMuch) {
      this.say({ type: 'cancel' });
      return this.finish('failed', new Error('the sender does not follow the protocol'));
    }
    this.#arrived += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      const block = (this.#block ??= new Uint8Array(BLOCK));
      const taken = chunk.subarray(at, at + BLOCK - this.#filled);
      block.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === BLOCK || this.#arrived === this.size) this.#store(block.subarray(0, this.#filled));
    }
  }

  protected settle(state: FileState, cause?: unknown): void {
    const parts = this.#parts;
    this.#parts = [];
    this.#block = undefined;
    if (state === 'done') {
      this.#outcome?.resolve(this.#writer ? undefined : new File(parts, this.name, { type: this.type }));
      return;
    }
    this.#writer?.abort().catch(() => {});
    this.#outcome?.reject(this.fail(state === 'failed' ? 'file-failed' : 'file-cancelled', cause));
  }

  #store(block: Uint8Array<ArrayBuffer>): void {
    this.#block = undefined;
    this.#filled = 0;
    this.#later(async () => {
      await this.hash(block);
      if (this.#writer) await this.#writer.write(block);
      else this.#parts.push(new Blob([block])); // Browsers keep these outside of the page's heap.
      const bytes = this.transferred + block.length;
      this.stored(bytes);
      this.say({ type: 'stored', bytes });
    });
  }

  /** Does something after what was begun before. */
  #later(step: () => Promise<void>): void {
    this.#storing = this.#storing.then(async () => {
      if (!this.isOver) await step();
    });
    this.#storing.catch((error: unknown) => {
      this.say({ type: 'cancel' });
      this.finish('failed', error);
    });
  }

  async #verify(digest: string): Promise<void> {
    if (this.transferred !== this.size || digest !== (await this.checksum())) throw new Error('the checksum is wrong');
    await this.#writer?.close();
    this.say({ type: 'done' });
    this.finish('done');
  }
}
