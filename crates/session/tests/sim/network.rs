//! Virtual time and the event loop: a heap of occurrences, and the state of everything in them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write;

use videocalls_protocol::{CloseAction, ParticipantId};
use videocalls_session::{Input, LinkReport, Transport};

use super::client::Client;
use super::connections::{Conn, ConnId};
use super::ledger::Ledger;
use super::page::Page;
use super::peer::{ModelPeer, PcId};
use super::rng::Rng;
use super::run::TRACE;
use super::server::Server;
use super::stimulus::Stimulus;

/// What can happen at a point in time.
#[derive(Clone, Debug)]
pub(crate) enum Occurrence {
    /// A client's session handles an input, unless the client has crashed.
    Feed {
        client: usize,
        input: Input,
    },
    /// A peer connection reports something, unless it is closed.
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
    /// A seat without a socket is given away.
    GraceOver {
        id: ParticipantId,
        lost: u64,
    },
    /// The first operation in a peer connection's chain is complete.
    Operation {
        pc: PcId,
    },
    /// The queued task that fires `negotiationneeded`.
    NegotiationNeeded {
        pc: PcId,
    },
    /// The oldest message in transit reaches a data channel.
    DataArrives {
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
    /// The server notices that a socket is closed.
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
    /// The schedule demands something.
    Stimulus(Stimulus),
}

/// The conditions that a schedule runs under.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    /// The longest delay of a frame, in ms.
    pub(crate) delay: u64,
    /// The percentage of signals that arrive twice.
    pub(crate) duplicates: u64,
    /// Whether frames may overtake each other.
    pub(crate) reorder: bool,
    /// The percentage of numbered events that are lost, or arrive too late.
    pub(crate) lost_events: u64,
    /// The longest time that an operation of the browser takes, in ms.
    pub(crate) browser: u64,
    /// How many of a thousand operations of the browser fail.
    pub(crate) failures: u64,
    /// Whether candidates lack `usernameFragment`, as in old browsers.
    pub(crate) without_ufrag: bool,
    /// Whether descriptions must contain all candidates.
    pub(crate) no_trickle: bool,
    /// How long after the last candidate the end of gathering is reported, in ms.
    pub(crate) late_end_of_candidates: u64,
}

/// Counts what occurred, to show that the schedules reach the dangerous situations.
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
    /// ICE restarts.
    pub(crate) restarts: u64,
    /// Lost sockets, server restarts and network outages.
    pub(crate) disturbances: u64,
    /// Links that were closed while media flowed.
    pub(crate) cut_links: u64,
    /// Answers that were applied to an offer other than the one they answer.
    pub(crate) wrong_answers: u64,
    /// Participants without a route that were reported.
    pub(crate) no_routes: u64,
    /// Chat lines and messages of the page's own that were delivered.
    pub(crate) messages: u64,
}

pub(crate) struct SimulatedNetwork {
    pub(crate) rng: Rng,
    pub(crate) now: u64,
    heap: BinaryHeap<Reverse<(u64, u64)>>,
    pending: BTreeMap<u64, Occurrence>,
    next_event: u64,
    pub(crate) conditions: Conditions,
    pub(crate) clients: Vec<Client>,
    pub(crate) pages: Vec<Page>,
    pub(crate) pcs: Vec<ModelPeer>,
    pub(crate) conns: Vec<Conn>,
    pub(crate) server: Server,
    pub(crate) next_ufrag: u32,
    /// Clients whose media does not get through, and until when.
    pub(crate) media_outages: Vec<(usize, u64)>,
    /// Clients whose signaling does not get through, and until when.
    pub(crate) signaling_outages: Vec<(usize, u64)>,
    /// Until when the server is down.
    pub(crate) down_until: u64,
    /// Whether clients measure what they receive.
    pub(crate) measures: bool,
    pub(crate) tally: Tally,
    pub(crate) ledger: Ledger,
    traced: bool,
}

impl SimulatedNetwork {
    pub(crate) fn new(seed: u64, server: Server, conditions: Conditions, traced: bool) -> Self {
        Self {
            rng: Rng::new(seed),
            now: 1_000,
            heap: BinaryHeap::new(),
            pending: BTreeMap::new(),
            next_event: 0,
            conditions,
            clients: Vec::new(),
            pages: Vec::new(),
            pcs: Vec::new(),
            conns: Vec::new(),
            server,
            next_ufrag: 0,
            media_outages: Vec::new(),
            signaling_outages: Vec::new(),
            down_until: 0,
            measures: false,
            tally: Tally::default(),
            ledger: Ledger::default(),
            traced,
        }
    }

    /// Adds a line to the trace, if there is one.
    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        if self.traced {
            let line = text();
            TRACE.with_borrow_mut(|trace| {
                let _ = writeln!(trace, "{:>7} {line}", self.now);
            });
        }
    }

    pub(crate) fn at(&mut self, at: u64, occurrence: Occurrence) {
        self.next_event += 1;
        self.heap.push(Reverse((at.max(self.now), self.next_event)));
        self.pending.insert(self.next_event, occurrence);
    }

    pub(crate) fn after(&mut self, delay: u64, occurrence: Occurrence) {
        self.at(self.now + delay, occurrence);
    }

    pub(crate) fn stimulus(&mut self, at: u64, stimulus: Stimulus) {
        self.at(1_000 + at, Occurrence::Stimulus(stimulus));
    }

    /// Runs until this time, or until nothing more occurs.
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
            let occurrence = self.pending.remove(&id).unwrap();
            self.handle_occurrence(occurrence);
        }
        self.now = self.now.max(until);
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        self.heap.is_empty()
    }

    fn handle_occurrence(&mut self, occurrence: Occurrence) {
        match occurrence {
            Occurrence::Feed { client, input } => self.feed(client, input),
            Occurrence::Report { pc, report } => self.report(pc, report),
            Occurrence::Wake { client, at } => self.wake(client, at),
            Occurrence::ClientOpened { client, conn } => self.client_opened(client, conn),
            Occurrence::ClientRefused { client, conn } => self.client_refused(client, conn),
            Occurrence::GraceOver { id, lost } => self.grace_over(&id, lost),
            Occurrence::Operation { pc } => self.operation_done(pc),
            Occurrence::NegotiationNeeded { pc } => self.fire_negotiation_needed(pc),
            Occurrence::DataArrives { pc } => self.data_arrives(pc),
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
            Occurrence::Up { conn, text } => self.server_receives(conn, &text),
            Occurrence::UpClosed { conn } => self.server_loses_socket(conn),
            Occurrence::Down { conn, text } => self.deliver(conn, text),
            Occurrence::DownClosed { conn, action } => self.deliver_close(conn, action),
            Occurrence::ServerPing { conn } => self.server_pings(conn),
            Occurrence::PageRetries { page, text } => self.page_sends(page, text),
            Occurrence::PageOpened { page } => self.page_opened(page),
            Occurrence::PageMedia { page } => self.page_has_media(page),
            Occurrence::Stimulus(stimulus) => self.carry_out(stimulus),
        }
    }

    /// The id by which others know a client.
    pub(crate) fn id_of(&self, client: usize) -> Option<ParticipantId> {
        self.clients[client].session.snapshot().me
    }

    /// Until when a client's signaling does not get through, if there is an outage now.
    pub(crate) fn signaling_out_until(&self, client: usize) -> Option<u64> {
        let untils = self
            .signaling_outages
            .iter()
            .filter(|&&(affected, _)| affected == client);
        untils
            .map(|&(_, until)| until)
            .filter(|&until| until > self.now)
            .max()
    }

    pub(crate) fn is_media_out(&self, client: usize) -> bool {
        self.media_outages
            .iter()
            .any(|&(affected, until)| affected == client && self.now < until)
    }
}
