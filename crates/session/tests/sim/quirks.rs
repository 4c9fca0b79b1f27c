//! What is special about the pages of two systems: those of the Socket.IO rooms, where roles are for
//! good, and those of the channels mesh, where an interruption is.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::{
    Candidate, Dialect, DisplayName, Event, Join, MediaState, ParticipantId, Request, RoomName,
    Signal,
};
use videocalls_session::{LinkRole, Transport};

use super::network::{Occurrence, SimulatedNetwork};
use super::page::Kind;
use super::peer::{Op, PcId};

const CHANNEL: &str = "\"receiver_channel_name\":\"";

impl SimulatedNetwork {
    pub(crate) fn page_joins(&mut self, page: usize) {
        self.page_asks(page, &page_join());
    }

    /// The id by which clients know a page, where there are such ids.
    pub(crate) fn page_id(&self, page: usize) -> ParticipantId {
        match (self.pages[page].kind, self.pages[page].conn) {
            (Kind::Mesh, Some(conn)) => ParticipantId::new(Self::channel(conn)),
            _ => self.pages[page].id.clone(),
        }
    }

    pub(crate) fn pair_hears(&mut self, page: usize, text: &str) {
        let decoded = self.pages[page].codec.decode(text).unwrap();
        let creator = self.pages[page].kind == (Kind::Pair { creator: true });
        let asking = self.pages[page].asking;
        match text {
            "42[\"created\"]" => {
                self.pages[page].kind = Kind::Pair { creator: true };
                self.after(asking, Occurrence::PageMedia { page });
            }
            // Says `ready` once it has its camera.
            "42[\"joined\"]" => self.after(asking, Occurrence::PageMedia { page }),
            // While the browser asks for the camera there is no stream: an exception, and no offer
            // ever. Who was second in the room never offers.
            "42[\"ready\"]" if creator && self.pages[page].media => {
                let pc = self.page_connects(page, LinkRole::Offerer);
                self.enqueue(pc, Op::CreateOffer);
            }
            "42[\"leave\"]" => {
                self.pages[page].kind = Kind::Pair { creator: true };
                if let Some(pc) = self.pages[page].pc.take() {
                    self.close_pc(pc);
                }
            }
            _ => {
                for text in decoded.replies {
                    self.page_sends(page, text);
                }
                for event in decoded.events {
                    if let Event::Signal { signal, .. } = event {
                        self.pair_takes(page, creator, signal);
                    }
                }
            }
        }
    }

    fn pair_takes(&mut self, page: usize, creator: bool, signal: Signal) {
        self.note(|| format!("page {page} hears {signal:?}"));
        match (signal, self.pages[page].pc) {
            (Signal::Offer { sdp, .. }, _) if !creator && self.pages[page].media => {
                let pc = self.page_connects(page, LinkRole::Offerer);
                self.enqueue(pc, Op::SetRemoteBlindly { offer: true, sdp });
            }
            (Signal::Answer { sdp, .. }, Some(pc)) => {
                self.enqueue(pc, Op::SetRemoteBlindly { offer: false, sdp });
            }
            (Signal::Candidate(candidate), Some(pc)) => {
                self.enqueue(pc, Op::AddCandidate(candidate));
            }
            _ => {}
        }
    }

    pub(crate) fn pair_has_media(&mut self, page: usize, creator: bool) {
        if !creator {
            self.page_sends(page, "42[\"ready\",\"standup\"]".to_owned());
        }
    }

    /// The button: the others are told.
    pub(crate) fn page_leaves(&mut self, page: usize) {
        if self.pages[page].conn.is_some() && !self.pages[page].ended {
            self.page_asks(page, &Request::Bye);
        }
        self.page_ends(page);
    }

    pub(crate) fn mesh_page_hears(&mut self, page: usize, text: &str) {
        // The page takes each arrival for a new one.
        let channel = text.rsplit_once(CHANNEL).expect("a channel").1;
        let channel = channel.split('"').next().unwrap().to_owned();
        let mut forgetful = ChannelsMesh::new(self.pages[page].id.as_str());
        forgetful.encode(&page_join()).unwrap();
        let events = forgetful.decode(text).unwrap().events;
        for event in events {
            self.note(|| format!("page {page} hears {event:?}"));
            match event {
                Event::Joined(peer) => {
                    let pc = self.mesh_page_connects(page, &peer.id, &channel);
                    let name = peer.id.as_str().to_owned();
                    self.pages[page].others.insert(name, pc);
                    self.enqueue(pc, Op::CreateOffer);
                }
                Event::Signal { from, signal } => match signal {
                    Signal::Offer { sdp, .. } => {
                        let pc = self.mesh_page_connects(page, &from, &channel);
                        self.enqueue(pc, Op::SetRemoteBlindly { offer: true, sdp });
                    }
                    Signal::Answer { sdp, .. } => {
                        let pc = self.pages[page].others.get(from.as_str()).copied();
                        let op = Op::SetRemoteBlindly { offer: false, sdp };
                        pc.into_iter().for_each(|pc| self.enqueue(pc, op.clone()));
                    }
                    Signal::Candidate(_) => {}
                },
                _ => {}
            }
        }
    }

    fn mesh_page_connects(&mut self, page: usize, other: &ParticipantId, channel: &str) -> PcId {
        let pc = self.page_connects(page, LinkRole::Offerer);
        let end = (other.as_str().to_owned(), channel.to_owned());
        self.pages[page].ends.insert(pc, end);
        pc
    }

    /// The last candidate sends the description on its way.
    pub(crate) fn mesh_page_gathers(&mut self, page: usize, pc: PcId, candidate: &Candidate) {
        if !candidate.candidate.is_empty() {
            let ways = self.pages[page].ways.entry(pc).or_default();
            *ways += &["a=", &candidate.candidate, "\r\n"].concat();
            return;
        }
        let (_, to) = &self.pages[page].ends[&pc];
        let to = ParticipantId::new(to.as_str());
        let peer = &self.pcs[pc];
        let Some(desc) = peer.pending_local.as_ref().or(peer.current_local.as_ref()) else {
            return;
        };
        let ways = self.pages[page].ways.get(&pc).cloned().unwrap_or_default();
        let sdp = desc.write() + &ways;
        let signal = match desc.offer {
            true => Signal::Offer { id: None, sdp },
            false => Signal::Answer { id: None, sdp },
        };
        let to = Some(to);
        self.page_asks(page, &Request::Signal { to, signal });
    }

    /// An interruption is final in the mesh, and nobody offers again.
    pub(crate) fn page_sees(&mut self, page: usize, pc: PcId, transport: Transport) {
        // Who answers knows the other one once there is a data channel.
        if let (Transport::Connected, Some((name, _))) = (transport, self.pages[page].ends.get(&pc))
        {
            let name = name.clone();
            self.pages[page].others.insert(name, pc);
        }
        let lost = matches!(transport, Transport::Disconnected | Transport::Failed);
        if lost && self.pages[page].kind == Kind::Mesh {
            self.pages[page].others.retain(|_, known| *known != pc);
            self.close_pc(pc);
        }
    }
}

fn page_join() -> Request {
    Request::Join(Join {
        room: RoomName::new("standup").ok(),
        name: DisplayName::new("Old").ok(),
        token: None,
        resume: None,
        keeps: Vec::new(),
        media: MediaState::LIVE,
    })
}
