// `AgoraRTC` in a classic script, as far as a group call needs it; docs/compatibility.md lists what there is. Calls use
// `rooms` of the server that this script comes from, and the package beside it:
//
//   <script src="https://example.org/videocalls/agora.js"></script>
//
// `data-signaling` is the address of other rooms, `data-ice-servers` the JSON of a list of RTCIceServer.
import { Client } from './agora/client.js';
import { notOffered, only } from './agora/errors.js';
import { createTracks, type CameraConfig, type LocalTrack, type MicrophoneConfig } from './agora/tracks.js';

class AgoraRTC extends only('AgoraRTC') {
  /** The codec is negotiated by the browsers. */
  createClient({ mode = 'rtc' } = {}): Client {
    if (mode !== 'rtc') throw notOffered(`AgoraRTC.createClient with mode '${mode}'`);
    return new Client();
  }

  createMicrophoneAndCameraTracks(microphone: MicrophoneConfig = {}, camera: CameraConfig = {}): Promise<LocalTrack[]> {
    return createTracks({ microphone, camera });
  }

  async createMicrophoneAudioTrack(microphone: MicrophoneConfig = {}): Promise<LocalTrack | undefined> {
    const [track] = await createTracks({ microphone });
    return track;
  }

  async createCameraVideoTrack(camera: CameraConfig = {}): Promise<LocalTrack | undefined> {
    const [track] = await createTracks({ camera });
    return track;
  }
}

Object.assign(globalThis, { AgoraRTC: new AgoraRTC() });
