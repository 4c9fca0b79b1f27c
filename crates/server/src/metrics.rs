//! What the server counts, in the form of Prometheus.
//!
//! `prometheus-client` keeps no global state, so that several servers in one process count apart.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

type Kind = [(&'static str, &'static str); 1];

/// The counters of a server. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Counts>);

#[derive(Default)]
struct Counts {
    registry: Registry,
    sockets: Gauge,
    seats: Family<Kind, Gauge>,
    joins: Family<Kind, Counter>,
    refusals: Family<Kind, Counter>,
    closes: Family<[(&'static str, u16); 1], Counter>,
    received: Traffic,
    sent: Traffic,
    queued_messages: Gauge,
    queued_bytes: Gauge,
}

#[derive(Default)]
struct Traffic {
    messages: Counter,
    bytes: Counter,
}

/// Counts something as present until it is dropped.
#[must_use]
pub(crate) struct Present(Gauge);

impl Present {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut counts = Counts::default();
        let mut registry = Registry::with_prefix("videocalls");
        counts.register(&mut registry);
        counts.registry = registry;
        Self(Arc::new(counts))
    }
}

impl Metrics {
    /// All counts as text.
    pub(crate) fn to_text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    /// Counts an open WebSocket.
    pub(crate) fn socket(&self) -> Present {
        Present::new(&self.0.sockets)
    }

    /// Counts a participant who joins a room of this kind, and is connected to it.
    pub(crate) fn seat(&self, kind: &'static str) -> Present {
        self.0.joins.get_or_create(&[("kind", kind)]).inc();
        Present::new(&self.0.seats.get_or_create_owned(&[("kind", kind)]))
    }

    /// Counts a request or a join that was refused, by the code that its client gets.
    pub(crate) fn refused(&self, code: &'static str) {
        self.0.refusals.get_or_create(&[("code", code)]).inc();
    }

    /// Counts a WebSocket that the server closes.
    pub(crate) fn closed(&self, code: u16) {
        self.0.closes.get_or_create(&[("code", code)]).inc();
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.0.received.count(bytes);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.0.sent.count(bytes);
    }

    /// Counts a message that waits to be sent.
    pub(crate) fn queued(&self, bytes: usize) {
        self.0.queued_messages.inc();
        self.0.queued_bytes.inc_by(to_i64(bytes));
    }

    /// The messages wait no longer.
    pub(crate) fn unqueued(&self, messages: usize, bytes: usize) {
        self.0.queued_messages.dec_by(to_i64(messages));
        self.0.queued_bytes.dec_by(to_i64(bytes));
    }
}

impl Traffic {
    fn count(&self, bytes: usize) {
        self.messages.inc();
        self.bytes.inc_by(bytes.try_into().unwrap_or(u64::MAX));
    }
}

impl Counts {
    fn register(&self, registry: &mut Registry) {
        let sockets = self.sockets.clone();
        registry.register("sockets", "Open WebSockets", sockets);
        let seats = self.seats.clone();
        registry.register("seats", "Participants who are connected to a room", seats);
        let joins = self.joins.clone();
        registry.register("joins", "Connections that joined a room", joins);
        let refusals = self.refusals.clone();
        registry.register("refusals", "Refused requests and joins", refusals);
        let closes = self.closes.clone();
        registry.register("closes", "WebSockets that the server closed", closes);
        for (traffic, messages, bytes) in [
            (&self.received, "messages_received", "received"),
            (&self.sent, "messages_sent", "sent"),
        ] {
            registry.register(messages, "Text messages", traffic.messages.clone());
            let help = "Bytes of text messages";
            registry.register_with_unit(bytes, help, Unit::Bytes, traffic.bytes.clone());
        }
        let waiting = "Messages that wait to be sent";
        registry.register("queued_messages", waiting, self.queued_messages.clone());
        let waiting = "Bytes that wait to be sent";
        let queued_bytes = self.queued_bytes.clone();
        registry.register_with_unit("queued", waiting, Unit::Bytes, queued_bytes);
    }
}

fn to_i64(number: usize) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn present_things_are_counted_until_they_are_dropped() {
        let metrics = Metrics::default();
        let seats = [metrics.seat("relay"), metrics.seat("relay")];
        let _other = metrics.seat("rooms");
        let joins = "videocalls_joins_total{kind=\"relay\"} 2\n";
        assert!(metrics.to_text().unwrap().contains(joins));
        let two = "videocalls_seats{kind=\"relay\"} 2\n";
        assert!(metrics.to_text().unwrap().contains(two));
        drop(seats);
        let none = "videocalls_seats{kind=\"relay\"} 0\n";
        assert!(metrics.to_text().unwrap().contains(none));
    }

    #[test]
    fn messages_and_their_bytes_are_counted() {
        let metrics = Metrics::default();
        metrics.received(7);
        metrics.sent(5);
        metrics.queued(11);
        metrics.queued(3);
        metrics.unqueued(1, 11);
        metrics.closed(4013);
        let text = metrics.to_text().unwrap();
        for line in [
            "videocalls_messages_received_total 1",
            "videocalls_received_bytes_total 7",
            "videocalls_messages_sent_total 1",
            "videocalls_sent_bytes_total 5",
            "videocalls_queued_messages 1",
            "videocalls_queued_bytes 3",
            "videocalls_closes_total{code=\"4013\"} 1",
        ] {
            assert!(text.contains(&format!("\n{line}\n")), "{line}:\n{text}");
        }
    }
}
