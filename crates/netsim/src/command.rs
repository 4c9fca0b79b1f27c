//! Commands that change the running network, one JSON object per line.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::line::Settings;
use crate::nat::Kind;
use crate::network::{Direction, Network};

/// New settings for the lines of a port. A line that is absent here keeps its settings; all settings
/// of a line that is present are replaced.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    port: String,
    up: Option<Settings>,
    down: Option<Settings>,
    nat: Option<NatSettings>,
}

/// A new NAT in front of a port, or none without a `kind`. It forgets the mappings of the one before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NatSettings {
    kind: Option<Kind>,
    /// The public address.
    address: Ipv4Addr,
}

/// Applies a command. `names` are the names of the ports, in order.
pub(crate) fn apply(line: &str, names: &[String], network: &mut Network) -> Result<()> {
    let Command {
        port,
        up,
        down,
        nat,
    } = serde_json::from_str(line)?;
    let number = names.iter().position(|name| *name == port);
    let number = number.with_context(|| format!("there is no port {port:?}"))?;
    for (direction, settings) in [(Direction::Up, up), (Direction::Down, down)] {
        if let Some(settings) = settings {
            network.set(number, direction, settings);
        }
    }
    if let Some(NatSettings { kind, address }) = nat {
        network.set_nat(number, kind.map(|kind| (kind, address)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::network::Network;
    use crate::packet::builder::udp;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    /// When a packet from A to B arrives after these commands.
    fn arrival(commands: &[&str]) -> Option<Duration> {
        let mut network = Network::new([A, B], 7);
        let names = ["a", "b"].map(str::to_owned);
        for command in commands {
            apply(command, &names, &mut network).unwrap();
        }
        network.send(Duration::ZERO, 0, udp(A, B, 100));
        while let Some(at) = network.next_timeout() {
            if network.poll(at).is_some() {
                return Some(at);
            }
        }
        None
    }

    #[test]
    fn command_sets_only_the_lines_in_it() {
        let slow = r#"{"port": "a", "up": {"delay": 3}, "down": {"blackout": true}}"#;
        let other = r#"{"port": "b", "down": {"delay": 4}}"#;
        assert_eq!(arrival(&[slow, other]), Some(Duration::from_millis(7)));
        assert_eq!(
            arrival(&[slow, other, r#"{"port": "a", "up": {}}"#]),
            Some(Duration::from_millis(4))
        );
        assert_eq!(
            arrival(&[slow, r#"{"port": "b", "down": {"blackout": true}}"#]),
            None
        );
    }

    #[test]
    fn rejects_invalid_commands() {
        let mut network = Network::new([A], 7);
        let mut refused = |line| apply(line, &["a".to_owned()], &mut network).is_err();
        assert!(refused("up"));
        assert!(refused(r#"{"port": "z", "up": {}}"#));
        assert!(refused(r#"{"port": "a", "sideways": {}}"#));
        assert!(!refused(r#"{"port": "a"}"#));
    }
}
