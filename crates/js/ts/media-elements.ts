declare global {
  // https://wicg.github.io/document-picture-in-picture/
  var documentPictureInPicture: { readonly window: Window | null } | undefined;
}

/** Whether a value is an `<audio>` or `<video>`, of any same-origin document. */
export function isMediaElement(value: unknown): value is HTMLMediaElement {
  return /^(AUDIO|VIDEO)$/.test((value as Partial<Element> | null)?.nodeName ?? '') && 'srcObject' in (value as object);
}

/**
 * All media elements that this page can reach: in its document, in open shadow roots, in frames of the same origin, and in
 * the Document Picture-in-Picture window.
 */
export function* reachableMediaElements(): Generator<HTMLMediaElement> {
  yield* mediaElementsIn(document);
  const floating = globalThis.documentPictureInPicture?.window;
  if (floating) yield* mediaElementsIn(floating.document);
}

function* mediaElementsIn(root: Document | ShadowRoot): Generator<HTMLMediaElement> {
  for (const element of root.querySelectorAll('*')) {
    if (isMediaElement(element)) yield element;
    if (element.shadowRoot) yield* mediaElementsIn(element.shadowRoot);
    // Null for a frame of another origin.
    const frame = /^I?FRAME$/.test(element.nodeName) && (element as HTMLIFrameElement).contentDocument;
    if (frame) yield* mediaElementsIn(frame);
  }
}

/** Whether an element shows one of the streams, or a stream of the page's own with a track of them. */
export function shows(element: HTMLMediaElement, streams: readonly MediaStream[]): boolean {
  const source = element.srcObject;
  if (!source || !('getTracks' in source)) return false;
  const tracks = source.getTracks();
  return streams.some((stream) => stream === source || stream.getTracks().some((track) => tracks.includes(track)));
}

const CHECK_MS = 100;

/**
 * Resumes an element that the browser has paused: because it was taken out of its document, moved to another one, or
 * because its page was hidden or frozen. An element that is paused in a visible page stays paused: the person or the page
 * has paused it.
 */
export function resumeAfterBrowserPause(element: HTMLMediaElement, resume: () => void, signal: AbortSignal): void {
  let isPausedOnPurpose = false;
  const isShown = () => element.ownerDocument.visibilityState === 'visible';
  const resumeWhenShown = () => {
    if (isShown() && !isPausedOnPurpose) resume();
  };
  const followDocument = () => element.ownerDocument.addEventListener('visibilitychange', resumeWhenShown, { signal });
  followDocument();
  const on = (type: string, listener: () => void) => element.addEventListener(type, listener, { signal });
  on('play', () => (isPausedOnPurpose = false));
  on('pause', () => {
    if (!element.isConnected) resumeWhenConnected(element, resume, signal);
    // A frozen page, such as one in the back-forward cache, receives this only after it is shown and has resumed.
    else if (isShown()) isPausedOnPurpose = element.paused;
  });
  // Fires when the element is moved to the document of another window, which resets it without `pause`.
  on('emptied', () => {
    followDocument();
    resume();
  });
}

/** No event tells that an element is in a document again, so this checks from time to time. */
function resumeWhenConnected(element: HTMLMediaElement, resume: () => void, signal: AbortSignal): void {
  const timer = setInterval(() => {
    if (!element.isConnected) return;
    clearInterval(timer);
    resume();
  }, CHECK_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
}
