//! The devices at the ports, and the threads that carry packets between them and the network.

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

/// What a port is connected to, as the command line says it: `NAME=NAMESPACE/DEVICE/ADDRESS`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plug {
    pub(crate) name: String,
    namespace: String,
    device: String,
    pub(crate) address: Ipv4Addr,
}

impl FromStr for Plug {
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

/// A network that runs.
#[derive(Clone)]
pub(crate) struct Wires(Arc<Shared>);

struct Shared {
    network: Mutex<Network>,
    /// Something may be due earlier than before.
    changed: Condvar,
    devices: Vec<SyncDevice>,
    start: Instant,
}

impl Wires {
    /// Makes the devices, which vanish with this program, and starts to carry.
    pub(crate) fn connect(plugs: &[Plug], seed: u64) -> Result<Self> {
        let devices = plugs.iter().map(device).collect::<Result<Vec<_>>>()?;
        let addresses = plugs.iter().map(|plug| plug.address);
        let wires = Self(Arc::new(Shared {
            network: Mutex::new(Network::new(addresses, seed)),
            changed: Condvar::new(),
            devices,
            start: Instant::now(),
        }));
        for port in 0..plugs.len() {
            let wires = wires.clone();
            thread::spawn(move || wires.0.collect(port));
        }
        let carrier = wires.clone();
        thread::spawn(move || carrier.0.deliver());
        Ok(wires)
    }

    /// Works on the network while nothing moves in it.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Network) -> T) -> T {
        work(&mut self.0.network())
    }
}

impl Shared {
    fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From a device into the network, for ever.
    fn collect(&self, port: usize) {
        let mut buffer = vec![0; 65_536];
        loop {
            match self.devices[port].recv(&mut buffer) {
                Ok(length) => {
                    let packet = buffer[..length].to_vec();
                    self.network().send(self.start.elapsed(), port, packet);
                    self.changed.notify_one();
                }
                // A device that is down; there is no event for its coming back.
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// From the network to the devices, when it is time, for ever.
    fn deliver(&self) {
        let mut network = self.network();
        loop {
            while let Some(Delivery { port, packet }) = network.poll(self.start.elapsed()) {
                // What a device does not take, because it is down, is lost.
                let _lost = self.devices[port].send(&packet);
            }
            network = self.wait(network);
        }
    }

    fn wait<'a>(&self, network: MutexGuard<'a, Network>) -> MutexGuard<'a, Network> {
        let Some(due) = network.next_due() else {
            let changed = self.changed.wait(network);
            return changed.unwrap_or_else(PoisonError::into_inner);
        };
        let left = due.saturating_sub(self.start.elapsed());
        let changed = self.changed.wait_timeout(network, left);
        changed.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A device in a namespace, down and without an address as yet. It belongs to the namespace of the
/// thread that makes it, so that a thread goes there.
fn device(plug: &Plug) -> Result<SyncDevice> {
    let Plug {
        namespace, device, ..
    } = plug.clone();
    let made = thread::spawn(move || -> Result<SyncDevice> {
        let namespace = File::open(Path::new("/run/netns").join(namespace))?;
        setns(namespace, CloneFlags::CLONE_NEWNET)?;
        Ok(DeviceBuilder::new()
            .name(device)
            .enable(false)
            .build_sync()?)
    });
    let made = made
        .join()
        .unwrap_or_else(|_| Err(anyhow!("its thread panicked")));
    made.with_context(|| format!("making the device of {}", plug.name))
}

#[cfg(test)]
mod tests {
    use super::Plug;

    #[test]
    fn a_plug_is_read_from_the_command_line() {
        let plug: Plug = "a0=calls-a/eth0/10.77.1.1".parse().unwrap();
        assert_eq!(
            (plug.name.as_str(), plug.namespace.as_str()),
            ("a0", "calls-a")
        );
        assert_eq!(
            (plug.device.as_str(), plug.address),
            ("eth0", [10, 77, 1, 1].into())
        );
        assert!("a0".parse::<Plug>().is_err());
        assert!("a0=calls-a/eth0/10.77.1".parse::<Plug>().is_err());
    }
}
