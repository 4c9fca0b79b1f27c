use std::time::Duration;

use tokio::time::Instant;

/// When to ping a peer, and when to consider it dead.
pub struct Heartbeat {
    timeout: Duration,
    dead_at: Instant,
    /// Nothing if the peer is the one that pings.
    pings: Option<Pings>,
}

struct Pings {
    interval: Duration,
    next_at: Instant,
}

/// What is due now.
#[derive(Debug, Eq, PartialEq)]
pub enum Beat {
    /// Nothing yet.
    Nothing,
    /// Ping the peer.
    Ping,
    /// The peer has been silent for too long.
    Dead,
}

impl Heartbeat {
    /// Starts with a peer that is alive now: pings it every `interval`, and considers it dead
    /// after `timeout` without a sign of life.
    pub fn new(interval: Duration, timeout: Duration, now: Instant) -> Self {
        Self {
            pings: Some(Pings {
                interval,
                next_at: now + interval,
            }),
            ..Self::without_pings(timeout, now)
        }
    }

    /// Starts with a peer that pings by itself, and considers it dead after `timeout` without a
    /// sign of life.
    pub fn without_pings(timeout: Duration, now: Instant) -> Self {
        Self {
            timeout,
            dead_at: now + timeout,
            pings: None,
        }
    }

    /// When [`Heartbeat::beat`] is due.
    pub fn next(&self) -> Instant {
        let ping_at = self.pings.as_ref().map(|pings| pings.next_at);
        ping_at.map_or(self.dead_at, |ping_at| ping_at.min(self.dead_at))
    }

    /// Notes a sign of life.
    pub fn alive(&mut self, now: Instant) {
        self.dead_at = now + self.timeout;
    }

    /// Tells what is due, and plans the next ping.
    pub fn beat(&mut self, now: Instant) -> Beat {
        if now >= self.dead_at {
            return Beat::Dead;
        }
        match &mut self.pings {
            Some(pings) if now >= pings.next_at => {
                pings.next_at = now + pings.interval;
                Beat::Ping
            }
            _ => Beat::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_silent_peer_is_pinged_three_times_then_dead() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(5 * SECOND, 16 * SECOND, start);
        let mut pings = 0;
        let end = loop {
            let now = heartbeat.next();
            match heartbeat.beat(now) {
                Beat::Ping => pings += 1,
                Beat::Dead => break now,
                Beat::Nothing => panic!("nothing was due"),
            }
        };
        assert_eq!((pings, end), (3, start + 16 * SECOND));
    }

    #[test]
    fn an_answer_restarts_the_timeout() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(5 * SECOND, 15 * SECOND, start);
        heartbeat.alive(start + 14 * SECOND);
        assert_eq!(heartbeat.beat(start + 16 * SECOND), Beat::Ping);
        assert_eq!(heartbeat.beat(start + 16 * SECOND), Beat::Nothing);
        assert_eq!(heartbeat.beat(start + 29 * SECOND), Beat::Dead);
    }
}
