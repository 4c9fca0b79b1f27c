//! Keys of all kinds, and their rotation.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use videocalls_server::{AccessKey, InvalidKey, KeyFile, KeyFileError};

use super::{SECRET, answer, claims, join_with, refused};
use crate::harness::Server;

struct Pair {
    algorithm: Algorithm,
    private: EncodingKey,
    public: &'static [u8],
}

fn pairs() -> [Pair; 3] {
    let rsa = EncodingKey::from_rsa_pem(include_bytes!("../../keys/rsa.pem"));
    let p256 = EncodingKey::from_ec_pem(include_bytes!("../../keys/p256.pem"));
    let ed25519 = EncodingKey::from_ed_pem(include_bytes!("../../keys/ed25519.pem"));
    [
        (
            Algorithm::RS256,
            rsa,
            &include_bytes!("../../keys/rsa.pub.pem")[..],
        ),
        (
            Algorithm::ES256,
            p256,
            include_bytes!("../../keys/p256.pub.pem"),
        ),
        (
            Algorithm::EdDSA,
            ed25519,
            include_bytes!("../../keys/ed25519.pub.pem"),
        ),
    ]
    .map(|(algorithm, private, public)| Pair {
        algorithm,
        private: private.unwrap(),
        public,
    })
}

impl Pair {
    fn token(&self, kid: Option<&str>) -> String {
        let header = Header {
            kid: kid.map(str::to_owned),
            ..Header::new(self.algorithm)
        };
        encode(&header, &claims(json!({})), &self.private).unwrap()
    }

    fn jwk(&self, kid: &str) -> Value {
        let jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = kid.into();
        jwk
    }
}

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("videocalls-{:x}", rand::random::<u64>()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, keys: &[Value]) -> PathBuf {
        let path = self.0.join("keys.json");
        fs::write(&path, json!({ "keys": keys }).to_string()).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

async fn is_admitted(server: &Server, token: &str) -> bool {
    answer(server, join_with(token)).await.1["type"] == "welcome"
}

#[tokio::test]
async fn each_key_verifies_its_own_tokens_only() {
    for pair in pairs() {
        let key = AccessKey::from_pem(pair.public).unwrap();
        let server = Server::with(|config| config.access.keys.push(key)).await;
        for other in pairs() {
            let expected = other.algorithm == pair.algorithm;
            let admitted = is_admitted(&server, &other.token(None)).await;
            assert_eq!(admitted, expected, "{:?}", other.algorithm);
        }
        // The public key is no secret: an HMAC with it proves nothing.
        let confused = EncodingKey::from_secret(pair.public).unwrap();
        let confused = encode(&Header::default(), &claims(json!({})), &confused).unwrap();
        assert_eq!(refused(&server, &confused).await.0, "invalid-token");
    }
}

#[tokio::test]
async fn several_keys_count_side_by_side() {
    let keys = pairs().map(|pair| AccessKey::from_pem(pair.public).unwrap());
    let server = Server::with(|config| {
        config.access.keys.extend(keys);
        config.access.keys.push(SECRET.parse().unwrap());
    })
    .await;
    for pair in pairs() {
        assert!(is_admitted(&server, &pair.token(Some("any"))).await);
    }
    assert!(is_admitted(&server, &super::token(json!({}))).await);
}

#[test]
fn refuses_weak_and_private_keys() {
    let short = AccessKey::from_pem(include_bytes!("../../keys/short.pub.pem"));
    assert_eq!(short.unwrap_err(), InvalidKey::TooShort);
    for other in [
        &include_bytes!("../../keys/p384.pub.pem")[..],
        include_bytes!("../../keys/rsa.pem"),
        include_bytes!("../../keys/p256.pem"),
        include_bytes!("../../keys/ed25519.pem"),
        b"",
        b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
    ] {
        let refused = AccessKey::from_pem(other).unwrap_err();
        assert_eq!(refused, InvalidKey::NotAPublicKey);
    }
    let short = "x".repeat(31).parse::<AccessKey>();
    assert_eq!(short.unwrap_err(), InvalidKey::TooShort);
    let shown = format!("{:?}", SECRET.parse::<AccessKey>().unwrap());
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn a_key_set_has_keys_of_all_kinds() {
    let folder = Folder::new();
    let mut keys: Vec<_> = pairs().iter().map(|pair| pair.jwk("key")).collect();
    keys.push(json!({ "kty": "oct", "k": "AAAA", "kid": "key" }));
    keys.push(json!({ "kty": "of a later standard" }));
    let file = KeyFile::open(folder.write(&keys)).unwrap();
    let server = Server::with(|config| config.access.key_file = Some(file)).await;
    for pair in pairs() {
        assert!(is_admitted(&server, &pair.token(Some("key"))).await);
        assert!(is_admitted(&server, &pair.token(None)).await);
        assert!(!is_admitted(&server, &pair.token(Some("other"))).await);
    }
}

#[tokio::test]
async fn keys_are_rotated_while_the_server_runs() {
    let folder = Folder::new();
    let [old, new, _] = pairs();
    let path = folder.write(&[old.jwk("old")]);
    let file = KeyFile::open(&path).unwrap();
    let server = Server::with(|config| config.access.key_file = Some(file)).await;
    assert!(is_admitted(&server, &old.token(Some("old"))).await);
    assert!(!is_admitted(&server, &new.token(Some("new"))).await);

    // A file that is broken for a moment changes nothing.
    fs::write(&path, "{").unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(is_admitted(&server, &old.token(Some("old"))).await);

    folder.write(&[new.jwk("new")]);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(is_admitted(&server, &new.token(Some("new"))).await);
    assert_eq!(
        refused(&server, &old.token(Some("old"))).await.0,
        "invalid-token"
    );
}

#[test]
fn a_key_set_without_usable_keys_is_an_error() {
    let folder = Folder::new();
    let path = folder.write(&[json!({ "kty": "oct", "k": "AAAA" })]);
    let error = KeyFile::open(&path).unwrap_err();
    assert!(matches!(error, KeyFileError::NoUsableKey), "{error}");
    fs::write(&path, "[]").unwrap();
    let error = KeyFile::open(&path).unwrap_err();
    assert!(matches!(error, KeyFileError::NotAKeySet), "{error}");
    let error = KeyFile::open(folder.0.join("none.json")).unwrap_err();
    assert!(matches!(error, KeyFileError::Unreadable(_)), "{error}");
}
