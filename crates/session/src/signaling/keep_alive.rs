use std::time::Duration;

use videocalls_protocol::Welcome;

use crate::context::Context;
use crate::timers::SignalingTimer;

/// After how many tenths of the server's ping interval without a message the socket counts as dead.
const SILENT_TENTHS: u32 = 24;

/// The intervals that the server states in its welcome.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeepAlive {
    /// How long the server may be silent, if it pings.
    silence: Option<Duration>,
    /// How often the server expects our ping, if it does.
    interval: Option<Duration>,
}

impl KeepAlive {
    pub(super) fn of(welcome: &Welcome) -> Self {
        Self {
            interval: welcome.keep_alive.map(millis),
            ..Self::with_pings(welcome.ping_interval)
        }
    }

    /// Of a server that pings at this interval, in milliseconds.
    pub(super) fn with_pings(interval: Option<u32>) -> Self {
        Self {
            silence: interval.map(|ping| millis(ping) * SILENT_TENTHS / 10),
            interval: None,
        }
    }

    /// Gives the server its time to send something.
    pub(super) fn expect_server(self, ctx: &mut Context) {
        if let Some(silence) = self.silence {
            ctx.start_timer(SignalingTimer::Silence, silence);
        }
    }

    /// Schedules our next ping.
    pub(super) fn schedule(self, ctx: &mut Context) {
        if let Some(interval) = self.interval {
            ctx.start_timer(SignalingTimer::KeepAlive, interval);
        }
    }
}

fn millis(millis: u32) -> Duration {
    Duration::from_millis(millis.into())
}
