//! Old pages, with their quirks.
//!
//! A page of videocalls.js offers once, when it has its camera, always yields, sends no goodbye, and
//! loses signals that arrive too early. The quirks of the other kinds are in [`quirks`](super::quirks).

use std::collections::BTreeMap;

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::relay::Relay;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, Dialect, Event, ParticipantId, Request, Signal, TrackSources,
};
use videocalls_session::LinkRole;

use super::connections::{ConnId, Holder};
use super::network::{Occurrence, SimulatedNetwork};
use super::peer::{Desc, ModelPeer, Op, Owner, PcId, Signaling};

pub(crate) struct Page {
    pub(crate) id: ParticipantId,
    pub(crate) kind: Kind,
    pub(crate) codec: Box<dyn Dialect>,
    pub(crate) conn: Option<ConnId>,
    pub(crate) pc: Option<PcId>,
    pub(crate) open: bool,
    pub(crate) media: bool,
    pub(crate) ended: bool,
    /// How long the socket takes to open, and the user to permit the camera, in ms.
    pub(crate) opening: u64,
    pub(crate) asking: u64,
    /// A page in the mesh has a peer connection for each other participant.
    pub(crate) others: BTreeMap<String, PcId>,
    /// The participant and the channel at the other end of each peer connection.
    pub(crate) ends: BTreeMap<PcId, (String, String)>,
    /// The candidates that are known, as lines of a description.
    pub(crate) known_candidates: BTreeMap<PcId, String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Of videocalls.js.
    Relay,
    /// Of the Socket.IO rooms: only the one who was first in the room offers.
    Pair { creator: bool },
    /// Of the channels mesh.
    Mesh,
}

impl SimulatedNetwork {
    pub(crate) fn add_page(&mut self, kind: Kind, id: &str, opening: u64, asking: u64) -> usize {
        self.pages.push(Page {
            id: ParticipantId::new(id),
            kind,
            codec: match kind {
                Kind::Relay => Box::new(Relay::new(id)),
                Kind::Pair { .. } => Box::new(SocketIoRooms::new()),
                Kind::Mesh => Box::new(ChannelsMesh::new(id)),
            },
            others: BTreeMap::new(),
            ends: BTreeMap::new(),
            known_candidates: BTreeMap::new(),
            conn: None,
            pc: None,
            open: false,
            media: false,
            ended: false,
            opening,
            asking,
        });
        self.pages.len() - 1
    }

    pub(crate) fn page_starts(&mut self, page: usize) {
        let conn = self.open_conn(Holder::Page(page));
        self.pages[page].conn = Some(conn);
        let (opening, asking) = (self.pages[page].opening, self.pages[page].asking);
        match self.pages[page].kind {
            Kind::Relay => {
                self.after(opening, Occurrence::PageOpened { page });
                self.after(asking, Occurrence::PageMedia { page });
            }
            // It asks for the camera once it is in the room.
            Kind::Pair { .. } => self.after(opening, Occurrence::PageOpened { page }),
            // The user joins by hand, with the camera on.
            Kind::Mesh => {
                self.pages[page].media = true;
                self.after(opening + asking, Occurrence::PageOpened { page });
            }
        }
    }

    pub(crate) fn page_opened(&mut self, page: usize) {
        let Some(conn) = self.pages[page].conn.filter(|_| !self.pages[page].ended) else {
            return;
        };
        self.pages[page].open = true;
        self.enter_relay(conn);
        if self.pages[page].kind != Kind::Relay {
            self.page_joins(page);
        }
    }

    /// Once it has its camera, the page creates a peer connection, which replaces an earlier one, and offers.
    pub(crate) fn page_has_media(&mut self, page: usize) {
        if self.pages[page].ended {
            return;
        }
        self.pages[page].media = true;
        if let Kind::Pair { creator } = self.pages[page].kind {
            return self.pair_page_has_media(page, creator);
        }
        let pc = self.page_connects(page, LinkRole::Offerer);
        self.enqueue(pc, Op::CreateOffer);
    }

    pub(crate) fn page_connects(&mut self, page: usize, role: LinkRole) -> PcId {
        let pc = self.pcs.len();
        self.pcs.push(ModelPeer::new(pc, Owner::Page(page), role));
        self.pages[page].pc = Some(pc);
        pc
    }

    pub(crate) fn page_ends(&mut self, page: usize) {
        self.tally.departures += 1;
        self.pages[page].ended = true;
        // Replaced peer connections are closed with their page, too.
        for pc in 0..self.pcs.len() {
            if self.pcs[pc].owner == Owner::Page(page) {
                self.close_pc(pc);
            }
        }
        if let Some(conn) = self.pages[page].conn {
            self.close_up(conn);
        }
    }

    /// Sends a frame. While the socket opens, each frame is retried by a 500 ms timer of its own.
    pub(crate) fn page_sends(&mut self, page: usize, text: String) {
        if self.pages[page].ended {
            return;
        }
        match self.pages[page].conn {
            Some(conn) if self.pages[page].open => self.send_up(conn, text),
            _ => self.after(500, Occurrence::PageRetries { page, text }),
        }
    }

    pub(crate) fn page_signals(&mut self, page: usize, signal: Signal) {
        let to = None;
        self.page_requests(page, &Request::Signal { to, signal });
    }

    pub(crate) fn page_requests(&mut self, page: usize, request: &Request) {
        let frames = self.pages[page].codec.encode(request).unwrap();
        frames
            .into_iter()
            .for_each(|text| self.page_sends(page, text));
    }

    pub(crate) fn page_receives(&mut self, page: usize, text: &str) {
        if self.pages[page].ended {
            return;
        }
        match self.pages[page].kind {
            Kind::Relay => {}
            Kind::Pair { .. } => return self.pair_page_receives(page, text),
            Kind::Mesh => return self.mesh_page_receives(page, text),
        }
        let events = self.pages[page].codec.decode(text).unwrap().events;
        for event in events {
            let Event::Signal { signal, .. } = event else {
                continue;
            };
            self.note(|| format!("page {page} receives {signal:?}"));
            let Some(pc) = self.pages[page].pc else {
                // The page creates a peer connection, `addStream(undefined)` throws, and the message is lost.
                self.page_connects(page, LinkRole::Answerer);
                continue;
            };
            let op = match signal {
                Signal::Offer { sdp, .. } => Op::SetRemoteBlindly { offer: true, sdp },
                Signal::Answer { sdp, .. } => Op::SetRemoteBlindly { offer: false, sdp },
                Signal::Candidate(candidate) => Op::AddCandidate(candidate),
            };
            self.enqueue(pc, op);
        }
    }

    pub(crate) fn page_gathers(&mut self, page: usize, pc: PcId, candidate: Candidate) {
        // The handler of a replaced peer connection still sends.
        if self.pages[page].kind == Kind::Mesh {
            self.mesh_page_gathers(page, pc, &candidate);
        } else if !candidate.candidate.is_empty() {
            self.page_signals(page, Signal::Candidate(candidate));
        }
    }

    pub(crate) fn page_creates(&mut self, pc: PcId, op: &Op) {
        let fits = match op {
            Op::CreateAnswer => self.pcs[pc].signaling == Signaling::HaveRemoteOffer,
            _ => self.pcs[pc].signaling != Signaling::HaveRemoteOffer,
        };
        if fits {
            let desc = self.pcs[pc].create(&mut self.next_ufrag);
            self.pcs[pc].chain.push_back(Op::SetLocalExplicit(desc));
        }
    }

    pub(crate) fn page_sets_local(&mut self, pc: PcId, desc: Desc) {
        let Owner::Page(page) = self.pcs[pc].owner else {
            return;
        };
        let wrong = match desc.offer {
            true => self.pcs[pc].signaling == Signaling::HaveRemoteOffer,
            false => self.pcs[pc].signaling != Signaling::HaveRemoteOffer,
        };
        if wrong {
            return;
        }
        let sdp = desc.write();
        let signal = match desc.offer {
            true => Signal::Offer {
                id: None,
                sdp,
                sources: TrackSources::default(),
            },
            false => Signal::Answer {
                id: None,
                sdp,
                sources: TrackSources::default(),
            },
        };
        self.apply_local(pc, desc);
        if self.pages[page].kind != Kind::Mesh {
            self.page_signals(page, signal);
        }
    }

    pub(crate) fn page_sets_remote(&mut self, pc: PcId, offer: bool, sdp: &str) {
        let desc = Desc::read(offer, sdp);
        match (offer, self.pcs[pc].signaling) {
            (true, _) => {
                self.pcs[pc].set_remote_offer(desc);
                self.pcs[pc].chain.push_back(Op::CreateAnswer);
            }
            (false, Signaling::HaveLocalOffer) => self.pcs[pc].set_remote_answer(desc),
            // An InvalidStateError, which the page only logs.
            (false, _) => {}
        }
    }
}
