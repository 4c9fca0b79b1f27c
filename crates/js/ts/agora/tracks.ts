import { deviceFailure, failure, only } from './errors.js';

export type Kind = 'audio' | 'video';

export const KINDS = ['audio', 'video'] as const;

export interface MicrophoneConfig {
  microphoneId?: string;
  AEC?: boolean;
  AGC?: boolean;
  ANS?: boolean;
}

export interface CameraConfig {
  cameraId?: string;
  facingMode?: string;
  encoderConfig?: string | Pick<MediaTrackConstraints, 'width' | 'height' | 'frameRate'>;
}

/** A track that can be played. */
export class Track extends only('track') {
  #kind: Kind;
  #find: () => MediaStreamTrack | undefined;
  #isMirrored: boolean;
  #element: HTMLMediaElement | undefined;

  /** `find` returns the browser's track, which changes when a connection is replaced. */
  constructor(kind: Kind, find: () => MediaStreamTrack | undefined, isMirrored = false) {
    super();
    this.#kind = kind;
    this.#find = find;
    this.#isMirrored = isMirrored;
  }

  /** Plays in an element, or in the one with this id. Sound needs none. */
  play(where?: string | HTMLElement | null): void {
    const found = typeof where === 'string' ? document.getElementById(where) : where;
    const parent = this.#kind === 'audio' ? document.body : found;
    if (!parent) throw failure('INVALID_PARAMS', `there is no element '${where}' to play in`);
    this.stop();
    this.#element = this.#kind === 'audio' ? document.createElement('audio') : videoElement(this.#isMirrored);
    this.#element.autoplay = true;
    parent.append(this.#element);
    this.refresh();
  }

  stop(): void {
    if (this.#element) this.#element.srcObject = null;
    this.#element?.remove();
    this.#element = undefined;
  }

  getMediaStreamTrack(): MediaStreamTrack | undefined {
    return this.#find();
  }

  /** @internal Shows the current track of the browser. */
  refresh(): void {
    const element = this.#element;
    const track = this.#find();
    if (!element || (element.srcObject as MediaStream | null)?.getTracks()[0] === track) return;
    element.srcObject = track ? new MediaStream([track]) : null;
    element.play().catch(({ name }: DOMException) => {
      // The browser plays sound only after a click.
      if (name === 'NotAllowedError') addEventListener('click', () => void element.play().catch(() => {}), { once: true });
    });
  }
}

function videoElement(isMirrored: boolean): HTMLVideoElement {
  const element = document.createElement('video');
  element.muted = element.playsInline = true;
  Object.assign(element.style, { width: '100%', height: '100%', objectFit: 'cover' });
  if (isMirrored) element.style.transform = 'scaleX(-1)';
  return element;
}

/** The local tracks that are not closed, oldest first. */
const open = new Set<LocalTrack>();

/** A microphone or camera. */
export class LocalTrack extends Track {
  #media: MediaStreamTrack;
  /** Until it is published in a call, whether it is decides nothing. */
  #isPublished = true;
  #switch: ((on: boolean) => void) | undefined;
  muted = false;
  enabled = true;

  constructor(media: MediaStreamTrack) {
    super(media.kind as Kind, () => media, media.kind === 'video');
    this.#media = media;
    open.add(this);
  }

  /** Sends silence or black; the others are not notified. */
  async setMuted(muted: boolean): Promise<void> {
    this.muted = muted;
    this.#apply();
  }

  /** Sends nothing, and the others are notified that it is unpublished. */
  async setEnabled(enabled: boolean): Promise<void> {
    this.enabled = enabled;
    this.#apply();
  }

  close(): void {
    this.stop();
    this.#media.stop();
    open.delete(this);
    void this.setEnabled(false);
  }

  /** @internal */
  get kind(): Kind {
    return this.#media.kind as Kind;
  }

  /** @internal The browser's track. */
  get media(): MediaStreamTrack {
    return this.#media;
  }

  /** @internal In a call, `turn` turns the track of the call on and off. */
  setPublished(isPublished: boolean, turn?: (on: boolean) => void): void {
    this.#isPublished = isPublished;
    this.#switch = turn;
    this.#apply();
  }

  /** The call sets `enabled` of the track too, so it is turned first. */
  #apply(): void {
    const on = this.enabled && this.#isPublished;
    this.#switch?.(on);
    this.#media.enabled = on && !this.muted;
  }
}

/** The track of this kind that was created last. */
export function latest(kind: Kind): LocalTrack | undefined {
  return [...open].reverse().find((track) => track.kind === kind);
}

export async function createTracks({ microphone, camera }: { microphone?: MicrophoneConfig; camera?: CameraConfig }): Promise<LocalTrack[]> {
  if (!navigator.mediaDevices) throw failure('NOT_SUPPORTED', 'camera and microphone need https or localhost');
  const constraints = { audio: microphone && audioConstraints(microphone), video: camera && videoConstraints(camera) };
  const given = Object.fromEntries(Object.entries(constraints).filter(([, value]) => value));
  const stream = await navigator.mediaDevices.getUserMedia(given).catch((cause) => {
    throw deviceFailure(cause);
  });
  return [...stream.getAudioTracks(), ...stream.getVideoTracks()].map((media) => new LocalTrack(media));
}

function audioConstraints({ microphoneId, AEC, AGC, ANS }: MicrophoneConfig): MediaTrackConstraints {
  return defined({ deviceId: microphoneId, echoCancellation: AEC, autoGainControl: AGC, noiseSuppression: ANS });
}

function videoConstraints({ cameraId, facingMode, encoderConfig = '480p' }: CameraConfig): MediaTrackConstraints {
  return defined({ deviceId: cameraId, facingMode, ...size(encoderConfig) });
}

/** From a preset such as `720p_1`, or from width, height and frame rate. */
function size(config: NonNullable<CameraConfig['encoderConfig']>): MediaTrackConstraints {
  if (typeof config === 'string') return { height: { ideal: parseInt(config, 10) } };
  const { width, height, frameRate } = config;
  return defined({ width, height, frameRate });
}

function defined(constraints: { [K in keyof MediaTrackConstraints]: MediaTrackConstraints[K] | undefined }): MediaTrackConstraints {
  const present = Object.entries(constraints).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as MediaTrackConstraints;
}
