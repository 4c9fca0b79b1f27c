// Recording of a call to a file. A file of its own, which the entry imports on first use.
import type { VideoCall } from './call.js';
import type { MakeError } from './errors.js';
import { failure, RecordingFailure } from './recording/failure.js';
import { openFile, type RecordingFile } from './recording/file.js';
import { Picture, type Shown } from './recording/picture.js';
import { Sound } from './recording/sound.js';

export interface RecordingOptions {
  /** In pixels; default 1280. */
  width?: number;
  /** In pixels; default 720. */
  height?: number;
  /** In frames per second; default 30. Browsers draw less often while the page is hidden. */
  frameRate?: number;
  /** In bits per second; default 2 500 000. */
  videoBitsPerSecond?: number;
  /** In bits per second; default 128 000. */
  audioBitsPerSecond?: number;
  /** Whether the own picture and sound are recorded too; default true. */
  includeSelf?: boolean;
  /** The name over the own picture; default none. */
  selfName?: string;
  /**
   * Where the file goes. `disk` asks the person for a place and writes while the call goes on, so that no memory is
   * needed; it exists in Chromium only, and only within a click. `memory` keeps the file until the end. A stream of the
   * page's own gets the bytes in order; a WebM file has no duration there. Default: `disk` where it exists, else `memory`.
   */
  to?: 'disk' | 'memory' | WritableStream<Uint8Array>;
  /** The name that the browser suggests for the file, without its extension; default `call`. */
  fileName?: string;
}

/** A recording that runs until it is stopped or the call ends. */
export interface Recording {
  /** The type of the file, for example `video/mp4;codecs=avc1.42E01F,opus`. */
  readonly mimeType: string;
  /**
   * Ends the recording; also fulfilled when the call has ended. Resolves to the file if it was kept in memory, else to null.
   * Rejects with `recording-failed` if the file could not be written; calling it again gives the same promise.
   */
  stop(): Promise<Blob | null>;
}

/** MP4 first: its files have a duration and can be searched. Browsers write WebM as if it never ended. */
const TYPES = [
  'video/mp4;codecs=avc1.42E01F,mp4a.40.2',
  'video/mp4;codecs=avc1.42E01F,opus',
  'video/mp4;codecs=vp9,opus',
  'video/webm;codecs=vp9,opus',
  'video/webm;codecs=vp8,opus',
];
/** How often the browser hands out what it has recorded, in milliseconds. */
const SLICE = 1000;

/** The events after which somebody else, or another stream, is shown. */
const CHANGES = ['participant-joined', 'participant-changed', 'participant-left', 'local-stream', 'local-changed'] as const;

/** Starts to record what the page sees and hears of a call. */
export async function startRecording(call: VideoCall, options: RecordingOptions, makeError: MakeError): Promise<Recording> {
  try {
    return await start(call, options, makeError);
  } catch (cause) {
    throw makeError(failure(cause));
  }
}

async function start(call: VideoCall, options: RecordingOptions, makeError: MakeError): Promise<Recording> {
  const mimeType = TYPES.find((type) => globalThis.MediaRecorder?.isTypeSupported(type));
  if (!mimeType) throw new RecordingFailure('no-recorder');
  const file = await openFile(mimeType, options);
  if (call.state === 'ended') {
    await file.abandon();
    throw new RecordingFailure('call-ended');
  }
  const [picture, sound] = [new Picture(options), new Sound()];
  const show = () => {
    const shown = whom(call, options);
    picture.show(shown);
    sound.play(shown.map(({ stream }) => stream));
  };
  show();
  const recorder = new MediaRecorder(new MediaStream([picture.track, sound.track]), {
    mimeType,
    videoBitsPerSecond: options.videoBitsPerSecond ?? 2_500_000,
    audioBitsPerSecond: options.audioBitsPerSecond ?? 128_000,
  });
  const stop = () => {
    if (recorder.state !== 'inactive') recorder.stop();
    return recorded;
  };
  const removals = [...CHANGES.map((type) => call.on(type, show)), call.on('ended', () => void stop())];
  const recorded = record(recorder, file)
    .catch((cause: unknown) => {
      throw makeError(failure(cause));
    })
    .finally(() => {
      for (const remove of removals) remove();
      picture.release();
      sound.release();
    });
  recorded.catch(() => {}); // The page learns of it from `stop`.
  return { mimeType: recorder.mimeType, stop };
}

/** Whom the page sees and hears now, each followed by their screen: the others first. */
function whom(call: VideoCall, { includeSelf = true, selfName = '' }: RecordingOptions): Shown[] {
  const people = [...call.participants, ...(includeSelf ? [{ ...call.local, name: selfName }] : [])];
  return people.flatMap(({ name, stream, screenStream }) => {
    const person = { name: name ?? '', stream };
    return screenStream ? [person, { ...person, stream: screenStream }] : [person];
  });
}

/** Writes what the recorder gives until it stops, and finishes the file. */
async function record(recorder: MediaRecorder, file: RecordingFile): Promise<Blob | null> {
  const start = performance.now();
  let written: Promise<unknown> = Promise.resolve();
  const stopped = new Promise<void>((resolve, reject) => {
    recorder.onstop = () => resolve();
    recorder.onerror = (event) => reject((event as ErrorEvent).error);
    recorder.ondataavailable = ({ data }) => {
      written = written.then(() => file.write(data));
      // A full disk ends the recording.
      written.catch(reject);
    };
  });
  recorder.start(SLICE);
  try {
    await stopped;
    const seconds = (performance.now() - start) / 1000;
    await written;
    return await file.finish(seconds);
  } catch (cause) {
    if (recorder.state !== 'inactive') recorder.stop();
    await file.abandon();
    throw cause;
  }
}
