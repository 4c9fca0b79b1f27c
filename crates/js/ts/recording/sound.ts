/** Mixes all sounds of a call into one. */
export class Sound {
  #context = new AudioContext();
  #mix = this.#context.createMediaStreamDestination();
  #sources = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>();

  get track(): MediaStreamTrack {
    return this.#mix.stream.getAudioTracks()[0]!;
  }

  /** Plays the sound of these streams, and of no other. */
  play(streams: readonly (MediaStream | null)[]): void {
    const tracks = new Set(streams.flatMap((stream) => stream?.getAudioTracks() ?? []));
    for (const [track, source] of this.#sources) {
      if (tracks.has(track)) continue;
      source.disconnect();
      this.#sources.delete(track);
    }
    for (const track of tracks) {
      if (this.#sources.has(track)) continue;
      const source = this.#context.createMediaStreamSource(new MediaStream([track]));
      source.connect(this.#mix);
      this.#sources.set(track, source);
    }
  }

  release(): void {
    this.play([]);
    void this.#context.close();
  }
}
