/** What a participant may do; docs/tokens.md explains each. */
export type Grant = 'join' | 'publish-microphone' | 'publish-camera' | 'publish-screen' | 'moderate' | 'bypass-lobby';

/** What moderators do, as the WebAssembly and the server name it. */
export type Act = 'admit' | 'deny' | 'lock' | 'lobby' | 'mute' | 'stop-video' | 'stop-screen' | 'remove' | 'end';

/**
 * What a moderator can do. The server carries it out, for those whose access token has the grant `moderate`.
 * All methods throw a `VideoCallError` with the code `not-permitted` for others.
 */
export class Moderate {
  #act: (act: Act, to?: string, on?: boolean) => void;

  /** @internal */
  constructor(act: (act: Act, to?: string, on?: boolean) => void) {
    this.#act = act;
  }

  /** Lets someone in who waits in the lobby: the `id` of the event `knock`. */
  admit(id: string): void {
    this.#act('admit', id);
  }

  /** Turns someone away who waits in the lobby. */
  deny(id: string): void {
    this.#act('deny', id);
  }

  /** Locks the room, so that nobody else can join, or unlocks it. */
  lock(on = true): void {
    this.#act('lock', undefined, on);
  }

  /** Makes newcomers wait in the lobby until they are admitted, or no longer. */
  lobby(on = true): void {
    this.#act('lobby', undefined, on);
  }

  /** Turns the microphone of a participant off, who can turn it on again. */
  mute(id: string): void {
    this.#act('mute', id);
  }

  /** Turns the camera of a participant off, who can turn it on again. */
  stopVideo(id: string): void {
    this.#act('stop-video', id);
  }

  /** Asks a participant to stop showing their screen. */
  stopScreen(id: string): void {
    this.#act('stop-screen', id);
  }

  /** Removes a participant, who can't come back. */
  remove(id: string): void {
    this.#act('remove', id);
  }

  /** Ends the call for everyone. */
  endForAll(): void {
    this.#act('end');
  }
}
