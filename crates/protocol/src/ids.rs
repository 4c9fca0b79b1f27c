use std::fmt;

/// The name by which a server knows a participant; unique in a room for as long as the room lives.
///
/// Ids are opaque. Their order (bytewise) is used for one thing only: to decide, alike at both
/// ends, which of two peers is the polite one.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ParticipantId(String);

impl ParticipantId {
    /// Wraps an id that a server gave, or that a dialect has its clients make up.
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

/// A room's name: 1 to 128 characters of any script, without white space, control characters, and
/// punctuation of ASCII other than `-` `_` `.` `~`: what an address can carry as it is.
///
/// Upper and lower case differ.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoomName(String);

impl RoomName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Checks a room name; white space around it is dropped.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the name.
    pub fn new(name: &str) -> Result<Self, InvalidRoom> {
        let name = name.trim();
        if name.is_empty() {
            return Err(InvalidRoom::Empty);
        }
        if name.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(InvalidRoom::TooLong);
        }
        match name.chars().find(|&c| !may_name_a_room(c)) {
            Some(c) => Err(InvalidRoom::Character(c)),
            None => Ok(Self(name.to_owned())),
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
    /// There is no name.
    Empty,
    /// It has more than [`RoomName::MAX_CHARS`] characters.
    TooLong,
    /// It holds this character, which a room name may not.
    Character(char),
}

/// What it says; without a formatter, which a browser would have to download.
impl From<InvalidRoom> for String {
    fn from(wrong: InvalidRoom) -> Self {
        match wrong {
            InvalidRoom::Empty => "the room name is empty".into(),
            InvalidRoom::TooLong => "the room name has more than 128 characters".into(),
            InvalidRoom::Character(c) => {
                let mut text = Self::from("the room name may not hold '");
                text.extend(c.escape_default());
                text.push('\'');
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

    /// Checks a name; white space around it is dropped.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let name = name.trim();
        if name.is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(InvalidName::TooLong);
        }
        if name.chars().any(is_disguise) {
            return Err(InvalidName::ControlCharacter);
        }
        Ok(Self(name.to_owned()))
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

fn may_name_a_room(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "-_.~".contains(c);
    }
    !c.is_whitespace() && !is_disguise(c)
}

/// Characters that hide or reorder the text around them, by which one name can pose as another.
fn is_disguise(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Why a text is not a [`DisplayName`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InvalidName {
    /// There is no name.
    Empty,
    /// It has more than [`DisplayName::MAX_CHARS`] characters.
    TooLong,
    /// It holds a control character or one that changes the direction of text.
    ControlCharacter,
}

/// What it says; see [`InvalidRoom`]'s.
impl From<InvalidName> for String {
    fn from(wrong: InvalidName) -> Self {
        let text = match wrong {
            InvalidName::Empty => "the name is empty",
            InvalidName::TooLong => "the name has more than 64 characters",
            InvalidName::ControlCharacter => {
                "the name holds a control character or one that changes the direction of text"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_name_keeps_its_letters_in_any_script() {
        for name in ["standup", "Straße_7", "会議.1", "a~b-c"] {
            assert_eq!(
                RoomName::new(name).map(|room| room.to_string()),
                Ok(name.to_owned())
            );
        }
    }

    #[test]
    fn a_wrong_room_name_says_what_is_wrong() {
        assert_eq!(RoomName::new("  "), Err(InvalidRoom::Empty));
        assert_eq!(RoomName::new(&"x".repeat(129)), Err(InvalidRoom::TooLong));
        assert_eq!(RoomName::new("a/b"), Err(InvalidRoom::Character('/')));
        assert_eq!(RoomName::new("a b"), Err(InvalidRoom::Character(' ')));
        assert!(InvalidRoom::Character('\n').to_string().contains("\\n"));
    }

    #[test]
    fn a_display_name_is_trimmed_text_without_disguise() {
        assert_eq!(
            DisplayName::new(" Ann <b> ").map(|n| n.to_string()),
            Ok("Ann <b>".to_owned())
        );
        assert_eq!(DisplayName::new(""), Err(InvalidName::Empty));
        assert_eq!(DisplayName::new(&"é".repeat(65)), Err(InvalidName::TooLong));
        assert_eq!(
            DisplayName::new("a\u{202E}b"),
            Err(InvalidName::ControlCharacter)
        );
    }
}
