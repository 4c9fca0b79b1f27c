use std::fmt;
use std::str::FromStr;

use jsonwebtoken::errors::Result as JwtResult;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Validation, decode};
use serde_json::{Map, Value};

/// RFC 7518 section 3.2: a key is at least as long as the hash.
const MIN_SECRET_BYTES: usize = 32;
/// RFC 7518 section 3.3: 2048 bits.
const MIN_RSA_BYTES: usize = 256;
/// An uncompressed point on P-256, the curve of ES256.
const P256_POINT_BYTES: usize = 65;

/// A key that access tokens are verified with. It fixes the algorithm: what the header of a token
/// says is only compared with it. Its `Debug` output does not show the key.
#[derive(Clone)]
pub struct AccessKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why something is not an [`AccessKey`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InvalidKey {
    /// A secret of fewer than 32 bytes, or an RSA key of fewer than 2048 bits.
    TooShort,
    /// Not a public key in PEM, of RSA, Ed25519 or the curve P-256.
    NotAPublicKey,
    /// Not a private key in PEM, of RSA, Ed25519 or the curve P-256.
    NotAPrivateKey,
}

impl FromStr for AccessKey {
    type Err = InvalidKey;

    /// A secret shared with whoever makes the tokens (HS256).
    fn from_str(secret: &str) -> Result<Self, InvalidKey> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(InvalidKey::TooShort);
        }
        let key = DecodingKey::from_secret(secret.as_bytes());
        Ok(Self {
            algorithm: Algorithm::HS256,
            key: key.map_err(|_| InvalidKey::TooShort)?,
        })
    }
}

impl AccessKey {
    /// Reads a public key in PEM: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA).
    ///
    /// # Errors
    ///
    /// It is none of these, or too short.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidKey> {
        type Read = fn(&[u8]) -> JwtResult<DecodingKey>;
        const KINDS: [(Algorithm, Read); 3] = [
            (Algorithm::EdDSA, DecodingKey::from_ed_pem),
            (Algorithm::ES256, DecodingKey::from_ec_pem),
            (Algorithm::RS256, DecodingKey::from_rsa_pem),
        ];
        if pem.windows(7).any(|word| word == b"PRIVATE") {
            return Err(InvalidKey::NotAPublicKey);
        }
        let mut keys = KINDS.into_iter().filter_map(|(algorithm, read)| {
            let key = read(pem).ok()?;
            Some(Self { algorithm, key })
        });
        keys.next().ok_or(InvalidKey::NotAPublicKey)?.checked()
    }

    /// Reads a key of a key set (RFC 7517); nothing if it is of another kind, for another use, or a
    /// secret, which nobody should publish.
    pub(super) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            _ => return None,
        };
        let named = match jwk.common.key_algorithm {
            Some(KeyAlgorithm::RS256) => Algorithm::RS256,
            Some(KeyAlgorithm::ES256) => Algorithm::ES256,
            Some(KeyAlgorithm::EdDSA) | None => algorithm,
            Some(_) => return None,
        };
        let key = DecodingKey::from_jwk(jwk).ok()?;
        let key = Self { algorithm, key }.checked().ok()?;
        (named == algorithm).then_some(key)
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The claims of a token that this key has signed, if `rules` allow it now.
    pub(super) fn verify(&self, token: &str, rules: &Validation) -> JwtResult<Map<String, Value>> {
        let mut rules = rules.clone();
        rules.algorithms = vec![self.algorithm];
        Ok(decode(token, &self.key, &rules)?.claims)
    }

    fn checked(self) -> Result<Self, InvalidKey> {
        match (self.algorithm, self.key.kind()) {
            (Algorithm::RS256, DecodingKeyKind::SecretOrDer(der)) if der.len() < MIN_RSA_BYTES => {
                Err(InvalidKey::TooShort)
            }
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, .. })
                if n.len() < MIN_RSA_BYTES =>
            {
                Err(InvalidKey::TooShort)
            }
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point))
                if point.len() != P256_POINT_BYTES =>
            {
                Err(InvalidKey::NotAPublicKey)
            }
            _ => Ok(self),
        }
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessKey({:?})", self.algorithm)
    }
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "too short: a secret has 32 bytes or more, an RSA key 2048 bits",
            Self::NotAPublicKey => "not a public key in PEM, of RSA, P-256 or Ed25519",
            Self::NotAPrivateKey => "not a private key in PEM, of RSA, P-256 (PKCS #8) or Ed25519",
        })
    }
}

impl std::error::Error for InvalidKey {}
