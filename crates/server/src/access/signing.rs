use std::fmt;
use std::time::Duration;

use jsonwebtoken::errors::Result as JwtResult;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use videocalls_protocol::{DisplayName, Grants};

use super::keys::InvalidKey;

/// A key that access tokens are made with. Its `Debug` output does not show the key.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    key: EncodingKey,
}

/// What an access token is to say.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The room, in which `*` stands for any number of characters.
    pub room: String,
    /// Who the bearer is.
    pub identity: Option<String>,
    /// The name that the others see.
    pub name: Option<DisplayName>,
    /// How long the token is valid.
    pub lifetime: Duration,
    /// What the bearer may do.
    pub grants: Grants,
    /// Whom the token is for.
    pub audience: Option<String>,
    /// Whether the token admits one participant only.
    pub once: bool,
}

impl SigningKey {
    /// Takes a secret that the server has, too (HS256).
    ///
    /// # Errors
    ///
    /// It has fewer than 32 bytes.
    pub fn from_secret(secret: &str) -> Result<Self, InvalidKey> {
        let _checked: super::AccessKey = secret.parse()?;
        let key = EncodingKey::from_secret(secret.as_bytes());
        Ok(Self {
            algorithm: Algorithm::HS256,
            key: key.map_err(|_| InvalidKey::TooShort)?,
        })
    }

    /// Reads a private key in PEM: RSA (RS256), P-256 in PKCS #8 (ES256) or Ed25519 (EdDSA).
    ///
    /// # Errors
    ///
    /// It is none of these.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidKey> {
        type Read = fn(&[u8]) -> JwtResult<EncodingKey>;
        const KINDS: [(Algorithm, Read); 3] = [
            (Algorithm::EdDSA, EncodingKey::from_ed_pem),
            (Algorithm::ES256, EncodingKey::from_ec_pem),
            (Algorithm::RS256, EncodingKey::from_rsa_pem),
        ];
        let mut keys = KINDS.into_iter().filter_map(|(algorithm, read)| {
            let key = read(pem).ok()?;
            Some(Self { algorithm, key })
        });
        keys.next().ok_or(InvalidKey::NotAPrivateKey)
    }

    /// Makes a token that is valid from now on; nothing if the key can't sign.
    pub fn sign(&self, request: &TokenRequest) -> Option<String> {
        let now = get_current_timestamp();
        let mut claims = json!({
            "room": request.room,
            "nbf": now,
            "exp": now.saturating_add(request.lifetime.as_secs()),
            "jti": format!("{:032x}", rand::random::<u128>()),
            "grants": request.grants.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        });
        let name = request.name.as_ref().map(DisplayName::as_str);
        for (claim, value) in [
            ("sub", request.identity.as_deref()),
            ("name", name),
            ("aud", request.audience.as_deref()),
        ] {
            if let Some(value) = value {
                claims[claim] = value.into();
            }
        }
        if request.once {
            claims["once"] = Value::Bool(true);
        }
        encode(&Header::new(self.algorithm), &claims, &self.key).ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.algorithm)
    }
}
