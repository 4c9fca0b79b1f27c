//! What users, machines and networks do during a schedule.

use videocalls_protocol::{CloseAction, Source};
use videocalls_session::{EndReason, Input};

use super::ledger::Kind;
use super::network::{Occurrence, SimulatedNetwork};

/// Something that happens to a client, a page, the server or the network.
#[derive(Clone, Debug)]
pub(crate) enum Stimulus {
    Start {
        client: usize,
    },
    Toggle {
        client: usize,
        source: Source,
        on: Option<bool>,
    },
    DeviceGone {
        client: usize,
        source: Source,
    },
    /// Adds a transceiver, or restarts ICE, at one or both ends of a random link.
    Renegotiate {
        client: usize,
        both: bool,
        restart: bool,
    },
    /// The client sends something by data channels.
    Send {
        client: usize,
        kind: Kind,
    },
    RaiseHand {
        client: usize,
    },
    Leave {
        client: usize,
    },
    /// The client's machine dies without sending anything.
    Crash {
        client: usize,
    },
    LoseSocket {
        client: usize,
    },
    /// The server restarts, and has forgotten everything.
    Restart {
        down: u64,
    },
    /// Neither a client's media nor its signaling gets through.
    NetworkOutage {
        client: usize,
        until: u64,
    },
    /// The browser reports that the network is back.
    NetworkChange {
        client: usize,
    },
    /// A signal that was delivered before arrives once more.
    Replay {
        client: usize,
    },
    /// A client's media does not get through.
    MediaOutage {
        client: usize,
        until: u64,
    },
    MediaOutageEnds,
    PageStarts {
        page: usize,
    },
    PageEnds {
        page: usize,
    },
    /// The user presses the page's button to leave, where it has one.
    PageLeaves {
        page: usize,
    },
}

impl SimulatedNetwork {
    /// Carries out what the schedule demands.
    pub(crate) fn carry_out(&mut self, stimulus: Stimulus) {
        self.note(|| format!("-- {stimulus:?}"));
        match stimulus {
            Stimulus::Start { client } => self.feed(client, Input::Start),
            Stimulus::Toggle { client, source, on } => self.toggle(client, source, on),
            Stimulus::DeviceGone { client, source } => self.device_gone(client, source),
            Stimulus::Renegotiate {
                client,
                both,
                restart,
            } => self.renegotiate(client, both, restart),
            Stimulus::Send { client, kind } => self.client_writes(client, kind),
            Stimulus::RaiseHand { client } => self.feed(client, Input::RaiseHand(None)),
            Stimulus::Leave { client } => {
                self.tally.departures += 1;
                self.feed(client, Input::End(EndReason::Left));
            }
            Stimulus::Crash { client } => self.crash(client),
            Stimulus::LoseSocket { client } => {
                self.tally.disturbances += 1;
                self.lose_socket(client);
            }
            Stimulus::Replay { client } => self.replay(client),
            Stimulus::MediaOutage { client, until } => {
                self.media_outages.push((client, until));
                self.at(until, Occurrence::Stimulus(Stimulus::MediaOutageEnds));
                self.refresh_all();
            }
            Stimulus::NetworkOutage { client, until } => {
                self.tally.disturbances += 1;
                self.signaling_outages.push((client, until));
                self.carry_out(Stimulus::MediaOutage { client, until });
            }
            Stimulus::Restart { down } => {
                self.tally.disturbances += 1;
                self.restart(down);
            }
            Stimulus::NetworkChange { client } => self.feed(client, Input::NetworkChanged),
            Stimulus::MediaOutageEnds => self.refresh_all(),
            Stimulus::PageStarts { page } => self.page_starts(page),
            Stimulus::PageEnds { page } => self.page_ends(page),
            Stimulus::PageLeaves { page } => self.page_leaves(page),
        }
    }

    fn lose_socket(&mut self, client: usize) {
        let Some(conn) = self.clients[client].conn else {
            return;
        };
        if !self.conns[conn].listens {
            return;
        }
        let until_noticed = self.rng.below(10_000);
        self.conns[conn].cut = self.rng.percent(50);
        self.after(until_noticed, Occurrence::UpClosed { conn });
        let action = CloseAction::Backoff;
        self.deliver_close(conn, action);
    }

    fn restart(&mut self, down: u64) {
        self.server.restart();
        self.down_until = self.now + down;
        for conn in 0..self.conns.len() {
            if std::mem::replace(&mut self.conns[conn].open_at_server, false) {
                let at = self.now + self.rng.below(self.conditions.delay + 1);
                let action = CloseAction::Backoff;
                self.at(at, Occurrence::DownClosed { conn, action });
            }
        }
    }

    fn replay(&mut self, client: usize) {
        let Some(conn) = self.clients[client].conn else {
            return;
        };
        let delivered = self.conns[conn].delivered.len() as u64;
        if delivered > 0 && self.conns[conn].listens {
            self.tally.replays += 1;
            let index = usize::try_from(self.rng.below(delivered)).unwrap();
            let text = self.conns[conn].delivered[index].clone();
            self.client_receives(client, &text);
        }
    }

    fn renegotiate(&mut self, client: usize, both: bool, restart: bool) {
        let links = self.clients[client].links.values().copied();
        let linked: Vec<_> = links
            .filter(|&pc| self.pcs[pc].current_remote.is_some())
            .collect();
        if linked.is_empty() {
            return;
        }
        let pc = self.rng.pick(&linked);
        let other = self.pcs[pc]
            .current_remote
            .as_ref()
            .map(|remote| remote.session);
        let other = other.filter(|&other| both && !self.pcs[other].closed);
        for pc in [Some(pc), other].into_iter().flatten() {
            if restart {
                self.pcs[pc].restart = true;
            } else {
                self.pcs[pc].adds += 1;
            }
            self.pcs[pc].needed_check = true;
            self.check_negotiation_needed(pc);
        }
    }
}
