use std::fmt;

/// Why a request can't be encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EncodeError {
    /// Messages of this dialect need a recipient, and this request has none.
    AddresseeMissing,
    /// This dialect needs a room name, and the join has none.
    RoomMissing,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddresseeMissing => "this dialect needs the recipient of a signal",
            Self::RoomMissing => "this dialect needs a room name",
        })
    }
}

impl std::error::Error for EncodeError {}

/// Why a frame can't be read. Contains nothing of the frame's content, so it can be logged.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is not JSON, or not the kind of JSON value that the dialect uses.
    Malformed {
        /// How many bytes were read before the error.
        at: usize,
    },
    /// A message of this kind lacks this field, or has a wrong value there.
    Field {
        /// The kind of message.
        kind: &'static str,
        /// The field.
        field: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { at } => {
                write!(f, "not a message of this dialect (byte {at})")
            }
            Self::Field { kind, field } => {
                write!(
                    f,
                    "a message of kind '{kind}' with a missing or wrong '{field}'"
                )
            }
        }
    }
}

impl std::error::Error for DecodeError {}
