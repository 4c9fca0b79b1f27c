//! The TUN devices of the ports, and the threads that carry packets between them and the network.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use nix::sched::{CloneFlags, setns};
use tun_rs::{DeviceBuilder, SyncDevice};

use crate::network::{Delivery, Network};

/// The configuration of a port on the command line: `NAME=NAMESPACE/DEVICE/ADDRESS`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PortConfig {
    pub(crate) name: String,
    namespace: String,
    device: String,
    pub(crate) address: Ipv4Addr,
}

impl FromStr for PortConfig {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, rest) = text.split_once('=').unwrap_or_default();
        match *rest.split('/').collect::<Vec<_>>() {
            [namespace, device, address] => Ok(Self {
                name: name.to_owned(),
                namespace: namespace.to_owned(),
                device: device.to_owned(),
                address: address
                    .parse()
                    .with_context(|| format!("the address in {text:?}"))?,
            }),
            _ => Err(anyhow!("NAME=NAMESPACE/DEVICE/ADDRESS, not {text:?}")),
        }
    }
}

/// The network while it runs.
#[derive(Clone)]
pub(crate) struct RunningNetwork(Arc<Shared>);

struct Shared {
    network: Mutex<Network>,
    /// Notified when the next timeout may have changed.
    changed: Condvar,
    devices: Vec<SyncDevice>,
    start: Instant,
}

impl RunningNetwork {
    /// Creates the devices and starts the threads. The devices are removed when this program ends.
    pub(crate) fn start(ports: &[PortConfig], seed: u64) -> Result<Self> {
        let devices = ports.iter().map(device).collect::<Result<Vec<_>>>()?;
        let addresses = ports.iter().map(|port| port.address);
        let network = Self(Arc::new(Shared {
            network: Mutex::new(Network::new(addresses, seed)),
            changed: Condvar::new(),
            devices,
            start: Instant::now(),
        }));
        for port in 0..ports.len() {
            let shared = Arc::clone(&network.0);
            thread::spawn(move || shared.collect(port));
        }
        let shared = Arc::clone(&network.0);
        thread::spawn(move || shared.deliver());
        Ok(network)
    }

    /// Gives access to the network, with its threads stopped.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Network) -> T) -> T {
        work(&mut self.0.network())
    }
}

impl Shared {
    fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads packets from a device into the network, without end.
    fn collect(&self, port: usize) {
        let mut buffer = vec![0; 65_536];
        loop {
            match self.devices[port].recv(&mut buffer) {
                Ok(length) => {
                    let packet = buffer[..length].to_vec();
                    self.network().send(self.start.elapsed(), port, packet);
                    self.changed.notify_one();
                }
                // The device is down, and there is no event for when it is up again.
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Writes packets from the network to the devices when they arrive, without end.
    fn deliver(&self) {
        let mut network = self.network();
        loop {
            while let Some(Delivery { port, packet }) = network.poll(self.start.elapsed()) {
                // A device that is down loses the packet.
                let _lost = self.devices[port].send(&packet);
            }
            network = self.wait(network);
        }
    }

    fn wait<'a>(&self, network: MutexGuard<'a, Network>) -> MutexGuard<'a, Network> {
        let Some(timeout) = network.next_timeout() else {
            let changed = self.changed.wait(network);
            return changed.unwrap_or_else(PoisonError::into_inner);
        };
        let left = timeout.saturating_sub(self.start.elapsed());
        let changed = self.changed.wait_timeout(network, left);
        changed.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Creates a device in a namespace, down and without an address. A device belongs to the namespace of
/// the thread that creates it, so this needs a thread of its own.
fn device(port: &PortConfig) -> Result<SyncDevice> {
    let PortConfig {
        namespace, device, ..
    } = port.clone();
    let created = thread::spawn(move || -> Result<SyncDevice> {
        let namespace = File::open(Path::new("/run/netns").join(namespace))?;
        setns(namespace, CloneFlags::CLONE_NEWNET)?;
        Ok(DeviceBuilder::new()
            .name(device)
            .enable(false)
            .build_sync()?)
    });
    let created = created
        .join()
        .unwrap_or_else(|_| Err(anyhow!("the thread panicked")));
    created.with_context(|| format!("creating the device of {}", port.name))
}

#[cfg(test)]
mod tests {
    use super::PortConfig;

    #[test]
    fn port_is_read_from_the_command_line() {
        let port: PortConfig = "a0=calls-a/eth0/10.77.1.1".parse().unwrap();
        assert_eq!(
            (port.name.as_str(), port.namespace.as_str()),
            ("a0", "calls-a")
        );
        assert_eq!(
            (port.device.as_str(), port.address),
            ("eth0", [10, 77, 1, 1].into())
        );
        assert!("a0".parse::<PortConfig>().is_err());
        assert!("a0=calls-a/eth0/10.77.1".parse::<PortConfig>().is_err());
    }
}
