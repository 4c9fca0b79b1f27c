import { reachableMediaElements, resumeAfterBrowserPause, shows } from './media-elements.js';

/** The elements that a page has given to a call. */
export interface GivenElements {
  local: HTMLMediaElement | undefined;
  remote: HTMLMediaElement | undefined;
}

/** What the elements need of their call. */
export interface ElementsOwner {
  /** The streams of the call. */
  streams(): MediaStream[];
  /** The browser wants a gesture before it plays sound. Called once until it plays. */
  playbackBlocked(cause: unknown): void;
  /** What was blocked plays now. */
  playbackStarted(): void;
}

/** Shows a call in the elements of a page, and keeps it playing. */
export class Elements {
  #given: GivenElements;
  #owner: ElementsOwner;
  #shown = new Map<HTMLMediaElement, MediaStream | null>();
  /** The elements whose stream had a picture when it was last shown. */
  #withPicture = new WeakSet<HTMLMediaElement>();
  #released = new AbortController();
  /** Present while the browser wants a gesture; ends the wait for one. */
  #gesture: AbortController | undefined;

  constructor(given: GivenElements, owner: ElementsOwner) {
    this.#given = given;
    this.#owner = owner;
    for (const element of this.#all()) {
      resumeAfterBrowserPause(element, () => this.#resume(element), this.#released.signal);
    }
  }

  showLocal(stream: MediaStream | null): void {
    const { local } = this.#given;
    if (!local) return;
    local.muted = true;
    this.#show(local, stream);
  }

  showRemote(stream: MediaStream | null): void {
    if (this.#given.remote) this.#show(this.#given.remote, stream);
  }

  includes(element: HTMLMediaElement): boolean {
    return this.#all().includes(element);
  }

  /** Plays every element of the page that shows the call and is paused; returns whether all of them play. */
  async play(): Promise<boolean> {
    const streams = this.#owner.streams();
    const elements = new Set([...this.#all(), ...reachableMediaElements()]);
    const paused = [...elements].filter((element) => element.paused && shows(element, streams));
    const playing = await Promise.all(paused.map((element) => this.#play(element)));
    const all = playing.every(Boolean);
    if (this.#gesture && all) {
      this.#stopWaiting();
      this.#owner.playbackStarted();
    }
    return all;
  }

  /** Lets go of the elements, and clears those that nobody else uses. */
  release(isUsed: (element: HTMLMediaElement) => boolean): void {
    this.#released.abort();
    this.#stopWaiting();
    for (const [element, stream] of this.#shown) {
      if (element.srcObject === stream && !isUsed(element)) element.srcObject = null;
    }
    this.#shown.clear();
  }

  #all(): HTMLMediaElement[] {
    return [this.#given.local, this.#given.remote].filter((element) => element !== undefined);
  }

  #show(element: HTMLMediaElement, stream: MediaStream | null): void {
    this.#shown.set(element, stream);
    const hasPicture = Boolean(stream?.getTracks().some(({ kind }) => kind === 'video'));
    // Firefox keeps showing the last frame of a track that was removed from the stream.
    const isFrozen = this.#withPicture.has(element) && !hasPicture;
    if (hasPicture) this.#withPicture.add(element);
    else this.#withPicture.delete(element);
    // Without tracks an element has `ended`, and new tracks do not start it again in Firefox.
    if (element.srcObject === stream && !element.ended && !isFrozen) return;
    element.srcObject = stream;
    if (stream) void this.#play(element);
  }

  #resume(element: HTMLMediaElement): void {
    const stream = this.#shown.get(element);
    if (stream && element.paused && element.srcObject === stream) void this.#play(element);
  }

  /** Returns false if the browser wants a gesture first; anything else is replaced or removed by the page. */
  async #play(element: HTMLMediaElement): Promise<boolean> {
    try {
      await element.play();
      return true;
    } catch (cause) {
      if ((cause as Partial<DOMException>).name !== 'NotAllowedError') return true;
      this.#waitForGesture(element, cause);
      return false;
    }
  }

  #waitForGesture(element: HTMLMediaElement, cause: unknown): void {
    if (this.#released.signal.aborted) return;
    const isNew = !this.#gesture;
    this.#gesture ??= new AbortController();
    const { signal } = this.#gesture;
    for (const view of new Set([window, element.ownerDocument.defaultView ?? window])) {
      for (const type of ['click', 'keydown']) {
        view.addEventListener(type, this.#playOnGesture, { capture: true, signal });
      }
    }
    if (isNew) this.#owner.playbackBlocked(cause);
  }

  /** One function for all registrations, of which the browser ignores repeated ones. */
  #playOnGesture = (): void => void this.play();

  #stopWaiting(): void {
    this.#gesture?.abort();
    this.#gesture = undefined;
  }
}
