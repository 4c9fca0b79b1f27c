/**
 * How a screen is shared. All other options are the browser's own, see
 * https://www.w3.org/TR/screen-capture/#displaymediastreamoptions. By default there is sound where the browser gives it
 * (`audio: true`, `systemAudio: 'include'`), the own tab is not offered (`selfBrowserSurface: 'exclude'`), and the person
 * can change to another tab (`surfaceSwitching: 'include'`).
 */
export interface ScreenShareOptions {
  /** What matters in the picture: sharp text, or smooth motion. Default `detail`. */
  contentHint?: 'detail' | 'motion';
  /**
   * Sends the screen in the camera's place, without its sound, to peers that receive one video track only. It has no
   * effect in the dialect `rooms`, whose clients receive both. Default false.
   */
  replaceCamera?: boolean;
  audio?: boolean | (MediaTrackConstraints & { restrictOwnAudio?: boolean; suppressLocalAudioPlayback?: boolean });
  video?: boolean | (MediaTrackConstraints & { displaySurface?: 'browser' | 'window' | 'monitor' });
  systemAudio?: 'include' | 'exclude';
  windowAudio?: 'exclude' | 'window' | 'system';
  surfaceSwitching?: 'include' | 'exclude';
  selfBrowserSurface?: 'include' | 'exclude';
  monitorTypeSurfaces?: 'include' | 'exclude';
  preferCurrentTab?: boolean;
  /** A `CaptureController`. */
  controller?: object;
}
