use crate::Transport;
use crate::receive_monitor::ReceiveMonitor;

/// The network path of a link, and what arrives by it.
#[derive(Debug)]
pub(super) enum Path {
    /// There has been no path yet.
    Searching {
        transport: Transport,
        /// Whether there are ICE servers that it is not searched with.
        lacks_servers: bool,
    },
    /// There is a path, or there was one.
    Found {
        transport: Transport,
        monitor: ReceiveMonitor,
    },
}

impl Path {
    pub(super) fn new() -> Self {
        Self::Searching {
            transport: Transport::New,
            lacks_servers: false,
        }
    }

    /// Whether another search may find a path: there are ICE servers that this one is without.
    pub(super) fn lacks_servers(&self) -> bool {
        matches!(
            self,
            Self::Searching {
                lacks_servers: true,
                ..
            }
        )
    }

    pub(super) fn set_lacks_servers(&mut self, lacks: bool) {
        if let Self::Searching { lacks_servers, .. } = self {
            *lacks_servers = lacks;
        }
    }

    pub(super) fn transport(&self) -> Transport {
        match self {
            Self::Searching { transport, .. } | Self::Found { transport, .. } => *transport,
        }
    }

    pub(super) fn set_transport(&mut self, now: Transport) {
        let (Self::Searching { transport, .. } | Self::Found { transport, .. }) = self;
        *transport = now;
    }

    pub(super) fn was_found(&self) -> bool {
        matches!(self, Self::Found { .. })
    }

    /// Starts to monitor the path. Returns whether it is the first time.
    pub(super) fn found(&mut self) -> bool {
        let first = !self.was_found();
        if first {
            *self = Self::Found {
                transport: self.transport(),
                monitor: ReceiveMonitor::new(),
            };
        }
        first
    }

    pub(super) fn monitor(&self) -> Option<&ReceiveMonitor> {
        match self {
            Self::Searching { .. } => None,
            Self::Found { monitor, .. } => Some(monitor),
        }
    }

    pub(super) fn monitor_mut(&mut self) -> Option<&mut ReceiveMonitor> {
        match self {
            Self::Searching { .. } => None,
            Self::Found { monitor, .. } => Some(monitor),
        }
    }
}
