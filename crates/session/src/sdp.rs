//! The little that a session reads in, or writes into, session descriptions (RFC 8866).

use videocalls_protocol::Candidate;

/// The session id and version of a description's `o=` line.
///
/// By JSEP (RFC 8829 section 5.2.1) the id is random, stays the same for the life of one peer
/// connection, and the version grows with each description. Not all peers follow it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Origin {
    pub(crate) session: String,
    pub(crate) version: u64,
}

impl Origin {
    /// Whether the id is a constant of peers that generate none.
    pub(crate) fn is_placeholder(&self) -> bool {
        matches!(self.session.as_str(), "0" | "1")
    }
}

/// Reads a description's origin.
pub(crate) fn origin(sdp: &str) -> Option<Origin> {
    let mut words = value(sdp, "o=")?.split(' ');
    let _user = words.next();
    let session = words.next()?.to_owned();
    let version = words.next()?.parse().ok()?;
    Some(Origin { session, version })
}

/// Reads the ICE generation of a description: its (first) username fragment.
pub(crate) fn ufrag(sdp: &str) -> Option<String> {
    value(sdp, "a=ice-ufrag:").map(Into::into)
}

/// Reads the (first) fingerprint of the certificate of the connection that made a description.
pub(crate) fn fingerprint(sdp: &str) -> Option<String> {
    value(sdp, "a=fingerprint:").map(str::to_ascii_lowercase)
}

/// Hashes (FNV-1a) what stays the same in a description while its candidates are gathered.
pub(crate) fn content_hash(sdp: &str) -> u64 {
    const GATHERED: [&str; 4] = ["a=candidate:", "a=end-of-candidates", "a=rtcp:", "c="];
    let is_gathered = |line: &&str| GATHERED.iter().any(|prefix| line.starts_with(prefix));
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for line in sdp.lines().filter(|line| !is_gathered(line)) {
        for (index, word) in line.split(' ').enumerate() {
            let is_port = index == 1 && line.starts_with("m=");
            // The port 0 rejects the media section.
            if !is_port || word == "0" {
                hash = word.bytes().fold(hash, add_to_hash);
            }
        }
    }
    hash
}

fn add_to_hash(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// The rest of the first line that begins so.
fn value<'a>(sdp: &'a str, prefix: &str) -> Option<&'a str> {
    let line = sdp.lines().find_map(|line| line.strip_prefix(prefix))?;
    Some(line.trim())
}

/// Puts candidates into the media sections of a description that they belong to; those of another
/// generation stay out.
pub(crate) fn with_candidates(sdp: &str, candidates: &[Candidate]) -> String {
    let mut text = String::with_capacity(sdp.len() + candidates.len() * 128);
    let mut lines = sdp.lines().peekable();
    let generation = ufrag(sdp);
    let fits = |candidate: &Candidate| {
        candidate.username_fragment.is_none() || candidate.username_fragment == generation
    };
    let mut section: Option<usize> = None;
    let mut mid = None;
    while let Some(line) = lines.next() {
        if line.starts_with("m=") {
            section = Some(section.map_or(0, |index| index + 1));
            mid = None;
        } else if let Some(tag) = line.strip_prefix("a=mid:") {
            mid = Some(tag);
        }
        push_line(&mut text, "", line);
        let section_ends = lines.peek().is_none_or(|next| next.starts_with("m="));
        if let (true, Some(index)) = (section_ends, section) {
            for candidate in candidates
                .iter()
                .filter(|c| fits(c) && belongs(c, index, mid))
            {
                push_line(&mut text, "a=", &candidate.candidate);
            }
        }
    }
    text
}

fn belongs(candidate: &Candidate, index: usize, mid: Option<&str>) -> bool {
    if candidate.candidate.is_empty() {
        return false;
    }
    match (&candidate.sdp_mid, mid) {
        (Some(theirs), Some(mid)) => theirs == mid,
        _ => candidate
            .sdp_m_line_index
            .is_none_or(|theirs| usize::from(theirs) == index),
    }
}

fn push_line(text: &mut String, prefix: &str, line: &str) {
    text.push_str(prefix);
    text.push_str(line);
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:8hhY\r\na=mid:0\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:8hhY\r\na=mid:1\r\n";

    fn candidate(text: &str, mid: &str) -> Candidate {
        Candidate {
            candidate: text.into(),
            sdp_mid: Some(mid.into()),
            sdp_m_line_index: Some(0),
            username_fragment: None,
        }
    }

    #[test]
    fn origin_is_read_from_the_o_line() {
        let origin = origin(SDP).expect("it has one");
        assert_eq!(origin.session, "4611731400430051336");
        assert_eq!(origin.version, 2);
        assert_eq!(ufrag(SDP).as_deref(), Some("8hhY"));
        assert_eq!(super::origin("v=0\r\n"), None);
        assert_eq!(super::origin("o=- x"), None);
    }

    #[test]
    fn candidates_are_added_to_the_end_of_their_section() {
        let sdp = with_candidates(SDP, &[candidate("candidate:1 1 udp 1 h 9 typ host", "0")]);
        assert!(sdp.contains("a=mid:0\r\na=candidate:1 1 udp 1 h 9 typ host\r\nm=video"));
        let sdp = with_candidates(SDP, &[candidate("candidate:2 1 udp 1 h 9 typ host", "1")]);
        assert!(sdp.ends_with("a=mid:1\r\na=candidate:2 1 udp 1 h 9 typ host\r\n"));
    }

    #[test]
    fn candidate_of_another_generation_is_left_out() {
        let mut old = candidate("candidate:1 1 udp 1 h 9 typ host", "0");
        old.username_fragment = Some("other".into());
        assert_eq!(with_candidates(SDP, &[old.clone()]), SDP);
        old.username_fragment = Some("8hhY".into());
        assert_ne!(with_candidates(SDP, &[old]), SDP);
    }

    #[test]
    fn description_is_unchanged_without_candidates() {
        assert_eq!(with_candidates(SDP, &[]), SDP);
        assert_eq!(with_candidates(SDP, &[candidate("", "0")]), SDP);
    }

    #[test]
    fn content_hash_ignores_gathered_candidates() {
        let mut gathered =
            with_candidates(SDP, &[candidate("candidate:1 1 udp 1 h 9 typ host", "0")]);
        gathered = gathered.replace("audio 9", "audio 50000");
        assert_eq!(content_hash(SDP), content_hash(&gathered));
        let rejected = SDP.replace("audio 9", "audio 0");
        assert_ne!(content_hash(SDP), content_hash(&rejected));
    }

    #[test]
    fn fingerprint_is_read_in_either_case() {
        let read = fingerprint("a=fingerprint:SHA-256 AB:CD\r\n");
        assert_eq!(read.as_deref(), Some("sha-256 ab:cd"));
    }
}
