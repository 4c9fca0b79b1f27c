//! A line: one direction of one port, with its delay, loss, rate and filters.

use std::time::Duration;

use serde::Deserialize;

use crate::packet::{Filter, Header};
use crate::random::Random;

/// The settings of a line. The default of each has no effect.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// In milliseconds.
    delay: f64,
    /// In milliseconds: the delay of each packet is random between `delay - jitter` and
    /// `delay + jitter`, so jitter can reorder packets.
    jitter: f64,
    /// The share of packets that are dropped, 0 to 1.
    loss: f64,
    /// The share of packets that arrive twice, 0 to 1.
    duplication: f64,
    /// In kilobits per second; 0 means no limit.
    rate: f64,
    /// How long packets may wait under `rate`, in milliseconds; those that would wait longer are
    /// dropped.
    queue: Queue,
    /// Whether all packets are dropped.
    blackout: bool,
    /// Packets that match one of these are dropped.
    block: Vec<Filter>,
}

/// The longest time in the queue, in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(transparent)]
struct Queue(f64);

impl Default for Queue {
    fn default() -> Self {
        Self(200.0)
    }
}

/// A line with its settings and its queue.
#[derive(Default)]
pub(crate) struct Line {
    settings: Settings,
    /// When the line has sent all packets in its queue.
    idle_at: Duration,
}

impl Line {
    /// Changes the settings. Packets that are already on the line are not affected.
    pub(crate) fn set(&mut self, settings: Settings) {
        self.settings = settings;
        self.idle_at = Duration::ZERO;
    }

    /// Sends a packet. Returns the times at which it arrives: none, one or two.
    pub(crate) fn send(
        &mut self,
        now: Duration,
        header: &Header,
        length: usize,
        random: &mut Random,
    ) -> impl Iterator<Item = Duration> + use<> {
        let sent = if self.passes(header, random) {
            self.transmit(now, length)
        } else {
            None
        };
        let twice = sent.filter(|_| random.chance(self.settings.duplication));
        let mut arrival = |sent: Duration| sent + self.delay(random);
        let arrivals = [sent.map(&mut arrival), twice.map(&mut arrival)];
        arrivals.into_iter().flatten()
    }

    fn passes(&self, header: &Header, random: &mut Random) -> bool {
        let Settings {
            blackout,
            block,
            loss,
            ..
        } = &self.settings;
        let blocked = *blackout || block.iter().any(|filter| filter.matches(header));
        !blocked && !random.chance(*loss)
    }

    /// When the last bit has been sent; nothing if the queue is too long.
    fn transmit(&mut self, now: Duration, length: usize) -> Option<Duration> {
        if self.settings.rate <= 0.0 {
            return Some(now);
        }
        let start = now.max(self.idle_at);
        if start - now > milliseconds(self.settings.queue.0) {
            return None;
        }
        // Bits divided by kilobits per second are milliseconds.
        self.idle_at = start + milliseconds(length as f64 * 8.0 / self.settings.rate);
        Some(self.idle_at)
    }

    fn delay(&self, random: &mut Random) -> Duration {
        let Settings { delay, jitter, .. } = self.settings;
        milliseconds(delay + jitter * random.symmetric())
    }
}

/// A duration between zero and one hour.
fn milliseconds(number: f64) -> Duration {
    const HOUR: f64 = 3_600_000.0;
    Duration::from_secs_f64(number.clamp(0.0, HOUR) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::{Line, Settings};
    use crate::packet::{Header, builder};
    use crate::random::Random;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    fn line(settings: &str) -> Line {
        let mut line = Line::default();
        line.set(serde_json::from_str(settings).unwrap());
        line
    }

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    /// The arrival times of packets of 1000 bytes, sent one per millisecond.
    fn arrivals(line: &mut Line, count: u64) -> Vec<Vec<Duration>> {
        let mut random = Random::new(7);
        let header = Header::read(&builder::udp(A, B, 1000)).unwrap();
        (0..count)
            .map(|sent| line.send(ms(sent), &header, 1000, &mut random).collect())
            .collect()
    }

    fn share(count: usize) -> f64 {
        count as f64 / 10_000.0
    }

    #[test]
    fn default_settings_change_nothing() {
        assert_eq!(arrivals(&mut line("{}"), 2), [[ms(0)], [ms(1)]]);
    }

    #[test]
    fn delay_is_the_same_for_all_packets() {
        let mut line = line(r#"{"delay": 25}"#);
        assert_eq!(arrivals(&mut line, 2), [[ms(25)], [ms(26)]]);
    }

    #[test]
    fn jitter_varies_the_delay_and_reorders() {
        let mut line = line(r#"{"delay": 50, "jitter": 20}"#);
        let arrivals: Vec<Duration> = arrivals(&mut line, 10_000).concat();
        let delays = arrivals.iter().zip(0..).map(|(at, sent)| *at - ms(sent));
        assert!(
            delays
                .clone()
                .all(|delay| (ms(30)..=ms(70)).contains(&delay))
        );
        let mean = delays.sum::<Duration>() / 10_000;
        assert!((ms(49)..=ms(51)).contains(&mean), "{mean:?}");
        assert!(!arrivals.is_sorted());
    }

    #[test]
    fn jitter_above_the_delay_makes_no_negative_delay() {
        let mut line = line(r#"{"delay": 1, "jitter": 20}"#);
        let arrivals = arrivals(&mut line, 1000).concat();
        assert!(arrivals.iter().zip(0..).all(|(at, sent)| *at >= ms(sent)));
    }

    #[test]
    fn loss_drops_its_share() {
        let lost = |settings: &str| {
            let arrivals = arrivals(&mut line(settings), 10_000);
            share(arrivals.iter().filter(|times| times.is_empty()).count())
        };
        assert_eq!(lost(r#"{"loss": 0}"#), 0.0);
        assert!((0.19..0.21).contains(&lost(r#"{"loss": 0.2}"#)));
        assert_eq!(lost(r#"{"loss": 1}"#), 1.0);
    }

    #[test]
    fn duplication_doubles_its_share() {
        let arrivals = arrivals(&mut line(r#"{"duplication": 0.1}"#), 10_000);
        let twice = share(arrivals.iter().filter(|times| times.len() == 2).count());
        assert!((0.09..0.11).contains(&twice), "{twice}");
    }

    #[test]
    fn rate_queues_packets_and_drops_those_over_the_limit() {
        // Packets arrive at 8000 kbit/s; the line needs 8 ms for each.
        let mut line = line(r#"{"rate": 1000, "queue": 20}"#);
        let arrivals = arrivals(&mut line, 100);
        assert_eq!(arrivals[..3], [[ms(8)], [ms(16)], [ms(24)]]);
        let passed: Vec<Duration> = arrivals.concat();
        assert!(passed.is_sorted());
        assert!((13..=16).contains(&passed.len()), "{}", passed.len());
        let waits = arrivals
            .iter()
            .zip(0..)
            .flat_map(|(times, sent)| times.iter().map(move |at| *at - ms(sent)));
        assert!(waits.max().unwrap() <= ms(28));
    }

    #[test]
    fn blackout_drops_everything() {
        let mut line = line(r#"{"blackout": true}"#);
        assert!(arrivals(&mut line, 10).concat().is_empty());
        line.set(Settings::default());
        assert_eq!(arrivals(&mut line, 10).concat().len(), 10);
    }

    #[test]
    fn filter_drops_what_it_matches() {
        let mut udp = line(r#"{"block": [{"protocol": "udp"}]}"#);
        assert!(arrivals(&mut udp, 10).concat().is_empty());
        let mut tcp = line(r#"{"block": [{"protocol": "tcp", "port": 8080}]}"#);
        assert_eq!(arrivals(&mut tcp, 10).concat().len(), 10);
    }

    #[test]
    fn rejects_unknown_settings() {
        assert!(serde_json::from_str::<Settings>(r#"{"dealy": 25}"#).is_err());
    }
}
