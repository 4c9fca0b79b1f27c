//! The connections between clients, pages and the server, and how messages travel on them.

use videocalls_protocol::CloseAction;
use videocalls_session::Input;

use super::network::{Occurrence, SimulatedNetwork};

pub(crate) type ConnId = usize;

/// The owner of a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holder {
    Client(usize),
    Page(usize),
}

#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) holder: Holder,
    /// Whether it is open at the holder's end.
    pub(crate) open: bool,
    /// Whether the holder still receives from it.
    pub(crate) listens: bool,
    /// Whether the server still counts it as open.
    pub(crate) open_at_server: bool,
    /// Whether what is in transit is lost.
    pub(crate) cut: bool,
    pub(crate) up_last: u64,
    pub(crate) down_last: u64,
    /// The signals that were delivered, so that they can be replayed.
    pub(crate) delivered: Vec<String>,
}

impl SimulatedNetwork {
    /// Delivers a frame to its client or page.
    pub(crate) fn deliver(&mut self, conn: ConnId, text: String) {
        if !self.conns[conn].listens {
            return;
        }
        match self.conns[conn].holder {
            Holder::Client(client) => {
                if text.contains("\"signal\"")
                    || text.contains("\"sdp\"")
                    || text.contains("\"ice\"")
                    || text.contains("\"candidate\"")
                {
                    self.conns[conn].delivered.push(text.clone());
                }
                self.client_receives(client, &text);
            }
            Holder::Page(page) => self.page_receives(page, &text),
        }
    }

    pub(crate) fn deliver_close(&mut self, conn: ConnId, action: CloseAction) {
        if !std::mem::replace(&mut self.conns[conn].listens, false) {
            return;
        }
        if let Holder::Client(client) = self.conns[conn].holder {
            self.feed(client, Input::SignalingClosed(action));
        }
    }

    /// Sends a frame towards the server.
    pub(crate) fn send_up(&mut self, conn: ConnId, text: String) {
        let at = self.arrival(conn, self.conns[conn].up_last);
        self.conns[conn].up_last = at;
        self.at(at, Occurrence::Up { conn, text });
    }

    /// Closes a socket from the client's side, once what was sent has arrived.
    pub(crate) fn close_up(&mut self, conn: ConnId) {
        self.conns[conn].listens = false;
        let at = self.arrival(conn, self.conns[conn].up_last);
        self.at(
            at.max(self.conns[conn].up_last),
            Occurrence::UpClosed { conn },
        );
    }

    /// Sends a frame towards a client.
    pub(crate) fn send_down(&mut self, conn: ConnId, text: String, signal: bool) {
        if !self.conns[conn].open_at_server {
            return;
        }
        let at = self.arrival(conn, self.conns[conn].down_last);
        self.conns[conn].down_last = at;
        // Old pages can't cope with duplicates, and real networks do not duplicate WebSocket frames.
        let ours = matches!(self.conns[conn].holder, Holder::Client(_));
        if signal && ours && self.rng.percent(self.conditions.duplicates) {
            self.tally.duplicates += 1;
            // A duplicate delays what follows, but the delay must not grow without bound.
            let latest = self.now + 4 * self.conditions.delay;
            let again = at.max(latest.min(at + self.rng.below(4 * self.conditions.delay + 1)));
            if !self.conditions.reorder {
                self.conns[conn].down_last = again;
            }
            let text = text.clone();
            self.at(again, Occurrence::Down { conn, text });
        }
        self.at(at, Occurrence::Down { conn, text });
    }

    pub(crate) fn close_down(&mut self, conn: ConnId, action: CloseAction) {
        self.conns[conn].open_at_server = false;
        let at = self.arrival(conn, self.conns[conn].down_last);
        self.at(
            at.max(self.conns[conn].down_last),
            Occurrence::DownClosed { conn, action },
        );
    }

    fn arrival(&mut self, conn: ConnId, last: u64) -> u64 {
        let mut at = self.now + self.rng.below(self.conditions.delay + 1);
        if let Holder::Client(client) = self.conns[conn].holder
            && let Some(until) = self.signaling_out_until(client)
        {
            // TCP sends again what was lost.
            at = until + self.rng.below(2_000);
        }
        if self.conditions.reorder {
            at
        } else {
            at.max(last)
        }
    }
}
