// Whether a media element plays, judged by two readings of it. A stream can carry sound that nobody
// hears: its element is paused or muted, or waits for the first frame of a video track (Chromium and
// Firefox play no sound before that frame).
//
// The functions are also sent into the page as source text: they must not name anything outside.

/** The properties of a media element at one moment. */
export function readElement({ paused, muted, volume, readyState, currentTime }) {
  return { paused, muted, volume, readyState, currentTime };
}

/** Why an element does not play, by two readings of it: `no data`, `paused`, `stalled`; `null` if it plays. */
export function whyNotPlaying(before, after) {
  const HAVE_CURRENT_DATA = 2;
  if (after.readyState < HAVE_CURRENT_DATA) return 'no data'; // Also paused, if it waits to play by `autoplay`.
  if (after.paused) return 'paused';
  return after.currentTime > before.currentTime ? null : 'stalled';
}

/** Why an element gives no sound, by two readings of it: as above, or `muted`; `null` if it gives the sound of its stream. */
export function whyInaudible(before, after) {
  const stopped = whyNotPlaying(before, after);
  return stopped ?? (after.muted || after.volume === 0 ? 'muted' : null);
}
