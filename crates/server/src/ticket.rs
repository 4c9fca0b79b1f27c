use rand::random;
use sha2::{Digest, Sha256};
use videocalls_protocol::ParticipantId;

/// What proves that a seat is one's own, as long as nobody else is told.
///
/// The identity stays, so that a server that remembers nothing gives the same person the same id
/// again. The nonce is good for one resume only.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Ticket {
    identity: u128,
    nonce: u128,
}

impl Ticket {
    /// A ticket for someone new.
    pub(crate) fn fresh() -> Self {
        Self {
            identity: random(),
            nonce: random(),
        }
    }

    /// The next ticket of the same person.
    pub(crate) fn renewed(self) -> Self {
        Self {
            nonce: random(),
            ..self
        }
    }

    /// Reads a resume token; nothing if we can't have written it.
    pub(crate) fn read(token: &str) -> Option<Self> {
        let (identity, nonce) = token.split_once('.')?;
        let number = |text| u128::from_str_radix(text, 16).ok();
        let ticket = Self {
            identity: number(identity)?,
            nonce: number(nonce)?,
        };
        // Other spellings of the same numbers are none of ours.
        (ticket.token() == token).then_some(ticket)
    }

    pub(crate) fn token(self) -> String {
        format!("{:032x}.{:032x}", self.identity, self.nonce)
    }

    /// The id of whose ticket this is. It does not tell the identity.
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
    fn a_token_is_read_back_and_nothing_else_is_one() {
        let ticket = Ticket::fresh();
        assert!(Ticket::read(&ticket.token()) == Some(ticket));
        let (identity, nonce) = (&ticket.token()[..32], &ticket.token()[33..]);
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
            assert!(Ticket::read(&token).is_none(), "{token}");
        }
    }

    #[test]
    fn the_id_stays_and_does_not_tell_the_identity() {
        let ticket = Ticket::fresh();
        assert_eq!(ticket.id(), ticket.renewed().id());
        assert!(ticket != ticket.renewed());
        assert_ne!(ticket.id(), Ticket::fresh().id());
        assert_eq!(ticket.id().as_str().len(), 16);
        assert!(!ticket.token().contains(ticket.id().as_str()));
    }
}
