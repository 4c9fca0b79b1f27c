//! Short-lived TURN credentials by the REST scheme that coturn implements as `use-auth-secret`
//! (<https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00>): the user name is
//! `expiry:user`, the password is its HMAC-SHA-1 by a secret that only the servers know.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// The secret that a signaling server and a TURN server share.
#[derive(Clone, Eq, PartialEq)]
pub struct TurnSecret(Arc<[u8]>);

/// A user name and its password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl TurnSecret {
    /// A random secret, for a TURN server in the same process.
    pub fn random() -> Self {
        Self(Arc::from(rand::random::<[u8; 32]>()))
    }

    /// Credentials that are valid for this long.
    pub(crate) fn issue(&self, user: &str, now: SystemTime, lifetime: Duration) -> Credentials {
        let username = format!("{}:{user}", unix_seconds(now) + lifetime.as_secs());
        Credentials {
            password: self.sign(&username),
            username,
        }
    }

    /// The password of a user name that has not expired.
    pub(crate) fn password(&self, username: &str, now: SystemTime) -> Option<String> {
        let (expiry, _) = username.split_once(':')?;
        let expiry: u64 = expiry.parse().ok()?;
        (unix_seconds(now) < expiry).then(|| self.sign(username))
    }

    fn sign(&self, username: &str) -> String {
        // HMAC takes keys of every length.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(username.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

impl FromStr for TurnSecret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Arc::from(text.as_bytes())))
    }
}

impl fmt::Debug for TurnSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnSecret")
    }
}

/// The user in a user name, without the expiry.
pub(crate) fn user_of(username: &str) -> &str {
    username.split_once(':').map_or(username, |(_, user)| user)
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_MINUTES: Duration = Duration::from_secs(600);

    fn secret() -> TurnSecret {
        "north".parse().unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn signs_as_coturn_does() {
        // printf 1433895918:ann | openssl dgst -sha1 -hmac north -binary | base64
        let issued = secret().issue("ann", at(1_433_895_318), TEN_MINUTES);
        assert_eq!(issued.username, "1433895918:ann");
        assert_eq!(issued.password, "zAlhH20kpuDJR8ZKdq5vyQV+Ung=");
    }

    #[test]
    fn accepts_a_name_until_it_expires() {
        let issued = secret().issue("ann", at(1000), TEN_MINUTES);
        let known = |now| secret().password(&issued.username, at(now));
        assert_eq!(known(1000).as_ref(), Some(&issued.password));
        assert_eq!(known(1599), Some(issued.password.clone()));
        assert_eq!(known(1600), None);
    }

    #[test]
    fn refuses_names_without_an_expiry() {
        for name in ["", "ann", ":ann", "ann:1700000000", "-5:ann", "1e9:ann"] {
            assert_eq!(secret().password(name, at(1000)), None, "{name}");
        }
        assert_eq!(user_of("1700000000:ann:x"), "ann:x");
    }
}
