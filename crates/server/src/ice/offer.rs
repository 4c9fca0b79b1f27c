use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use videocalls_protocol::{IceServer, IceServers};

use crate::ice::credentials::{Credentials, TurnSecret};

/// How long credentials are valid by default. They are only needed to begin with a server.
const LIFETIME: Duration = Duration::from_secs(600);

/// The ICE servers that the clients of the `rooms` endpoint get: with their welcome, and again before
/// the credentials expire. By default none.
#[derive(Clone, Debug, Default)]
pub struct IceOffer {
    stun: Vec<String>,
    turn: Option<TurnOffer>,
}

#[derive(Clone, Debug)]
struct TurnOffer {
    urls: Vec<String>,
    secret: TurnSecret,
    lifetime: Duration,
}

impl IceOffer {
    /// Offers a STUN server, by a URL such as `stun:stun.example.org`.
    #[must_use]
    pub fn with_stun(mut self, url: impl Into<String>) -> Self {
        self.stun.push(url.into());
        self
    }

    /// Offers a TURN server that takes credentials made with this secret (coturn's
    /// `use-auth-secret`), by URLs such as `turn:turn.example.org?transport=tcp`.
    #[must_use]
    pub fn with_turn(mut self, urls: Vec<String>, secret: TurnSecret) -> Self {
        self.turn = Some(TurnOffer {
            urls,
            secret,
            lifetime: LIFETIME,
        });
        self
    }

    /// Offers STUN and TURN over UDP and TCP at one address.
    #[must_use]
    pub fn with_server(self, address: SocketAddr, secret: TurnSecret) -> Self {
        let turn = ["udp", "tcp"].map(|transport| format!("turn:{address}?transport={transport}"));
        self.with_stun(format!("stun:{address}"))
            .with_turn(turn.to_vec(), secret)
    }

    /// Sets how long TURN credentials are valid, in whole seconds; by default ten minutes.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        if let Some(turn) = &mut self.turn {
            turn.lifetime = lifetime;
        }
        self
    }

    /// The servers for one user, with credentials that are made now.
    pub(crate) fn issue(&self, user: &str, now: SystemTime) -> IceServers {
        let stun = (!self.stun.is_empty()).then(|| IceServer {
            urls: self.stun.clone(),
            username: None,
            credential: None,
        });
        let turn = self.turn.as_ref().map(|turn| {
            let Credentials { username, password } = turn.secret.issue(user, now, turn.lifetime);
            IceServer {
                urls: turn.urls.clone(),
                username: Some(username),
                credential: Some(password),
            }
        });
        IceServers {
            servers: stun.into_iter().chain(turn).collect(),
            lifetime: self.turn.as_ref().map(|turn| turn.lifetime.as_secs()),
        }
    }

    /// When new credentials are due after some were issued: at 80 % of their life.
    pub(crate) fn renewal(&self) -> Option<Duration> {
        self.turn.as_ref().map(|turn| turn.lifetime.mul_f64(0.8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_stun_and_turn_over_both_transports_at_one_address() {
        let offer = IceOffer::default()
            .with_server("[2001:db8::1]:3478".parse().unwrap(), TurnSecret::random());
        let issued = offer.issue("ann", SystemTime::now());
        let urls: Vec<_> = issued
            .servers
            .iter()
            .map(|server| server.urls.join(" "))
            .collect();
        let turn = "turn:[2001:db8::1]:3478?transport=udp turn:[2001:db8::1]:3478?transport=tcp";
        assert_eq!(urls, ["stun:[2001:db8::1]:3478", turn]);
        assert!(
            issued.servers[1]
                .username
                .as_ref()
                .unwrap()
                .ends_with(":ann")
        );
        assert_eq!(
            (issued.lifetime, offer.renewal()),
            (Some(600), Some(Duration::from_secs(480)))
        );
    }

    #[test]
    fn stun_alone_needs_no_renewal() {
        let offer = IceOffer::default().with_stun("stun:a");
        let issued = offer.issue("ann", SystemTime::now());
        assert_eq!(
            (issued.servers.len(), issued.lifetime, offer.renewal()),
            (1, None, None)
        );
        assert!(
            IceOffer::default()
                .issue("ann", SystemTime::now())
                .servers
                .is_empty()
        );
    }
}
