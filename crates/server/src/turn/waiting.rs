use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use crate::turn::session::Session;

/// How many clients are remembered that have not shown credentials yet.
const MAX_WAITING: usize = 4096;

/// The UDP clients that have been asked for credentials.
///
/// Anyone can send a request in anyone's name, so a new client takes the place of the oldest one:
/// a flood has to be faster than an honest client's answer to keep it out.
#[derive(Default)]
pub(crate) struct Waiting {
    sessions: HashMap<SocketAddr, Session>,
    /// The clients, oldest first.
    order: VecDeque<SocketAddr>,
}

impl Waiting {
    /// The session of a client, or a new one.
    pub(crate) fn session(
        &mut self,
        client: SocketAddr,
        now: Instant,
        new: impl FnOnce() -> Session,
    ) -> &mut Session {
        self.forget(now);
        self.sessions.entry(client).or_insert_with(|| {
            self.order.push_back(client);
            new()
        })
    }

    /// Takes out a client that has shown its credentials.
    pub(crate) fn remove(&mut self, client: SocketAddr) -> Option<Session> {
        self.order.retain(|waiting| *waiting != client);
        self.sessions.remove(&client)
    }

    /// Forgets clients that have waited for too long, and the oldest one if there are too many.
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.order.front() {
            let is_over = self
                .sessions
                .get(oldest)
                .is_none_or(|session| session.is_over(now));
            if !is_over && self.order.len() < MAX_WAITING {
                break;
            }
            self.sessions.remove(oldest);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ice::TurnSecret;
    use crate::turn::config::TurnLimits;
    use crate::turn::quota::Quota;
    use crate::turn::reach::Reach;
    use crate::turn::rules::Rules;

    fn client(number: u32) -> SocketAddr {
        SocketAddr::new(std::net::Ipv4Addr::from(number).into(), 5000)
    }

    fn session(now: Instant) -> Session {
        let local = std::net::Ipv4Addr::LOCALHOST.into();
        let rules = Rules {
            secret: TurnSecret::random(),
            reach: Reach {
                external: local,
                local,
                ports: 50_000..=50_099,
                allow_private: false,
            },
            quota: Quota::new(TurnLimits::default()),
            limits: TurnLimits::default(),
        };
        Session::new(rules, client(0), client(0), now)
    }

    #[test]
    fn a_flood_takes_the_places_of_the_oldest() {
        let now = Instant::now();
        let mut waiting = Waiting::default();
        for number in 0..10_000 {
            waiting.session(client(number), now, || session(now));
            assert_eq!(waiting.sessions.len(), waiting.order.len());
        }
        assert_eq!(waiting.sessions.len(), MAX_WAITING);
        assert!(waiting.remove(client(9_999)).is_some());
        assert!(waiting.remove(client(0)).is_none());
        assert_eq!(waiting.sessions.len(), waiting.order.len());
    }

    #[test]
    fn clients_without_credentials_are_forgotten() {
        let now = Instant::now();
        let mut waiting = Waiting::default();
        waiting.session(client(1), now, || session(now));
        let later = now + Duration::from_secs(11);
        waiting.session(client(2), later, || session(later));
        assert!(waiting.remove(client(1)).is_none());
        assert!(waiting.remove(client(2)).is_some());
    }
}
