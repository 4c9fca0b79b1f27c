//! The announcement of the channels in a session description (RFC 8864 section 5).

/// One attribute for each [`Channel`](super::Channel). Browsers ignore them.
const ATTRIBUTES: &str = "a=dcmap:100 subprotocol=\"videocalls\";label=\"videocalls\"\r\n\
    a=dcmap:101 subprotocol=\"videocalls\";label=\"videocalls\";ordered=false;max-retr=0\r\n";

/// Adds the announcement to the data section of a description, if it has one.
pub fn announce(sdp: &str) -> String {
    // Line by line: searching for a text brings 5 kB of the standard library into each download.
    let mut announced = String::with_capacity(sdp.len() + ATTRIBUTES.len());
    let mut is_data = false;
    for line in sdp.split_inclusive('\n') {
        if line.starts_with("m=") {
            announced.push_str(if is_data { ATTRIBUTES } else { "" });
            is_data = line.starts_with("m=application ");
        }
        announced.push_str(line);
    }
    announced.push_str(if is_data { ATTRIBUTES } else { "" });
    announced
}

/// Whether a description announces the channels.
pub fn is_announced(sdp: &str) -> bool {
    let announced = ATTRIBUTES.lines().next();
    sdp.lines().any(|line| Some(line) == announced)
}

#[cfg(test)]
mod tests {
    use super::super::Channel;
    use super::*;

    const AUDIO: &str = "v=0\r\nm=audio 9 X 0\r\na=mid:0\r\n";
    const DATA: &str = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n";

    #[test]
    fn channels_are_announced_at_the_end_of_the_data_section() {
        let last = [AUDIO, DATA].concat();
        assert_eq!(announce(&last), [AUDIO, DATA, ATTRIBUTES].concat());
        let video = "m=video 9 X 96\r\na=mid:2\r\n";
        let between = [AUDIO, DATA, video].concat();
        assert_eq!(
            announce(&between),
            [AUDIO, DATA, ATTRIBUTES, video].concat()
        );
        assert!(is_announced(&announce(&between)));
        assert!(!is_announced(&between));
    }

    #[test]
    fn description_without_a_data_section_announces_nothing() {
        assert_eq!(announce(AUDIO), AUDIO);
        assert!(!is_announced(""));
    }

    #[test]
    fn announced_ids_are_those_of_the_channels() {
        for (channel, line) in Channel::ALL.into_iter().zip(ATTRIBUTES.lines()) {
            let begin = format!(
                "a=dcmap:{} subprotocol=\"{}\"",
                channel.id(),
                Channel::LABEL
            );
            assert!(line.starts_with(&begin), "{line}");
        }
    }
}
