//! The little that a session reads in, or writes into, session descriptions (RFC 8866).

use videocalls_protocol::Candidate;

/// Who made a description, and which edition it is: the `o=` line's session id and version.
///
/// JSEP (RFC 8829 section 5.2.1) has the id stay the same for the life of one peer connection and
/// the version grow with each description. So the pair tells, in any dialect, a fresh connection
/// from a renegotiation, and both from a repetition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Origin {
    pub(crate) session: String,
    pub(crate) version: u64,
}

/// Reads a description's origin.
pub(crate) fn origin(sdp: &str) -> Option<Origin> {
    let line = sdp.lines().find_map(|line| line.strip_prefix("o="))?;
    let mut words = line.split(' ');
    let _user = words.next();
    let session = words.next()?.to_owned();
    let version = words.next()?.parse().ok()?;
    Some(Origin { session, version })
}

/// Reads the ICE generation of a description: its (first) username fragment.
pub(crate) fn ufrag(sdp: &str) -> Option<String> {
    sdp.lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
        .map(|ufrag| ufrag.trim().into())
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
    fn the_origin_names_the_connection_and_the_edition() {
        let origin = origin(SDP).expect("it has one");
        assert_eq!(origin.session, "4611731400430051336");
        assert_eq!(origin.version, 2);
        assert_eq!(ufrag(SDP).as_deref(), Some("8hhY"));
        assert_eq!(super::origin("v=0\r\n"), None);
        assert_eq!(super::origin("o=- x"), None);
    }

    #[test]
    fn candidates_go_to_the_end_of_their_section() {
        let sdp = with_candidates(SDP, &[candidate("candidate:1 1 udp 1 h 9 typ host", "0")]);
        assert!(sdp.contains("a=mid:0\r\na=candidate:1 1 udp 1 h 9 typ host\r\nm=video"));
        let sdp = with_candidates(SDP, &[candidate("candidate:2 1 udp 1 h 9 typ host", "1")]);
        assert!(sdp.ends_with("a=mid:1\r\na=candidate:2 1 udp 1 h 9 typ host\r\n"));
    }

    #[test]
    fn a_candidate_of_another_generation_stays_out() {
        let mut old = candidate("candidate:1 1 udp 1 h 9 typ host", "0");
        old.username_fragment = Some("other".into());
        assert_eq!(with_candidates(SDP, &[old.clone()]), SDP);
        old.username_fragment = Some("8hhY".into());
        assert_ne!(with_candidates(SDP, &[old]), SDP);
    }

    #[test]
    fn no_candidate_or_the_end_of_them_leaves_the_text_as_it_is() {
        assert_eq!(with_candidates(SDP, &[]), SDP);
        assert_eq!(with_candidates(SDP, &[candidate("", "0")]), SDP);
    }
}
