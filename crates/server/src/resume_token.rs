use rand::random;
use sha2::{Digest, Sha256};
use videocalls_protocol::ParticipantId;

/// The secret by which a participant proves that a seat is theirs.
///
/// The identity stays the same, so that a restarted server gives the participant the same id again.
/// The nonce is valid for one resume only.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct ResumeToken {
    identity: u128,
    nonce: u128,
}

impl ResumeToken {
    /// A token for a new participant.
    pub(crate) fn new() -> Self {
        Self {
            identity: random(),
            nonce: random(),
        }
    }

    /// The next token of the same participant.
    pub(crate) fn renewed(self) -> Self {
        Self {
            nonce: random(),
            ..self
        }
    }

    /// Reads a token as [`ResumeToken::to_text`] writes it, and no other spelling.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (identity, nonce) = text.split_once('.')?;
        let number = |half| u128::from_str_radix(half, 16).ok();
        let token = Self {
            identity: number(identity)?,
            nonce: number(nonce)?,
        };
        (token.to_text() == text).then_some(token)
    }

    pub(crate) fn to_text(self) -> String {
        format!("{:032x}.{:032x}", self.identity, self.nonce)
    }

    /// The id of the participant, from which the identity can't be computed.
    pub(crate) fn id(self) -> ParticipantId {
        let hash = Sha256::digest(self.identity.to_be_bytes());
        let start = hash.iter().take(8);
        ParticipantId::new(start.map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_what_it_writes() {
        let token = ResumeToken::new();
        assert!(ResumeToken::read(&token.to_text()) == Some(token));
        let (identity, nonce) = (&token.to_text()[..32], &token.to_text()[33..]);
        for token in [
            String::new(),
            ".".to_owned(),
            identity.to_owned(),
            format!("{identity}.{nonce}0"),
            format!("{identity}.{nonce}."),
            format!("{identity}.+{}", &nonce[1..]),
            format!("{identity}.{}", "F".repeat(32)),
            format!("{identity} {nonce}"),
        ] {
            assert!(ResumeToken::read(&token).is_none(), "{token}");
        }
    }

    #[test]
    fn the_id_stays_and_hides_the_identity() {
        let token = ResumeToken::new();
        assert_eq!(token.id(), token.renewed().id());
        assert!(token != token.renewed());
        assert_ne!(token.id(), ResumeToken::new().id());
        assert_eq!(token.id().as_str().len(), 16);
        assert!(!token.to_text().contains(token.id().as_str()));
    }
}
