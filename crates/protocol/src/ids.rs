use std::fmt;

/// The id of a participant, unique in a room for as long as the room exists.
///
/// Ids are opaque. Their bytewise order is used to decide, alike at both ends, which of two peers
/// is the polite one.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ParticipantId(String);

impl ParticipantId {
    /// Wraps an id that a server assigned, or that a client chose where its dialect says so.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a room, as a server takes it.
///
/// [`new`](Self::new) applies the rule of the `rooms` dialect, [`verbatim`](Self::verbatim) none.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoomName(String);

impl RoomName {
    /// The longest name in the `rooms` dialect, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Checks the name of a room in the `rooms` dialect: 1 to 128 characters of any script, without
    /// white space, control characters, and ASCII punctuation other than `-` `_` `.` `~`. Case is
    /// significant. White space around the name is dropped.
    ///
    /// Two encodings of one name, such as `é` as one character or as two, are made equal by the
    /// server (Unicode NFC), which has the tables for that; a visitor need not download them.
    ///
    /// # Errors
    ///
    /// Tells what is wrong with the name.
    pub fn new(name: &str) -> Result<Self, InvalidRoom> {
        let name = name.trim();
        if name.is_empty() {
            return Err(InvalidRoom::Empty);
        }
        if name.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(InvalidRoom::TooLong);
        }
        match name.chars().find(|&c| !is_allowed_in_room(c)) {
            Some(c) => Err(InvalidRoom::Character(c)),
            None => Ok(Self(name.to_owned())),
        }
    }

    /// Takes any name that is not empty, for servers that have their own rule.
    ///
    /// # Errors
    ///
    /// [`InvalidRoom::Empty`].
    pub fn verbatim(name: &str) -> Result<Self, InvalidRoom> {
        match name {
            "" => Err(InvalidRoom::Empty),
            name => Ok(Self(name.to_owned())),
        }
    }

    /// The name as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a [`RoomName`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InvalidRoom {
    /// The name is empty.
    Empty,
    /// The name has more than [`RoomName::MAX_CHARS`] characters.
    TooLong,
    /// The name contains this character, which is not allowed.
    Character(char),
}

/// The message of the error, without the formatting code that a browser would have to download.
impl From<InvalidRoom> for String {
    fn from(error: InvalidRoom) -> Self {
        match error {
            InvalidRoom::Empty => "the room name is empty".into(),
            InvalidRoom::TooLong => "the room name has more than 128 characters".into(),
            InvalidRoom::Character(c) => {
                let mut text = Self::from("the room name contains '");
                text.extend(c.escape_default());
                text.push_str("', which is not allowed");
                text
            }
        }
    }
}

impl fmt::Display for InvalidRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(*self))
    }
}

impl std::error::Error for InvalidRoom {}

/// What a participant is called: 1 to 64 characters, without control or text-direction characters.
///
/// A name is text to show, never markup, and need not be unique.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DisplayName(String);

impl DisplayName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Checks a name. White space and invisible characters around it are dropped, and so are
    /// combining marks before its first letter. A longer name is cut between two characters as
    /// people see them: no letter loses its accent.
    ///
    /// # Errors
    ///
    /// Tells what is wrong with the name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let name = trim(cut(trim(name), Self::MAX_CHARS));
        if name.is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.chars().any(is_deceptive) {
            return Err(InvalidName::ControlCharacter);
        }
        Ok(Self(name.to_owned()))
    }

    /// Checks a name that may be missing. An empty name counts as missing.
    ///
    /// # Errors
    ///
    /// Tells what is wrong with the name.
    pub fn optional(name: Option<&str>) -> Result<Option<Self>, InvalidName> {
        match name.map(Self::new) {
            None | Some(Err(InvalidName::Empty)) => Ok(None),
            Some(name) => name.map(Some),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a [`DisplayName`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InvalidName {
    /// The name is empty.
    Empty,
    /// The name contains a control character or one that changes the direction of text.
    ControlCharacter,
}

/// The message of the error; see [`InvalidRoom`].
impl From<InvalidName> for String {
    fn from(error: InvalidName) -> Self {
        let text = match error {
            InvalidName::Empty => "the name is empty",
            InvalidName::ControlCharacter => {
                "the name contains a control character or one that changes the direction of text"
            }
        };
        text.into()
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(*self))
    }
}

impl std::error::Error for InvalidName {}

fn is_allowed_in_room(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "-_.~".contains(c);
    }
    !c.is_whitespace() && !is_deceptive(c)
}

/// Characters that hide or reorder the text around them, by which one name can pose as another.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Drops from both ends what can't be seen there.
fn trim(name: &str) -> &str {
    name.trim_start_matches(|c| is_invisible(c) || extends_previous(c))
        .trim_end_matches(is_invisible)
}

fn is_invisible(c: char) -> bool {
    c.is_whitespace() || is_deceptive(c) || is_joiner(c)
}

/// Cuts a text after so many characters, or before them if the cut would split a letter from its
/// marks.
fn cut(name: &str, most: usize) -> &str {
    let mut fitting = None;
    // Nothing is cut before the first character.
    let mut is_joined = true;
    for (index, (at, c)) in name.char_indices().enumerate() {
        if !is_joined && !extends_previous(c) {
            fitting = Some(at);
        }
        if index == most {
            // An index would bring its panic, with the formatting of text, into each download.
            return name.get(..fitting.unwrap_or(at)).unwrap_or(name);
        }
        is_joined = is_joiner(c);
    }
    name
}

/// Characters that are drawn as a part of the one before: combining marks, variation selectors, the
/// skin tones of emoji, and joiners.
fn extends_previous(c: char) -> bool {
    is_joiner(c)
        || matches!(c,
            '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{1AB0}'..='\u{1AFF}'
            | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FE20}'..='\u{FE2F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

/// The zero-width joiner and non-joiner, which have a meaning between two letters only.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<String, InvalidName> {
        DisplayName::new(text).map(|name| name.to_string())
    }

    #[test]
    fn room_name_keeps_letters_of_any_script() {
        for name in ["standup", "Straße_7", "会議.1", "a~b-c"] {
            assert_eq!(
                RoomName::new(name).map(|room| room.to_string()),
                Ok(name.to_owned())
            );
        }
    }

    #[test]
    fn invalid_room_name_is_an_error_that_names_the_reason() {
        assert_eq!(RoomName::new("  "), Err(InvalidRoom::Empty));
        assert_eq!(RoomName::new(&"x".repeat(129)), Err(InvalidRoom::TooLong));
        assert_eq!(RoomName::new("a/b"), Err(InvalidRoom::Character('/')));
        assert_eq!(RoomName::new("a b"), Err(InvalidRoom::Character(' ')));
        assert!(InvalidRoom::Character('\n').to_string().contains("\\n"));
    }

    #[test]
    fn verbatim_room_name_is_any_text_but_the_empty_one() {
        for name in ["a/b c?", " x ", "e\u{301}"] {
            let room = RoomName::verbatim(name);
            assert_eq!(room.map(|room| room.to_string()), Ok(name.to_owned()));
        }
        assert_eq!(RoomName::verbatim(""), Err(InvalidRoom::Empty));
    }

    #[test]
    fn display_name_is_trimmed_and_kept_as_text() {
        assert_eq!(name(" Ann <b> "), Ok("Ann <b>".to_owned()));
        assert_eq!(name("Jose\u{301}"), Ok("Jose\u{301}".to_owned()));
    }

    #[test]
    fn empty_display_name_counts_as_missing() {
        for empty in ["", "  ", "\u{200E}\u{200F}", "\u{301}", "\u{FEFF}\u{200D}"] {
            assert_eq!(name(empty), Err(InvalidName::Empty), "{empty:?}");
            assert_eq!(DisplayName::optional(Some(empty)), Ok(None), "{empty:?}");
        }
        assert_eq!(DisplayName::optional(None), Ok(None));
        assert!(matches!(DisplayName::optional(Some("Ann")), Ok(Some(_))));
    }

    #[test]
    fn marks_at_the_ends_of_a_display_name_are_dropped() {
        for marked in [
            "\u{202A}Ann\u{202C}",
            "Ann\u{200E}",
            "\u{FEFF} Ann \u{200B}",
            "\u{301}Ann",
            "\u{200F}\u{308}Ann\u{200D}",
            "Ann\n\0",
        ] {
            assert_eq!(name(marked), Ok("Ann".to_owned()), "{marked:?}");
        }
    }

    #[test]
    fn long_display_name_is_cut_between_visible_characters() {
        assert_eq!(name(&"é".repeat(65)), Ok("é".repeat(64)));
        // The accent is the 65th character, so its letter goes too.
        let accented = "x".repeat(63) + "e\u{301}y";
        assert_eq!(name(&accented), Ok("x".repeat(63)));
        let family = "x".repeat(62) + "👩\u{200D}👧";
        assert_eq!(name(&family), Ok("x".repeat(62)));
        let spaced = "x".repeat(63) + " yz";
        assert_eq!(name(&spaced), Ok("x".repeat(63)));
        let marks = "e".to_owned() + &"\u{301}".repeat(100);
        assert!(name(&marks).is_ok_and(|name| name.chars().count() <= 64));
    }

    #[test]
    fn hidden_characters_inside_a_display_name_are_an_error() {
        assert_eq!(name("a\u{202E}b"), Err(InvalidName::ControlCharacter));
        assert_eq!(name("a\nb"), Err(InvalidName::ControlCharacter));
    }
}
