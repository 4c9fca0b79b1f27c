use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::config::Limits;
use crate::rate::RateLimit;

/// How many addresses are remembered before those are forgotten that use nothing.
const FORGET_AT: usize = 1024;

/// How much the clients of one address may use together: an IPv4 address, or the /64 network of an
/// IPv6 address, of which one client has all.
///
/// The machine's own addresses are not limited, nor are clients whose address a trusted proxy does not
/// tell.
pub(crate) struct AddressLimits {
    usage: Mutex<Usages>,
    limits: Limits,
}

#[derive(Default)]
struct Usages {
    by_address: HashMap<IpAddr, Usage>,
    /// At how many addresses to look for those that can be forgotten.
    forget_at: usize,
}

struct Usage {
    connections: usize,
    sockets: usize,
    openings: RateLimit,
}

/// What an address may use a number of.
#[derive(Clone, Copy)]
enum Resource {
    Connection,
    Socket,
}

/// The clients of an address use too much.
#[derive(Debug)]
pub(crate) struct TooMany;

/// Permission to use something, until it is dropped.
#[must_use]
pub struct AddressPermit {
    granted: Option<(Arc<AddressLimits>, IpAddr, Resource)>,
}

impl AddressLimits {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            usage: Mutex::default(),
            limits,
        })
    }

    /// Takes one of the connections of an address.
    pub(crate) fn connect(
        self: &Arc<Self>,
        address: Option<IpAddr>,
    ) -> Result<AddressPermit, TooMany> {
        self.take(address, Resource::Connection, Instant::now())
    }

    /// Takes one of the WebSockets or sessions of an address, and counts it as opened now.
    pub(crate) fn open(
        self: &Arc<Self>,
        address: Option<IpAddr>,
    ) -> Result<AddressPermit, TooMany> {
        self.take(address, Resource::Socket, Instant::now())
    }

    fn take(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        resource: Resource,
        now: Instant,
    ) -> Result<AddressPermit, TooMany> {
        let Some(address) = address.and_then(limited) else {
            return Ok(AddressPermit { granted: None });
        };
        let mut usages = self.lock();
        usages.forget_unused(now);
        let usage = usages.by_address.entry(address);
        let usage = usage.or_insert_with(|| Usage::new(self.limits, now));
        let fits = match resource {
            Resource::Connection => usage.connections < self.limits.address_connections,
            Resource::Socket => {
                usage.openings.take(now) && usage.sockets < self.limits.address_sockets
            }
        };
        if !fits {
            return Err(TooMany);
        }
        *usage.count(resource) += 1;
        Ok(AddressPermit {
            granted: Some((Arc::clone(self), address, resource)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Usages> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Usages {
    fn forget_unused(&mut self, now: Instant) {
        if self.by_address.len() >= self.forget_at.max(FORGET_AT) {
            self.by_address.retain(|_, usage| usage.is_in_use(now));
            self.forget_at = 2 * self.by_address.len();
        }
    }
}

impl Usage {
    fn new(limits: Limits, now: Instant) -> Self {
        Self {
            connections: 0,
            sockets: 0,
            openings: RateLimit::new(
                limits.address_socket_burst,
                limits.address_sockets_per_second,
                now,
            ),
        }
    }

    fn count(&mut self, resource: Resource) -> &mut usize {
        match resource {
            Resource::Connection => &mut self.connections,
            Resource::Socket => &mut self.sockets,
        }
    }

    fn is_in_use(&self, now: Instant) -> bool {
        self.connections > 0 || self.sockets > 0 || !self.openings.is_full(now)
    }
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        if let Some((limits, address, resource)) = self.granted.take()
            && let Some(usage) = limits.lock().by_address.get_mut(&address)
        {
            *usage.count(resource) -= 1;
        }
    }
}

/// The address that stands for those of one client, or nothing if it is not limited.
fn limited(address: IpAddr) -> Option<IpAddr> {
    let address = match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            // ::1 is in a network of its own.
            (!address.is_loopback()).then_some(IpAddr::V6(network.into()))?
        }
        v4 => v4,
    };
    (!address.is_loopback()).then_some(address)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(sockets: usize, burst: u32) -> Arc<AddressLimits> {
        AddressLimits::new(Limits {
            address_sockets: sockets,
            address_connections: sockets,
            address_socket_burst: burst,
            address_sockets_per_second: 1,
            ..Limits::default()
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn permits_are_counted_until_they_are_dropped() {
        let limits = limits(2, 100);
        let client = Some(address("192.0.2.7"));
        let permits = [limits.open(client).unwrap(), limits.open(client).unwrap()];
        assert!(limits.open(client).is_err());
        assert!(limits.open(Some(address("192.0.2.8"))).is_ok());
        assert!(limits.connect(client).is_ok());
        drop(permits);
        assert!(limits.open(client).is_ok());
    }

    #[test]
    fn opening_is_limited_also_when_sockets_are_closed_again() {
        let limits = limits(100, 3);
        let client = Some(address("192.0.2.7"));
        let now = Instant::now();
        let opens = |now| limits.take(client, Resource::Socket, now).is_ok();
        assert_eq!((0..9).filter(|_| opens(now)).count(), 3);
        let later = now + Duration::from_secs(1);
        assert_eq!((0..9).filter(|_| opens(later)).count(), 1);
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let limits = limits(1, 100);
        let _permit = limits.open(Some(address("2001:db8::1"))).unwrap();
        assert!(limits.open(Some(address("2001:db8::ffff:2"))).is_err());
        assert!(limits.open(Some(address("2001:db8:0:1::1"))).is_ok());
        let _permit = limits.open(Some(address("192.0.2.7"))).unwrap();
        assert!(limits.open(Some(address("::ffff:192.0.2.7"))).is_err());
    }

    #[test]
    fn own_and_unknown_addresses_are_not_limited() {
        let limits = limits(0, 0);
        for unlimited in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(limits.open(Some(address(unlimited))).is_ok(), "{unlimited}");
        }
        assert!(limits.open(None).is_ok());
        assert!(limits.open(Some(address("::2"))).is_err());
    }

    #[test]
    fn unused_addresses_are_forgotten() {
        let limits = limits(1, 1);
        let mut now = Instant::now();
        for number in 0..10_000_u32 {
            let client = IpAddr::V4(number.into());
            assert!(limits.take(Some(client), Resource::Socket, now).is_ok());
            now += Duration::from_millis(2);
        }
        assert!(limits.lock().by_address.len() <= 2 * FORGET_AT);
    }
}
