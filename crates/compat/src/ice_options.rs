//! The options for STUN and TURN.

use std::io;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use clap::Args;
use videocalls_server::{IceOffer, Turn, TurnConfig, TurnSecret};

/// For calls between networks when nothing else is configured.
const PUBLIC_STUN: &str = "stun:stun.l.google.com:19302";

/// Which STUN and TURN servers the clients of `/rooms` use
#[derive(Args)]
pub(crate) struct IceOptions {
    /// Run a STUN and TURN server on this port, for UDP and TCP; the host is by default that of
    /// --listen
    #[arg(long, env = "VIDEOCALLS_TURN", value_name = "[HOST:]PORT")]
    turn: Option<String>,

    /// The IP address at which browsers reach the TURN server, if it is not the one that it listens on
    #[arg(long, env = "VIDEOCALLS_TURN_EXTERNAL_IP", value_name = "IP")]
    turn_external_ip: Option<IpAddr>,

    /// The UDP ports for relayed media
    #[arg(long, env = "VIDEOCALLS_TURN_RELAY_PORTS", value_name = "FIRST-LAST")]
    #[arg(default_value = "49152-65535", value_parser = ports)]
    turn_relay_ports: RangeInclusive<u16>,

    /// Relay to private, link-local and loopback addresses too, for calls within a local network
    #[arg(long, env = "VIDEOCALLS_TURN_ALLOW_PRIVATE")]
    turn_allow_private: bool,

    /// The URL of another TURN server that uses --turn-secret, such as coturn with `use-auth-secret`;
    /// can be repeated
    #[arg(long = "turn-url", env = "VIDEOCALLS_TURN_URL", value_name = "URL")]
    #[arg(
        value_delimiter = ',',
        requires = "turn_secret",
        conflicts_with = "turn"
    )]
    turn_urls: Vec<String>,

    /// The secret that the other TURN server checks credentials with
    #[arg(
        long,
        env = "VIDEOCALLS_TURN_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    turn_secret: Option<TurnSecret>,

    /// For how many seconds TURN credentials are valid; clients get new ones in time
    #[arg(
        long,
        env = "VIDEOCALLS_TURN_TTL",
        value_name = "SECONDS",
        default_value = "600"
    )]
    turn_ttl: NonZeroU32,

    /// The URL of a STUN server, or `none`; by default --turn, or a public one
    #[arg(long, env = "VIDEOCALLS_STUN", value_name = "URL")]
    stun: Option<String>,
}

impl IceOptions {
    /// Opens the sockets of the TURN server, if one is to run beside the server that listens here.
    pub(crate) async fn turn(&self, listen: &str) -> io::Result<Option<Turn>> {
        let Some(turn) = &self.turn else {
            return Ok(None);
        };
        let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
        let address = match turn.contains(':') {
            true => turn.clone(),
            false => format!("{host}:{turn}"),
        };
        let mut config = TurnConfig::new(address);
        config.external_ip = self.turn_external_ip;
        config.relay_ports = self.turn_relay_ports.clone();
        config.allow_private = self.turn_allow_private;
        Turn::bind(config).await.map(Some)
    }

    /// The servers that clients get.
    pub(crate) fn offer(&self, turn: Option<&Turn>) -> IceOffer {
        let own = turn.map(Turn::offer).unwrap_or_default();
        let lifetime = Duration::from_secs(self.turn_ttl.get().into());
        let offer = match &self.turn_secret {
            Some(secret) if !self.turn_urls.is_empty() => {
                own.with_turn(self.turn_urls.clone(), secret.clone())
            }
            _ => own,
        };
        let offer = offer.with_lifetime(lifetime);
        match self.stun.as_deref() {
            Some("none") => offer,
            Some(url) => offer.with_stun(url),
            None if turn.is_some() => offer,
            None => offer.with_stun(PUBLIC_STUN),
        }
    }
}

fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let range = text.split_once('-').and_then(|(first, last)| {
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (0 < first && first <= last).then_some(first..=last)
    });
    range.ok_or_else(|| "expected two ports, such as 49152-65535".to_owned())
}
