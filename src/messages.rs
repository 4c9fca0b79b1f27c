//! Texts of the app. Texts about errors come with the errors, from `videocalls-client`.

use videocalls_client::{
    Connection, InvalidName, InvalidRoom, ParticipantView, TrackState, UnavailableReason,
};

/// A participant's name, or "Guest".
pub fn name(participant: &ParticipantView) -> &str {
    participant
        .name
        .as_ref()
        .map_or("Guest", |name| name.as_str())
}

/// One or two letters in the page of a face. The style sheet makes them large and upper-case: here
/// that would cost 5 kB of tables.
pub fn initials(name: &str) -> String {
    let mut parts = name
        .split_whitespace()
        .filter_map(|part| part.chars().next());
    let ends = [parts.next(), parts.next_back()];
    ends.into_iter().flatten().collect()
}

/// Why a participant has no picture; `None` if there is one.
pub fn why_no_picture(connection: Connection, camera: TrackState) -> Option<&'static str> {
    match (connection, camera) {
        (Connection::Connecting, _) => Some("Connecting…"),
        (Connection::Interrupted, _) => Some("Connection interrupted"),
        _ => why_no_camera(camera),
    }
}

/// Why a camera sends no picture; `None` if it does.
pub fn why_no_camera(camera: TrackState) -> Option<&'static str> {
    match camera {
        TrackState::Live => None,
        TrackState::Off | TrackState::Muted => Some("Camera off"),
        TrackState::Requested => Some("Waiting for the camera…"),
        TrackState::Unavailable(UnavailableReason::DeviceNotFound) => Some("No camera"),
        TrackState::Unavailable(UnavailableReason::PermissionDenied) => Some("Camera blocked"),
        TrackState::Unavailable(UnavailableReason::DeviceInUse) => Some("Camera in use elsewhere"),
        _ => Some("Camera not working"),
    }
}

/// Why a microphone sends no sound; `None` if it does.
pub fn why_no_sound(microphone: TrackState) -> Option<&'static str> {
    match microphone {
        TrackState::Live => None,
        TrackState::Off | TrackState::Muted => Some("Microphone muted"),
        TrackState::Requested => Some("Waiting for the microphone…"),
        TrackState::Unavailable(UnavailableReason::DeviceNotFound) => Some("No microphone"),
        TrackState::Unavailable(UnavailableReason::PermissionDenied) => Some("Microphone blocked"),
        TrackState::Unavailable(UnavailableReason::DeviceInUse) => {
            Some("Microphone in use elsewhere")
        }
        _ => Some("Microphone not working"),
    }
}

/// What is wrong with a room name, and what to do.
pub fn room_error(error: InvalidRoom) -> String {
    match error {
        InvalidRoom::Empty => "Enter a name for the room.".to_owned(),
        InvalidRoom::TooLong => "That is too long: at most 128 letters.".to_owned(),
        InvalidRoom::Character(' ') => {
            "A room name can’t have spaces. Use - in their page.".to_owned()
        }
        InvalidRoom::Character(c) if !c.is_control() => {
            let mut sentence = "A room name can’t have ".to_owned();
            sentence.push(c);
            sentence.push_str(" in it. Use letters, digits and - _ . ~ only.");
            sentence
        }
        _ => "Use letters, digits and - _ . ~ only.".to_owned(),
    }
}

/// What is wrong with a display name, and what to do.
pub fn name_error(error: InvalidName) -> &'static str {
    match error {
        InvalidName::Empty => "Enter your name so that the others know who you are.",
        _ => "The name contains an invisible character. Type it again.",
    }
}

/// The announcement for a person who has joined a room with this many others.
pub fn joined_room(others: usize) -> String {
    match others {
        0 => "You joined. Nobody else is here yet.".to_owned(),
        1 => "You joined. One other person is here.".to_owned(),
        n => ["You joined. ", &n.to_string(), " other people are here."].concat(),
    }
}

/// For example "Ann, Bo and 3 others joined."; `None` for no names.
pub fn people_did(names: &[&str], did: &str) -> Option<String> {
    let who = match names {
        [] => return None,
        [one] => (*one).to_owned(),
        [one, two] => [one, " and ", two].concat(),
        [one, two, three] => [one, ", ", two, " and ", three].concat(),
        [one, two, rest @ ..] => {
            [one, ", ", two, " and ", &rest.len().to_string(), " others"].concat()
        }
    };
    Some([&who, " ", did, "."].concat())
}

#[cfg(test)]
mod tests {
    use videocalls_client::{DisplayName, RoomName};

    use super::*;

    #[test]
    fn takes_initials_from_first_and_last_name() {
        let cases = [
            ("ann", "a"),
            ("Ann B. Clark", "AC"),
            ("", ""),
            ("李 雷", "李雷"),
        ];
        for (name, expected) in cases {
            assert_eq!(initials(name), expected);
        }
    }

    #[test]
    fn explains_a_missing_picture_by_the_connection_first() {
        use Connection::{Connected, Connecting, Interrupted};
        assert_eq!(why_no_picture(Connected, TrackState::Live), None);
        assert_eq!(
            why_no_picture(Connected, TrackState::Muted),
            Some("Camera off")
        );
        assert_eq!(
            why_no_picture(Connecting, TrackState::Muted),
            Some("Connecting…")
        );
        let interrupted = why_no_picture(Interrupted, TrackState::Live);
        assert_eq!(interrupted, Some("Connection interrupted"));
    }

    #[test]
    fn shortens_long_lists_of_names() {
        assert_eq!(people_did(&[], "left"), None);
        assert_eq!(
            people_did(&["Ann", "Bo"], "left").as_deref(),
            Some("Ann and Bo left.")
        );
        let five = people_did(&["Ann", "Bo", "Cy", "Di", "Ed"], "joined");
        assert_eq!(five.as_deref(), Some("Ann, Bo and 3 others joined."));
    }

    #[test]
    fn error_texts_are_sentences() {
        let rooms = ["", "a b", "a/b", "a\nb"].map(|name| RoomName::new(name).unwrap_err());
        for text in rooms.map(room_error) {
            assert!(text.ends_with('.'), "{text}");
        }
        let names = ["", "a\u{202E}b"].map(|name| DisplayName::new(name).unwrap_err());
        for text in names.map(name_error) {
            assert!(text.ends_with('.'), "{text}");
        }
    }
}
