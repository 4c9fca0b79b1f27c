//! JSON Web Tokens (RFC 7519), signed with HMAC-SHA-256 only.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::errors::Result;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Map, Value};

/// The longest token that is read, in bytes.
const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// RFC 7518 section 3.2: a key is at least as long as the hash.
const MIN_SECRET_BYTES: usize = 32;

/// The key of the tokens. Its `Debug` output does not show it.
#[derive(Clone)]
pub struct Secret {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidSecret> {
        if text.len() < MIN_SECRET_BYTES {
            return Err(InvalidSecret);
        }
        let keys = || -> Result<Self> {
            Ok(Self {
                encoding: EncodingKey::from_secret(text.as_bytes())?,
                decoding: DecodingKey::from_secret(text.as_bytes())?,
            })
        };
        keys().map_err(|_| InvalidSecret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A text is too short to be a [`Secret`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidSecret;

impl fmt::Display for InvalidSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shorter than {MIN_SECRET_BYTES} bytes")
    }
}

impl std::error::Error for InvalidSecret {}

impl Secret {
    pub(crate) fn sign(&self, claims: &Value) -> Result<String> {
        encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
    }

    /// The claims of a token that was signed with this key and is valid now.
    pub(crate) fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let token = decode(token, &self.decoding, &validation()).ok()?;
        Some(token.claims)
    }
}

/// `exp` and `nbf` count to the second, where a token has them; other servers' tokens have none. An
/// audience is not checked, because this system does not define one.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation.validate_aud = false;
    validation
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use jsonwebtoken::crypto::sign;
    use jsonwebtoken::get_current_timestamp as now;
    use serde_json::json;

    use super::*;

    fn secret(letter: &str) -> Secret {
        letter.repeat(32).parse().unwrap()
    }

    fn encoded(value: &Value) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
    }

    /// A token with any header and a correct signature.
    fn signed(header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        let key = secret("a").encoding;
        let signature = sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{signed}.{signature}")
    }

    #[test]
    fn returns_the_claims_that_were_signed() {
        let claims = json!({ "uuid": 1, "clientName": "Jürgen", "aud": "any" });
        let token = secret("a").sign(&claims).unwrap();
        let verified = secret("a").verify(&token).map(Value::Object);
        assert_eq!(verified, Some(claims));
        assert_eq!(secret("b").verify(&token), None);
    }

    /// Made by another implementation, with the key `"s" * 32`.
    #[test]
    fn reads_a_token_of_another_library() {
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1dWlkIjoxfQ.\
            DrGJPoEUlDpk2d9QOL7fVTQJxqY5pnvGhXKyNvgDopM";
        assert!(secret("s").verify(token).is_some());
    }

    #[test]
    fn refuses_other_algorithms() {
        let claims = json!({ "uuid": 1 });
        let good = json!({ "alg": "HS256" });
        assert!(secret("a").verify(&signed(&good, &claims)).is_some());
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "hs256" }),
            json!({ "alg": "HS512" }),
            json!({ "alg": ["HS256"] }),
            json!({ "alg": "HS256", "crit": ["exp"] }),
            json!({}),
            json!([]),
        ] {
            let token = signed(&header, &claims);
            assert_eq!(secret("a").verify(&token), None, "{header}");
        }
        let none = encoded(&json!({ "alg": "none" }));
        let unsigned = format!("{none}.{}.", encoded(&claims));
        assert_eq!(secret("a").verify(&unsigned), None);
    }

    #[test]
    fn refuses_tokens_that_are_expired_or_not_valid_yet() {
        for (claims, valid) in [
            (json!({}), true),
            (json!({ "exp": now() + 100, "nbf": now() - 100 }), true),
            (json!({ "exp": now() - 2 }), false),
            (json!({ "nbf": now() + 100 }), false),
            (json!({ "exp": "never" }), false),
            (json!({ "exp": -1 }), false),
            (json!({ "nbf": "now" }), false),
        ] {
            let token = secret("a").sign(&claims).unwrap();
            assert_eq!(secret("a").verify(&token).is_some(), valid, "{claims}");
        }
    }

    #[test]
    fn refuses_what_is_no_token() {
        let token = secret("a").sign(&json!({ "uuid": 1 })).unwrap();
        let long = format!("{}{token}", "x".repeat(5000));
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            "é.é.é",
            &token[1..],
            &long,
            &format!("{token}."),
        ] {
            assert_eq!(secret("a").verify(text), None, "{text}");
        }
        for end in 0..token.len() {
            assert_eq!(secret("a").verify(&token[..end]), None);
        }
    }

    #[test]
    fn a_secret_is_long_and_not_shown() {
        assert_eq!("x".repeat(31).parse::<Secret>().unwrap_err(), InvalidSecret);
        assert_eq!(format!("{:?}", secret("a")), "Secret");
    }
}
