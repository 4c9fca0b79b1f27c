//! Holds participants to the sources that they may send.
//!
//! Media goes from browser to browser, so the server writes into each description that it passes on
//! what its sender may send: a section of a kind that they may not send becomes one in which they only
//! receive. The browser at the other end then takes no media of this kind from them (RFC 3264).

use videocalls_protocol::{Grant, Grants, MediaState, Signal, TrackState};

/// Limits a description to what its sender may send. Other signals are left as they are.
pub(crate) fn limit_signal(signal: Signal, grants: Grants) -> Signal {
    if may_send(grants, "audio") && may_send(grants, "video") {
        return signal;
    }
    match signal {
        Signal::Offer { id, sdp } => Signal::Offer {
            id,
            sdp: limit_description(&sdp, grants),
        },
        Signal::Answer { id, sdp } => Signal::Answer {
            id,
            sdp: limit_description(&sdp, grants),
        },
        signal => signal,
    }
}

/// Limits what a participant announces to what they may send.
pub(crate) fn limit_media(media: MediaState, grants: Grants) -> MediaState {
    let limit = |state, kind| match may_send(grants, kind) {
        true => state,
        false => TrackState::NotRequested,
    };
    MediaState {
        audio: limit(media.audio, "audio"),
        video: limit(media.video, "video"),
    }
}

/// Which source a section is for is not known here, so it may be any that has media of its kind.
fn may_send(grants: Grants, kind: &str) -> bool {
    let source = match kind {
        "audio" => Grant::PublishMicrophone,
        "video" => Grant::PublishCamera,
        _ => return true,
    };
    grants.has(source) || grants.has(Grant::PublishScreen)
}

/// Goes through the sections of an SDP (RFC 8866 section 5).
fn limit_description(sdp: &str, grants: Grants) -> String {
    let mut limited = String::with_capacity(sdp.len() + 64);
    let mut section = Section::default();
    for line in sdp.split_inclusive('\n') {
        if let Some(media) = line.strip_prefix("m=") {
            section.finish(&mut limited);
            let kind = media.split(' ').next().unwrap_or_default();
            section = Section::new(!may_send(grants, kind));
        }
        limited.push_str(section.limit(line));
    }
    section.finish(&mut limited);
    limited
}

/// One section of a description.
#[derive(Default)]
struct Section {
    is_limited: bool,
    has_direction: bool,
}

impl Section {
    fn new(is_limited: bool) -> Self {
        Self {
            is_limited,
            has_direction: false,
        }
    }

    fn limit<'a>(&mut self, line: &'a str) -> &'a str {
        if !self.is_limited {
            return line;
        }
        let limited = match line.trim_end() {
            "a=sendrecv" | "a=recvonly" => "a=recvonly\r\n",
            "a=sendonly" | "a=inactive" => "a=inactive\r\n",
            _ => return line,
        };
        self.has_direction = true;
        limited
    }

    /// A section without a direction would be one that sends (RFC 8866 section 6.7).
    fn finish(&self, sdp: &mut String) {
        if self.is_limited && !self.has_direction {
            if !sdp.ends_with('\n') {
                sdp.push_str("\r\n");
            }
            sdp.push_str("a=recvonly\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\na=sendrecv\r\nm=audio 9 UDP 0\r\na=sendrecv\r\na=mid:0\r\n\
        m=video 9 UDP 0\r\na=sendonly\r\nm=application 9 UDP 0\r\na=sendrecv\r\nm=video 9 UDP 0\r\na=mid:3";

    fn limited(grants: &[&str]) -> String {
        let grants = Grants::from_names(grants.iter().copied());
        let sdp = SDP.to_owned();
        match limit_signal(Signal::Offer { id: None, sdp }, grants) {
            Signal::Offer { sdp, .. } => sdp,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn leaves_what_may_be_sent() {
        assert_eq!(limited(&["publish"]), SDP);
        assert_eq!(limited(&["publish-screen"]), SDP);
    }

    #[test]
    fn makes_other_sections_receive_only() {
        let without_camera = limited(&["publish-microphone"]);
        let expected = "v=0\r\na=sendrecv\r\nm=audio 9 UDP 0\r\na=sendrecv\r\na=mid:0\r\n\
            m=video 9 UDP 0\r\na=inactive\r\nm=application 9 UDP 0\r\na=sendrecv\r\nm=video 9 UDP 0\r\na=mid:3\r\na=recvonly\r\n";
        assert_eq!(without_camera, expected);
        assert!(limited(&["join"]).contains("m=audio 9 UDP 0\r\na=recvonly\r\na=mid:0"));
    }

    #[test]
    fn announces_only_what_may_be_sent() {
        let grants = Grants::from_names(["publish-microphone"]);
        let media = limit_media(MediaState::LIVE, grants);
        assert_eq!(media.audio, TrackState::Live);
        assert_eq!(media.video, TrackState::NotRequested);
    }
}
