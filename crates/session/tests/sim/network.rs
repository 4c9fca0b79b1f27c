//! Virtual time, and everything that happens in it: a heap of events, the ends of the calls, the
//! network between them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write;

use videocalls_protocol::{CloseAction, ParticipantId};
use videocalls_session::{Input, LinkReport, TrackKind, Transport};

use super::client::Client;
use super::page::Page;
use super::peer::{ModelPeer, PcId};
use super::rng::Rng;
use super::run::TRACE;
use super::server::Server;

pub(crate) type ConnId = usize;

/// What can happen.
#[derive(Clone, Debug)]
pub(crate) enum Occurrence {
    /// The session of a client takes an input, if the program still runs.
    Feed {
        client: usize,
        input: Input,
    },
    /// A connection reports, unless it has been closed.
    Report {
        pc: PcId,
        report: LinkReport,
    },
    Wake {
        client: usize,
        at: u64,
    },
    ClientOpened {
        client: usize,
        conn: ConnId,
    },
    /// A socket could not be opened.
    ClientRefused {
        client: usize,
        conn: ConnId,
    },
    /// A seat was held for long enough.
    GraceOver {
        id: ParticipantId,
        lost: u64,
    },
    /// The operation at the head of a connection's chain is done.
    Operation {
        pc: PcId,
    },
    /// The queued task that fires `negotiationneeded`.
    NegotiationNeeded {
        pc: PcId,
    },
    Gathered {
        pc: PcId,
        ufrag: u32,
        number: Option<u32>,
    },
    Transport {
        pc: PcId,
        epoch: u32,
        transport: Transport,
    },
    /// A frame reaches the server.
    Up {
        conn: ConnId,
        text: String,
    },
    /// The server learns that a socket is closed.
    UpClosed {
        conn: ConnId,
    },
    /// A frame reaches a client or page.
    Down {
        conn: ConnId,
        text: String,
    },
    DownClosed {
        conn: ConnId,
        action: CloseAction,
    },
    ServerPing {
        conn: ConnId,
    },
    PageRetries {
        page: usize,
        text: String,
    },
    PageOpened {
        page: usize,
    },
    PageMedia {
        page: usize,
    },
    /// Something that the schedule wants.
    Stimulus(Stimulus),
}

/// What people, networks and machines do on a schedule.
#[derive(Clone, Debug)]
pub(crate) enum Stimulus {
    Start {
        client: usize,
    },
    Toggle {
        client: usize,
        kind: TrackKind,
        on: Option<bool>,
    },
    DeviceGone {
        client: usize,
        kind: TrackKind,
    },
    /// Adds a transceiver, or restarts ICE, at one or both ends of some link.
    Renegotiate {
        client: usize,
        both: bool,
        restart: bool,
    },
    Leave {
        client: usize,
    },
    /// The machine dies: nothing is said, and nothing is heard.
    Vanish {
        client: usize,
    },
    LoseSocket {
        client: usize,
    },
    /// The server dies, and is another when it comes back.
    Restart {
        down: u64,
    },
    /// Neither media nor signaling gets through to a client until then.
    Blackout {
        client: usize,
        until: u64,
    },
    /// The network says that it is there.
    Nudge {
        client: usize,
    },
    /// A signal that was delivered before comes once more.
    Replay {
        client: usize,
    },
    /// The media path to one client is dark until then.
    Dark {
        client: usize,
        until: u64,
    },
    Light,
    PageStarts {
        page: usize,
    },
    PageEnds {
        page: usize,
    },
    /// The page's own button, where it has one.
    PageLeaves {
        page: usize,
    },
}

/// Whose socket it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holder {
    Client(usize),
    Page(usize),
}

#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) holder: Holder,
    /// Whether it is open, at the holder's end.
    pub(crate) open: bool,
    /// Whether the holder still listens.
    pub(crate) listens: bool,
    /// Whether the server still holds it.
    pub(crate) held: bool,
    /// Whether what is on the way is lost on the way.
    pub(crate) cut: bool,
    pub(crate) up_last: u64,
    pub(crate) down_last: u64,
    /// The signals that were delivered, to be replayed.
    pub(crate) delivered: Vec<String>,
}

/// How rough the network is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// The longest way of a frame, in ms.
    pub(crate) delay: u64,
    /// How many signals in a hundred come twice.
    pub(crate) duplicates: u64,
    /// Whether frames may overtake each other.
    pub(crate) reorder: bool,
    /// How many numbered events in a hundred are lost, or come too late.
    pub(crate) astray: u64,
    /// The longest time of a browser's operation, in ms.
    pub(crate) browser: u64,
    /// How many of a thousand operations fail.
    pub(crate) failures: u64,
    /// Whether candidates come without their generation, as from old browsers.
    pub(crate) bare: bool,
    /// Whether descriptions must hold all candidates.
    pub(crate) bundled: bool,
    /// How much later than the last candidate its mark comes, in ms.
    pub(crate) helpless: u64,
}

/// What was met on the way, to know that the schedules go where it is dangerous.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) schedules: u64,
    pub(crate) events: u64,
    pub(crate) offers: u64,
    pub(crate) rollbacks: u64,
    pub(crate) replays: u64,
    pub(crate) duplicates: u64,
    pub(crate) links: u64,
    pub(crate) departures: u64,
    /// Restarts of ICE.
    pub(crate) restarts: u64,
    /// Sockets lost, servers restarted, networks gone dark.
    pub(crate) troubles: u64,
    /// Links that were closed while media got through.
    pub(crate) cuts: u64,
    /// Answers that were taken for the answer to another offer.
    pub(crate) misled: u64,
    /// Missing network paths that were reported.
    pub(crate) no_routes: u64,
}

pub(crate) struct SimulatedNetwork {
    pub(crate) rng: Rng,
    pub(crate) now: u64,
    heap: BinaryHeap<Reverse<(u64, u64)>>,
    pending: BTreeMap<u64, Occurrence>,
    next_event: u64,
    pub(crate) weather: Weather,
    pub(crate) clients: Vec<Client>,
    pub(crate) pages: Vec<Page>,
    pub(crate) pcs: Vec<ModelPeer>,
    pub(crate) conns: Vec<Conn>,
    pub(crate) server: Server,
    pub(crate) next_ufrag: u32,
    /// Until when no media reaches a client.
    pub(crate) dark: Vec<(usize, u64)>,
    /// Until when no signaling reaches a client or comes from there.
    pub(crate) mute: Vec<(usize, u64)>,
    /// Until when there is no server.
    pub(crate) down_until: u64,
    /// Whether clients measure what comes in.
    pub(crate) measures: bool,
    pub(crate) tally: Tally,
    traced: bool,
}

impl SimulatedNetwork {
    pub(crate) fn new(seed: u64, server: Server, weather: Weather, traced: bool) -> Self {
        Self {
            rng: Rng::new(seed),
            now: 1_000,
            heap: BinaryHeap::new(),
            pending: BTreeMap::new(),
            next_event: 0,
            weather,
            clients: Vec::new(),
            pages: Vec::new(),
            pcs: Vec::new(),
            conns: Vec::new(),
            server,
            next_ufrag: 0,
            dark: Vec::new(),
            mute: Vec::new(),
            down_until: 0,
            measures: false,
            tally: Tally::default(),
            traced,
        }
    }

    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        if self.traced {
            let line = text();
            TRACE.with_borrow_mut(|trace| {
                let _ = writeln!(trace, "{:>7} {line}", self.now);
            });
        }
    }

    pub(crate) fn at(&mut self, at: u64, happening: Occurrence) {
        self.next_event += 1;
        self.heap.push(Reverse((at.max(self.now), self.next_event)));
        self.pending.insert(self.next_event, happening);
    }

    pub(crate) fn after(&mut self, pause: u64, happening: Occurrence) {
        self.at(self.now + pause, happening);
    }

    pub(crate) fn stimulus(&mut self, at: u64, stimulus: Stimulus) {
        self.at(1_000 + at, Occurrence::Stimulus(stimulus));
    }

    /// Runs until nothing is left to happen, or until then.
    pub(crate) fn run(&mut self, until: u64) {
        while let Some(&Reverse((at, id))) = self.heap.peek() {
            if at > until {
                break;
            }
            self.heap.pop();
            self.now = at;
            self.tally.events += 1;
            assert!(
                self.tally.events < 60_000,
                "the network does not come to rest"
            );
            let happening = self.pending.remove(&id).unwrap();
            self.happen(happening);
        }
        self.now = self.now.max(until);
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        self.heap.is_empty()
    }

    fn happen(&mut self, happening: Occurrence) {
        match happening {
            Occurrence::Feed { client, input } => self.feed(client, input),
            Occurrence::Report { pc, report } => self.report(pc, report),
            Occurrence::Wake { client, at } => self.wake(client, at),
            Occurrence::ClientOpened { client, conn } => self.client_opened(client, conn),
            Occurrence::ClientRefused { client, conn } => self.client_refused(client, conn),
            Occurrence::GraceOver { id, lost } => self.grace_over(&id, lost),
            Occurrence::Operation { pc } => self.operation_done(pc),
            Occurrence::NegotiationNeeded { pc } => self.fire_negotiation_needed(pc),
            Occurrence::Gathered { pc, ufrag, number } => self.gathered(pc, ufrag, number),
            Occurrence::Transport {
                pc,
                epoch,
                transport,
            } => {
                self.transport_arrives(pc, epoch, transport);
            }
            Occurrence::Up { conn, .. } | Occurrence::Down { conn, .. } if self.conns[conn].cut => {
            }
            Occurrence::Up { conn, text } => self.server_hears(conn, &text),
            Occurrence::UpClosed { conn } => self.server_loses(conn),
            Occurrence::Down { conn, text } => self.deliver(conn, text),
            Occurrence::DownClosed { conn, action } => self.deliver_close(conn, action),
            Occurrence::ServerPing { conn } => self.server_pings(conn),
            Occurrence::PageRetries { page, text } => self.page_sends(page, text),
            Occurrence::PageOpened { page } => self.page_opened(page),
            Occurrence::PageMedia { page } => self.page_has_media(page),
            Occurrence::Stimulus(stimulus) => self.carry_out(stimulus),
        }
    }

    fn deliver(&mut self, conn: ConnId, text: String) {
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
                self.client_hears(client, &text);
            }
            Holder::Page(page) => self.page_hears(page, &text),
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

    /// Closes a socket from the client's side, after what was sent has gone out.
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
        if !self.conns[conn].held {
            return;
        }
        let at = self.arrival(conn, self.conns[conn].down_last);
        self.conns[conn].down_last = at;
        // A page of the old style takes everything at its word, and no network of today doubles.
        let ours = matches!(self.conns[conn].holder, Holder::Client(_));
        if signal && ours && self.rng.percent(self.weather.duplicates) {
            self.tally.duplicates += 1;
            // A line holds up what follows, but not ever more of it.
            let most = self.now + 4 * self.weather.delay;
            let again = at.max(most.min(at + self.rng.below(4 * self.weather.delay + 1)));
            if !self.weather.reorder {
                self.conns[conn].down_last = again;
            }
            let text = text.clone();
            self.at(again, Occurrence::Down { conn, text });
        }
        self.at(at, Occurrence::Down { conn, text });
    }

    pub(crate) fn close_down(&mut self, conn: ConnId, action: CloseAction) {
        self.conns[conn].held = false;
        let at = self.arrival(conn, self.conns[conn].down_last);
        self.at(
            at.max(self.conns[conn].down_last),
            Occurrence::DownClosed { conn, action },
        );
    }

    fn arrival(&mut self, conn: ConnId, last: u64) -> u64 {
        let mut at = self.now + self.rng.below(self.weather.delay + 1);
        if let Holder::Client(client) = self.conns[conn].holder
            && let Some(until) = self.muted_until(client)
        {
            // What is lost is sent again after a while.
            at = until + self.rng.below(2_000);
        }
        if self.weather.reorder {
            at
        } else {
            at.max(last)
        }
    }

    /// The id under which somebody else knows a client.
    pub(crate) fn id_of(&self, client: usize) -> Option<ParticipantId> {
        self.clients[client].session.snapshot().me
    }

    /// Until when no signaling gets through to a client, if it does not now.
    pub(crate) fn muted_until(&self, client: usize) -> Option<u64> {
        let untils = self.mute.iter().filter(|&&(whom, _)| whom == client);
        untils
            .map(|&(_, until)| until)
            .filter(|&until| until > self.now)
            .max()
    }

    pub(crate) fn is_dark(&self, client: usize) -> bool {
        self.dark
            .iter()
            .any(|&(whom, until)| whom == client && self.now < until)
    }

    fn carry_out(&mut self, stimulus: Stimulus) {
        self.note(|| format!("-- {stimulus:?}"));
        match stimulus {
            Stimulus::Start { client } => self.feed(client, Input::Start),
            Stimulus::Toggle { client, kind, on } => self.toggle(client, kind, on),
            Stimulus::DeviceGone { client, kind } => self.device_gone(client, kind),
            Stimulus::Renegotiate {
                client,
                both,
                restart,
            } => self.renegotiate(client, both, restart),
            Stimulus::Leave { client } => {
                self.tally.departures += 1;
                self.feed(client, Input::End(videocalls_session::EndReason::Left));
            }
            Stimulus::Vanish { client } => self.vanish(client),
            Stimulus::LoseSocket { client } => {
                self.tally.troubles += 1;
                self.lose_socket(client);
            }
            Stimulus::Replay { client } => self.replay(client),
            Stimulus::Dark { client, until } => {
                self.dark.push((client, until));
                self.at(until, Occurrence::Stimulus(Stimulus::Light));
                self.refresh_all();
            }
            Stimulus::Blackout { client, until } => {
                self.tally.troubles += 1;
                self.mute.push((client, until));
                self.carry_out(Stimulus::Dark { client, until });
            }
            Stimulus::Restart { down } => {
                self.tally.troubles += 1;
                self.restart(down);
            }
            Stimulus::Nudge { client } => self.feed(client, Input::NetworkChanged),
            Stimulus::Light => self.refresh_all(),
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
        let until_seen = self.rng.below(10_000);
        self.conns[conn].cut = self.rng.percent(50);
        self.after(until_seen, Occurrence::UpClosed { conn });
        let action = CloseAction::Backoff;
        self.deliver_close(conn, action);
    }

    fn restart(&mut self, down: u64) {
        self.server.restart();
        self.down_until = self.now + down;
        for conn in 0..self.conns.len() {
            if std::mem::replace(&mut self.conns[conn].held, false) {
                let at = self.now + self.rng.below(self.weather.delay + 1);
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
            self.client_hears(client, &text);
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
