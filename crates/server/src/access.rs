//! Access tokens: JSON Web Tokens (RFC 7519) that say who may join which room, and what they may do
//! there. `docs/tokens.md` documents the claims.

mod claims;
mod key_file;
mod keys;
mod room_pattern;
mod signing;
mod used_tokens;

use std::time::Duration;

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Validation, decode_header, get_current_timestamp};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::warn;
use videocalls_protocol::{DisplayName, Grant, Grants, Refusal, RoomName};

use self::claims::Claims;
use self::used_tokens::UsedTokens;

pub use self::key_file::{KeyFile, KeyFileError};
pub use self::keys::{AccessKey, InvalidKey};
pub use self::signing::{SigningKey, TokenRequest};

/// The longest token that is read, in bytes.
const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// Who may join rooms. Without a key anyone may, and nobody may moderate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Access {
    /// Keys, each of which can verify tokens.
    pub keys: Vec<AccessKey>,
    /// A file with further keys.
    pub key_file: Option<KeyFile>,
    /// What the `aud` of tokens has to name; without it, `aud` is ignored.
    pub audience: Option<String>,
    /// How much the clock of whoever makes the tokens may differ from that of the server.
    pub leeway: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            key_file: None,
            audience: None,
            leeway: Duration::from_secs(10),
        }
    }
}

impl Access {
    /// Whether anyone may join, because there is no key.
    pub fn is_open(&self) -> bool {
        self.keys.is_empty() && self.key_file.is_none()
    }
}

/// Verifies access tokens.
pub(crate) struct Verifier {
    access: Access,
    rules: Validation,
    used: UsedTokens,
}

/// By what a room recognizes someone it has removed or admitted: a hash of their identity, or else
/// of their token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct BearerKey([u8; 32]);

/// Who has shown a token.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    /// The name that the token gives them, which counts more than the one of the join.
    pub(crate) name: Option<DisplayName>,
    pub(crate) grants: Grants,
    pub(crate) key: Option<BearerKey>,
    has_identity: bool,
    /// When the token expires.
    pub(crate) expires: Option<Instant>,
    once: Option<Once>,
}

/// A token that admits one participant only.
#[derive(Clone, Debug)]
struct Once {
    id: String,
    usable_until: u64,
}

impl Verifier {
    pub(crate) fn new(access: &Access) -> Self {
        Self {
            access: access.clone(),
            rules: rules(access),
            used: UsedTokens::default(),
        }
    }

    /// Checks a token for a room.
    ///
    /// # Errors
    ///
    /// It is missing or not valid, has expired, or does not let its bearer join this room.
    pub(crate) fn verify(&self, token: Option<&str>, room: &RoomName) -> Result<Bearer, Refusal> {
        if self.access.is_open() {
            return Ok(Bearer::anyone());
        }
        let token = token.ok_or(Refusal::InvalidToken)?;
        let claims = self.claims(token)?;
        if !claims.room.matches(room) || !claims.grants.has(Grant::Join) {
            return Err(Refusal::Forbidden);
        }
        Ok(Bearer::new(token, claims, self.access.leeway))
    }

    /// Whether a bearer may have a new seat: a token that admits once has not done so yet.
    pub(crate) fn admits(&self, bearer: &Bearer) -> bool {
        bearer
            .once
            .as_ref()
            .is_none_or(|Once { id, usable_until }| {
                self.used
                    .is_first_use(id, *usable_until, get_current_timestamp())
            })
    }

    fn claims(&self, token: &str) -> Result<Claims, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::InvalidToken);
        }
        let claims = self.verified(token).map_err(|error| refusal(&error))?;
        Claims::read(&claims).ok_or_else(|| {
            warn!("a token with missing or wrong claims");
            Refusal::InvalidToken
        })
    }

    /// The claims of a token that one of the keys has signed. A token that names its key is verified
    /// with this key only, if the key set has it.
    fn verified(&self, token: &str) -> Result<Map<String, Value>, Error> {
        let header = decode_header(token)?;
        let file = self.access.key_file.as_ref().map(KeyFile::keys);
        let named = file.iter().flat_map(|keys| keys.iter());
        let named = named.filter(|known| header.kid.is_none() || known.name == header.kid);
        let keys = self.access.keys.iter().chain(named.map(|named| &named.key));
        let mut last = Error::from(ErrorKind::InvalidAlgorithm);
        for key in keys.filter(|key| key.algorithm() == header.alg) {
            match key.verify(token, &self.rules) {
                Err(error) if is_signature(&error) => last = error,
                verified => return verified,
            }
        }
        Err(last)
    }
}

impl Bearer {
    /// Whether another bearer may be the same person: tokens without an identity don't tell.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        let tells = self.has_identity || other.has_identity;
        !tells || self.key == other.key
    }

    /// A participant of an open server.
    pub(crate) fn anyone() -> Self {
        Self {
            name: None,
            grants: Grants::from_names(["join", "publish", "bypass-lobby"]),
            key: None,
            has_identity: false,
            expires: None,
            once: None,
        }
    }

    fn new(token: &str, claims: Claims, leeway: Duration) -> Self {
        let left = claims.expires.saturating_sub(get_current_timestamp());
        let usable_until = claims.expires.saturating_add(leeway.as_secs());
        Self {
            name: claims.name,
            grants: claims.grants,
            has_identity: claims.identity.is_some(),
            key: Some(BearerKey::new(token, claims.identity.as_deref())),
            // A time that the clock can't express is as good as none.
            expires: Instant::now().checked_add(Duration::from_secs(left)),
            once: claims.once.map(|id| Once { id, usable_until }),
        }
    }
}

fn rules(access: &Access) -> Validation {
    let mut rules = Validation {
        leeway: access.leeway.as_secs(),
        validate_nbf: true,
        validate_aud: access.audience.is_some(),
        ..Validation::default()
    };
    if let Some(audience) = &access.audience {
        rules.set_audience(&[audience]);
        rules.set_required_spec_claims(&["exp", "aud"]);
    }
    rules
}

/// Whether another key may have made the token.
fn is_signature(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidSignature)
}

fn refusal(error: &Error) -> Refusal {
    match error.kind() {
        ErrorKind::ExpiredSignature => Refusal::TokenExpired,
        kind => {
            warn!(kind = name(kind), "a token is not valid");
            Refusal::InvalidToken
        }
    }
}

impl BearerKey {
    fn new(token: &str, identity: Option<&str>) -> Self {
        let (kind, text) = identity.map_or(("token ", token), |identity| ("sub ", identity));
        Self(Sha256::digest([kind, text].concat()).into())
    }
}

/// The kind of an error without what it says of the token.
fn name(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "signature",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => "algorithm",
        ErrorKind::ImmatureSignature => "not valid yet",
        ErrorKind::InvalidAudience => "audience",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
        _ => "format",
    }
}
