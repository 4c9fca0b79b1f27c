use unicode_normalization::UnicodeNormalization;
use videocalls_protocol::RoomName;

/// The rooms that a token is for: a name, in which `*` stands for any number of characters. The
/// names of rooms contain no `*`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct RoomPattern(String);

impl RoomPattern {
    /// A pattern for every spelling of its characters (Unicode NFC), like the names of rooms.
    pub(super) fn new(pattern: &str) -> Self {
        Self(pattern.nfc().collect())
    }

    pub(super) fn matches(&self, room: &RoomName) -> bool {
        let room = room.as_str();
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0 == room;
        };
        let Some(room) = room.strip_prefix(first) else {
            return false;
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut room) = room.strip_suffix(last) else {
            return false;
        };
        for part in middle.split('*') {
            match room.split_once(part) {
                Some((_, after)) => room = after,
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, room: &str) -> bool {
        RoomPattern::new(pattern).matches(&RoomName::new(room).unwrap())
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, room) in [
            ("standup", "standup"),
            ("*", "standup"),
            ("team-*", "team-"),
            ("team-*", "team-red"),
            ("*-red", "team-red"),
            ("team-*-red", "team-a-b-red"),
            ("t*m*d", "team-red"),
            ("**", "team"),
            ("cafe\u{301}", "caf\u{e9}"),
        ] {
            assert!(matches(pattern, room), "{pattern} {room}");
        }
        for (pattern, room) in [
            ("", "standup"),
            ("standup", "standup2"),
            ("Standup", "standup"),
            ("team-*", "team"),
            ("team-*", "a-team-red"),
            ("*-red", "team-red-2"),
            ("ab*ba", "aba"),
            ("a*b*c", "acb"),
            ("a*bc*c", "abc"),
        ] {
            assert!(!matches(pattern, room), "{pattern} {room}");
        }
    }
}
