//! Pages of the old style, quirks and all.
//!
//! One of videocalls.js offers once when it has its camera, always gives way, says no goodbye, and
//! loses what comes too early. What is special about the others is in [`quirks`](super::quirks).

use std::collections::BTreeMap;

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::relay::Relay;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{Candidate, Dialect, Event, ParticipantId, Request, Signal};
use videocalls_session::LinkRole;

use super::network::{ConnId, Holder, Occurrence, SimulatedNetwork};
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
    /// How long the socket takes to open, and the user to allow the camera.
    pub(crate) opening: u64,
    pub(crate) asking: u64,
    /// A page in the mesh has a connection for each channel.
    pub(crate) others: BTreeMap<String, PcId>,
    /// Whom each of its connections is for, and by which channel.
    pub(crate) ends: BTreeMap<PcId, (String, String)>,
    /// The ways that are known, to be put into a description.
    pub(crate) ways: BTreeMap<PcId, String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Of videocalls.js.
    Relay,
    /// Of the Socket.IO rooms: who was first in the room offers, and nobody else.
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
            ways: BTreeMap::new(),
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
            // Asks for the camera once it is in the room.
            Kind::Pair { .. } => self.after(opening, Occurrence::PageOpened { page }),
            // Is joined by hand, with the camera on.
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

    /// With the camera comes the connection, in place of an earlier one, and its offer.
    pub(crate) fn page_has_media(&mut self, page: usize) {
        if self.pages[page].ended {
            return;
        }
        self.pages[page].media = true;
        if let Kind::Pair { creator } = self.pages[page].kind {
            return self.pair_has_media(page, creator);
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
        // A connection that was replaced goes with its page as well.
        for pc in 0..self.pcs.len() {
            if self.pcs[pc].owner == Owner::Page(page) {
                self.close_pc(pc);
            }
        }
        if let Some(conn) = self.pages[page].conn {
            self.close_up(conn);
        }
    }

    /// Sends; while the socket connects, each message tries again by its own 500 ms timer.
    pub(crate) fn page_sends(&mut self, page: usize, text: String) {
        if self.pages[page].ended {
            return;
        }
        match self.pages[page].conn {
            Some(conn) if self.pages[page].open => self.send_up(conn, text),
            _ => self.after(500, Occurrence::PageRetries { page, text }),
        }
    }

    pub(crate) fn page_says(&mut self, page: usize, signal: Signal) {
        let to = None;
        self.page_asks(page, &Request::Signal { to, signal });
    }

    pub(crate) fn page_asks(&mut self, page: usize, request: &Request) {
        let frames = self.pages[page].codec.encode(request).unwrap();
        frames
            .into_iter()
            .for_each(|text| self.page_sends(page, text));
    }

    pub(crate) fn page_hears(&mut self, page: usize, text: &str) {
        if self.pages[page].ended {
            return;
        }
        match self.pages[page].kind {
            Kind::Relay => {}
            Kind::Pair { .. } => return self.pair_hears(page, text),
            Kind::Mesh => return self.mesh_page_hears(page, text),
        }
        let events = self.pages[page].codec.decode(text).unwrap().events;
        for event in events {
            let Event::Signal { signal, .. } = event else {
                continue;
            };
            self.note(|| format!("page {page} hears {signal:?}"));
            let Some(pc) = self.pages[page].pc else {
                // A connection is made, `addStream(undefined)` throws, and the message is lost.
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
        // The handler of a connection that has been replaced still sends.
        if self.pages[page].kind == Kind::Mesh {
            self.mesh_page_gathers(page, pc, &candidate);
        } else if !candidate.candidate.is_empty() {
            self.page_says(page, Signal::Candidate(candidate));
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
            true => Signal::Offer { id: None, sdp },
            false => Signal::Answer { id: None, sdp },
        };
        self.apply_local(pc, desc);
        if self.pages[page].kind != Kind::Mesh {
            self.page_says(page, signal);
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
            // An InvalidStateError, which goes to the page's error handler.
            (false, _) => {}
        }
    }
}
