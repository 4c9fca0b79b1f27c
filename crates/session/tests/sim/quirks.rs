//! The quirks of old pages of two systems: in Socket.IO rooms, roles never change; in the channels mesh,
//! a link never recovers from an interruption.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::{
    Candidate, Dialect, DisplayName, Event, Join, MediaState, ParticipantId, Request, RoomName,
    Signal, TrackSources,
};
use videocalls_session::{LinkRole, Transport};

use super::network::{Occurrence, SimulatedNetwork};
use super::page::Kind;
use super::peer::{Op, PcId};

const CHANNEL: &str = "\"receiver_channel_name\":\"";

impl SimulatedNetwork {
    pub(crate) fn page_joins(&mut self, page: usize) {
        self.page_requests(page, &page_join());
    }

    /// The id by which clients know a page.
    pub(crate) fn page_id(&self, page: usize) -> ParticipantId {
        match (self.pages[page].kind, self.pages[page].conn) {
            (Kind::Mesh, Some(conn)) => ParticipantId::new(Self::channel(conn)),
            _ => self.pages[page].id.clone(),
        }
    }

    pub(crate) fn pair_page_receives(&mut self, page: usize, text: &str) {
        let decoded = self.pages[page].codec.decode(text).unwrap();
        let creator = self.pages[page].kind == (Kind::Pair { creator: true });
        let asking = self.pages[page].asking;
        match text {
            "42[\"created\"]" => {
                self.pages[page].kind = Kind::Pair { creator: true };
                self.after(asking, Occurrence::PageMedia { page });
            }
            // It sends `ready` once it has its camera.
            "42[\"joined\"]" => self.after(asking, Occurrence::PageMedia { page }),
            // Without a stream, which is missing until the camera is permitted, this throws, and the
            // page never offers. The second one in the room never offers either.
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
                        self.pair_page_handles(page, creator, signal);
                    }
                }
            }
        }
    }

    fn pair_page_handles(&mut self, page: usize, creator: bool, signal: Signal) {
        self.note(|| format!("page {page} receives {signal:?}"));
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

    pub(crate) fn pair_page_has_media(&mut self, page: usize, creator: bool) {
        if !creator {
            self.page_sends(page, "42[\"ready\",\"standup\"]".to_owned());
        }
    }

    /// The user presses the button to leave, which notifies the others.
    pub(crate) fn page_leaves(&mut self, page: usize) {
        if self.pages[page].conn.is_some() && !self.pages[page].ended {
            self.page_requests(page, &Request::Bye);
        }
        self.page_ends(page);
    }

    pub(crate) fn mesh_page_receives(&mut self, page: usize, text: &str) {
        // The page treats each announcement as that of a new participant.
        let channel = text.rsplit_once(CHANNEL).expect("a channel").1;
        let channel = channel.split('"').next().unwrap().to_owned();
        let mut codec = ChannelsMesh::new(self.pages[page].id.as_str());
        codec.encode(&page_join()).unwrap();
        let events = codec.decode(text).unwrap().events;
        for event in events {
            self.note(|| format!("page {page} receives {event:?}"));
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

    /// The page sends its description once all candidates are in it.
    pub(crate) fn mesh_page_gathers(&mut self, page: usize, pc: PcId, candidate: &Candidate) {
        if !candidate.candidate.is_empty() {
            let known_candidates = self.pages[page].known_candidates.entry(pc).or_default();
            *known_candidates += &["a=", &candidate.candidate, "\r\n"].concat();
            return;
        }
        let (_, to) = &self.pages[page].ends[&pc];
        let to = ParticipantId::new(to.as_str());
        let peer = &self.pcs[pc];
        let Some(desc) = peer.pending_local.as_ref().or(peer.current_local.as_ref()) else {
            return;
        };
        let known_candidates = self.pages[page]
            .known_candidates
            .get(&pc)
            .cloned()
            .unwrap_or_default();
        let sdp = desc.write() + &known_candidates;
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
        let to = Some(to);
        self.page_requests(page, &Request::Signal { to, signal });
    }

    /// A page in the mesh closes an interrupted link, and never offers again.
    pub(crate) fn page_transport_changed(&mut self, page: usize, pc: PcId, transport: Transport) {
        // The answering page registers the other one when the data channel opens.
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
        media: MediaState::assumed(),
    })
}
