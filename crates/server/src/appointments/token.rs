//! JSON Web Tokens (RFC 7519), signed with HMAC-SHA-256 and with nothing else.
//!
//! The libraries for all of JWT bring RSA and elliptic curves along; what is needed of it here is
//! shorter than their configuration.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// RFC 7518, 3.2: a key is at least as long as the hash.
const MIN_SECRET_BYTES: usize = 32;

/// The key of the tokens. It does not show itself.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        if text.len() < MIN_SECRET_BYTES {
            return Err(InvalidSecret);
        }
        let key = Hmac::new_from_slice(text.as_bytes());
        key.map(Self).map_err(|_| InvalidSecret)
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
    pub(super) fn sign(&self, claims: &Value) -> String {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let header = encode(br#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", encode(claims.to_string().as_bytes()));
        let signature = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", encode(&signature))
    }

    /// What a token claims, if we have signed it and it is the time for it (in seconds).
    pub(crate) fn verify(&self, token: &str, now: u64) -> Option<Map<String, Value>> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        self.mac(signed).verify_slice(&decode(signature)?).ok()?;
        let header: Map<String, Value> = serde_json::from_slice(&decode(header)?).ok()?;
        let claims: Map<String, Value> = serde_json::from_slice(&decode(claims)?).ok()?;
        let ours = header.get("alg")? == "HS256" && !header.contains_key("crit");
        (ours && timely(&claims, now)).then_some(claims)
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update(signed)
    }
}

/// Now, in seconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// A token without these claims is good at any time.
fn timely(claims: &Map<String, Value>, now: u64) -> bool {
    let seconds = |name| {
        claims
            .get(name)
            .map(|value| value.as_f64().unwrap_or(f64::NAN))
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are small")]
    let now = now as f64;
    seconds("exp").is_none_or(|end| now < end) && seconds("nbf").is_none_or(|begin| now >= begin)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(letter: &str) -> Secret {
        letter.repeat(32).parse().unwrap()
    }

    fn encoded(value: &Value) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
    }

    /// A token with any header, signed well.
    fn signed(header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        let signature = secret("a").mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn a_token_says_what_was_signed() {
        let claims = json!({ "uuid": 1, "clientName": "Jürgen" });
        let token = secret("a").sign(&claims);
        assert_eq!(
            secret("a").verify(&token, 7).map(Value::Object),
            Some(claims)
        );
        assert_eq!(secret("b").verify(&token, 7), None);
    }

    /// Made by another implementation, with the key `"s" * 32`.
    #[test]
    fn a_token_of_another_library_is_read() {
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1dWlkIjoxfQ.\
            DrGJPoEUlDpk2d9QOL7fVTQJxqY5pnvGhXKyNvgDopM";
        assert!(secret("s").verify(token, 7).is_some());
    }

    #[test]
    fn no_other_algorithm_is_one() {
        let claims = json!({ "uuid": 1 });
        let good = json!({ "alg": "HS256" });
        assert!(secret("a").verify(&signed(&good, &claims), 7).is_some());
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
            assert_eq!(secret("a").verify(&token, 7), None, "{header}");
        }
        let unsigned = format!(
            "{}.{}.",
            encoded(&json!({ "alg": "none" })),
            encoded(&claims)
        );
        assert_eq!(secret("a").verify(&unsigned, 7), None);
    }

    #[test]
    fn a_token_has_its_time() {
        let claims = json!({ "exp": 100, "nbf": 50 });
        let token = secret("a").sign(&claims);
        let good = |now| secret("a").verify(&token, now).is_some();
        assert_eq!([49, 50, 99, 100].map(good), [false, true, true, false]);
        let token = secret("a").sign(&json!({ "exp": "never" }));
        assert_eq!(secret("a").verify(&token, 1), None);
    }

    #[test]
    fn rubbish_is_no_token() {
        let token = secret("a").sign(&json!({ "uuid": 1 }));
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
            assert_eq!(secret("a").verify(text, 7), None, "{text}");
        }
        for end in 0..token.len() {
            assert_eq!(secret("a").verify(&token[..end], 7), None);
        }
    }

    #[test]
    fn a_secret_is_long_and_does_not_show() {
        assert_eq!("x".repeat(31).parse::<Secret>().unwrap_err(), InvalidSecret);
        assert_eq!(format!("{:?}", secret("a")), "Secret");
    }
}
