//! One direction of one port: what happens to a packet that enters it.

use std::time::Duration;

use serde::Deserialize;

use crate::packet::{Filter, Head};
use crate::random::Random;

/// How a line treats packets. What is not named does nothing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// In milliseconds.
    delay: f64,
    /// In milliseconds: each packet's delay is between `delay - jitter` and `delay + jitter`, whatever
    /// those of its neighbours are. So packets that are nearer to each other than that can change
    /// places, and without jitter none does.
    jitter: f64,
    /// The share of packets that get lost, 0 to 1.
    loss: f64,
    /// The share of packets that come twice, 0 to 1.
    duplication: f64,
    /// In kilobits per second; 0 is no limit.
    rate: f64,
    /// How long packets may wait for their turn under `rate`, in milliseconds; those that would
    /// wait longer are dropped.
    queue: Queue,
    /// Nothing passes.
    blackout: bool,
    /// These don't pass.
    block: Vec<Filter>,
}

/// A queue's bound, in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(transparent)]
struct Queue(f64);

impl Default for Queue {
    fn default() -> Self {
        Self(200.0)
    }
}

/// A line with what it has on it.
#[derive(Default)]
pub(crate) struct Line {
    settings: Settings,
    /// When the last packet that was let in will have been sent, under a rate.
    free: Duration,
}

impl Line {
    /// Applies to packets that come from now on. Those on their way arrive as they were to, as on a wire.
    pub(crate) fn set(&mut self, settings: Settings) {
        self.settings = settings;
        self.free = Duration::ZERO;
    }

    /// When a packet comes out at the other end: never, once, or twice.
    pub(crate) fn admit(
        &mut self,
        now: Duration,
        head: &Head,
        length: usize,
        random: &mut Random,
    ) -> impl Iterator<Item = Duration> + use<> {
        let sent = if self.takes(head, random) {
            self.send(now, length)
        } else {
            None
        };
        let twice = sent.filter(|_| random.chance(self.settings.duplication));
        let mut arrival = |sent: Duration| sent + self.travel(random);
        let arrivals = [sent.map(&mut arrival), twice.map(&mut arrival)];
        arrivals.into_iter().flatten()
    }

    fn takes(&self, head: &Head, random: &mut Random) -> bool {
        let Settings {
            blackout,
            block,
            loss,
            ..
        } = &self.settings;
        let blocked = *blackout || block.iter().any(|filter| filter.applies(head));
        !blocked && !random.chance(*loss)
    }

    /// When the last bit is on the line, unless the queue is too long.
    fn send(&mut self, now: Duration, length: usize) -> Option<Duration> {
        if self.settings.rate <= 0.0 {
            return Some(now);
        }
        let start = now.max(self.free);
        if start - now > milliseconds(self.settings.queue.0) {
            return None;
        }
        // Bits by kilobits per second are milliseconds.
        self.free = start + milliseconds(length as f64 * 8.0 / self.settings.rate);
        Some(self.free)
    }

    fn travel(&self, random: &mut Random) -> Duration {
        let Settings { delay, jitter, .. } = self.settings;
        milliseconds(delay + jitter * random.swing())
    }
}

/// A time of no less than nothing and no more than an hour.
fn milliseconds(number: f64) -> Duration {
    const HOUR: f64 = 3_600_000.0;
    Duration::from_secs_f64(number.clamp(0.0, HOUR) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::{Line, Settings};
    use crate::packet::{Head, made};
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

    /// When packets of 1000 bytes arrive that are sent one each millisecond.
    fn arrivals(line: &mut Line, count: u64) -> Vec<Vec<Duration>> {
        let mut random = Random::new(7);
        let head = Head::read(&made::udp(A, B, 1000)).unwrap();
        (0..count)
            .map(|sent| line.admit(ms(sent), &head, 1000, &mut random).collect())
            .collect()
    }

    fn share(count: usize) -> f64 {
        count as f64 / 10_000.0
    }

    #[test]
    fn a_line_without_settings_is_a_wire() {
        assert_eq!(arrivals(&mut line("{}"), 2), [[ms(0)], [ms(1)]]);
    }

    #[test]
    fn delay_moves_all_alike() {
        let mut line = line(r#"{"delay": 25}"#);
        assert_eq!(arrivals(&mut line, 2), [[ms(25)], [ms(26)]]);
    }

    #[test]
    fn jitter_spreads_around_the_delay_and_changes_places() {
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
    fn more_jitter_than_delay_does_not_go_back_in_time() {
        let mut line = line(r#"{"delay": 1, "jitter": 20}"#);
        let arrivals = arrivals(&mut line, 1000).concat();
        assert!(arrivals.iter().zip(0..).all(|(at, sent)| *at >= ms(sent)));
    }

    #[test]
    fn loss_takes_its_share() {
        let lost = |settings: &str| {
            let arrivals = arrivals(&mut line(settings), 10_000);
            share(arrivals.iter().filter(|times| times.is_empty()).count())
        };
        assert_eq!(lost(r#"{"loss": 0}"#), 0.0);
        assert!((0.19..0.21).contains(&lost(r#"{"loss": 0.2}"#)));
        assert_eq!(lost(r#"{"loss": 1}"#), 1.0);
    }

    #[test]
    fn duplication_brings_its_share_twice() {
        let arrivals = arrivals(&mut line(r#"{"duplication": 0.1}"#), 10_000);
        let twice = share(arrivals.iter().filter(|times| times.len() == 2).count());
        assert!((0.09..0.11).contains(&twice), "{twice}");
    }

    #[test]
    fn a_rate_lets_packets_wait_and_a_full_queue_drops_them() {
        // A packet of 1000 bytes each millisecond is 8000 kbit/s: the line takes 8 ms for each.
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
    fn nothing_passes_a_blackout() {
        let mut line = line(r#"{"blackout": true}"#);
        assert!(arrivals(&mut line, 10).concat().is_empty());
        line.set(Settings::default());
        assert_eq!(arrivals(&mut line, 10).concat().len(), 10);
    }

    #[test]
    fn a_filter_stops_its_own() {
        let mut udp = line(r#"{"block": [{"protocol": "udp"}]}"#);
        assert!(arrivals(&mut udp, 10).concat().is_empty());
        let mut tcp = line(r#"{"block": [{"protocol": "tcp", "port": 8080}]}"#);
        assert_eq!(arrivals(&mut tcp, 10).concat().len(), 10);
    }

    #[test]
    fn a_setting_with_a_slip_of_the_pen_is_refused() {
        assert!(serde_json::from_str::<Settings>(r#"{"dealy": 25}"#).is_err());
    }
}
