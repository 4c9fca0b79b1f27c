//! The commands that come while the network runs, one JSON object to a line.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::line::Settings;
use crate::network::{Direction, Network};

/// New settings for a port's lines. A line that is not named stays as it is; one that is named is set as a whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    port: String,
    up: Option<Settings>,
    down: Option<Settings>,
}

/// Carries a command out; `names` are those of the ports, in order.
pub(crate) fn obey(line: &str, names: &[String], network: &mut Network) -> Result<()> {
    let Command { port, up, down } = serde_json::from_str(line)?;
    let number = names.iter().position(|name| *name == port);
    let number = number.with_context(|| format!("there is no port {port:?}"))?;
    for (direction, settings) in [(Direction::Up, up), (Direction::Down, down)] {
        if let Some(settings) = settings {
            network.set(number, direction, settings);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::obey;
    use crate::network::Network;
    use crate::packet::made::udp;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    /// When a packet from A to B arrives after these commands.
    fn arrival(commands: &[&str]) -> Option<Duration> {
        let mut network = Network::new([A, B], 7);
        let names = ["a", "b"].map(str::to_owned);
        for command in commands {
            obey(command, &names, &mut network).unwrap();
        }
        network.send(Duration::ZERO, 0, udp(A, B, 100));
        while let Some(due) = network.next_due() {
            if network.poll(due).is_some() {
                return Some(due);
            }
        }
        None
    }

    #[test]
    fn a_command_sets_the_lines_that_it_names() {
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
    fn what_makes_no_sense_is_refused() {
        let mut network = Network::new([A], 7);
        let mut refused = |line| obey(line, &["a".to_owned()], &mut network).is_err();
        assert!(refused("up"));
        assert!(refused(r#"{"port": "z", "up": {}}"#));
        assert!(refused(r#"{"port": "a", "sideways": {}}"#));
        assert!(!refused(r#"{"port": "a"}"#));
    }
}
