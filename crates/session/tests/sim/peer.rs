//! A model of `RTCPeerConnection`, which follows webrtc-pc where a session could go wrong: signaling
//! states, implicit descriptions, rollback, the operations chain, ICE generations.

use std::collections::VecDeque;

use videocalls_protocol::data::{announce, is_announced};
use videocalls_protocol::{Candidate, Source, TrackSources};
use videocalls_session::{LinkId, LinkRole, Token, Transport};

use super::channels::ModelChannel;

pub(crate) type PcId = usize;

/// The owner of a peer connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    Client { client: usize, link: LinkId },
    Page(usize),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signaling {
    Stable,
    HaveLocalOffer,
    HaveRemoteOffer,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// `setLocalDescription()` without an argument.
    SetLocal {
        token: Token,
    },
    SetRemoteOffer {
        sdp: String,
        sources: TrackSources,
        token: Token,
    },
    SetRemoteAnswer {
        sdp: String,
        sources: TrackSources,
        token: Token,
    },
    AddCandidate(Candidate),
    /// The separate steps of a page that does not use perfect negotiation.
    CreateOffer,
    CreateAnswer,
    SetLocalExplicit(Desc),
    SetRemoteBlindly {
        offer: bool,
        sdp: String,
    },
}

/// A session description of the model.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Desc {
    pub(crate) offer: bool,
    pub(crate) session: PcId,
    pub(crate) version: u64,
    pub(crate) ufrag: u32,
    /// How many of its creator's transceivers it negotiates.
    pub(crate) adds: u32,
    /// Whether its creator sends a screen.
    pub(crate) screen: bool,
    /// The session and version of the offer that it answers. Sessions under test do not see this.
    pub(crate) answers: Option<(PcId, u64)>,
    pub(crate) candidates: Vec<(u32, u32)>,
    /// Whether it announces data channels.
    pub(crate) data: bool,
}

/// The media section of a screen.
pub(crate) const SCREEN_MID: &str = "2";
/// Added to a peer connection's number to get its session id, unlike any other number in use.
const FIRST_SESSION: usize = 4_000_000;

impl Desc {
    pub(crate) fn write(&self) -> String {
        use std::fmt::Write;
        let session = self.session + FIRST_SESSION;
        let mut sdp = format!(
            "v=0\r\no=- {session} {} IN IP4 127.0.0.1\r\ns=-\r\n\
             a=fingerprint:sha-256 {session}\r\na=x-adds:{}\r\n",
            self.version, self.adds
        );
        if self.screen {
            sdp.push_str("a=x-screen\r\n");
        }
        if let Some((session, version)) = self.answers {
            let _ = write!(sdp, "a=x-answers:{session} {version}\r\n");
        }
        for mid in 0..2 {
            let kind = ["audio", "video"][mid];
            let _ = write!(
                sdp,
                "m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:u{}\r\na=mid:{mid}\r\n",
                self.ufrag
            );
        }
        if self.data {
            sdp.push_str("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n");
        }
        announce(&sdp)
    }

    pub(crate) fn read(offer: bool, sdp: &str) -> Self {
        let mut desc = Self {
            offer,
            session: 0,
            version: 0,
            ufrag: 0,
            adds: 0,
            screen: false,
            answers: None,
            candidates: Vec::new(),
            data: is_announced(sdp),
        };
        for line in sdp.lines() {
            if let Some(origin) = line.strip_prefix("o=") {
                let words: Vec<_> = origin.split(' ').collect();
                desc.session = words[1].parse::<usize>().unwrap() - FIRST_SESSION;
                desc.version = words[2].parse().unwrap();
            } else if let Some(ufrag) = line.strip_prefix("a=ice-ufrag:u") {
                desc.ufrag = ufrag.parse().unwrap();
            } else if let Some(adds) = line.strip_prefix("a=x-adds:") {
                desc.adds = adds.parse().unwrap();
            } else if let Some(answers) = line.strip_prefix("a=x-answers:") {
                let (session, version) = answers.split_once(' ').unwrap();
                desc.answers = Some((session.parse().unwrap(), version.parse().unwrap()));
            } else if line == "a=x-screen" {
                desc.screen = true;
            } else if let Some(candidate) = line.strip_prefix("a=") {
                desc.candidates.extend(read_candidate(candidate));
            }
        }
        desc
    }
}

pub(crate) fn candidate(ufrag: u32, number: u32, without_ufrag: bool) -> Candidate {
    Candidate {
        candidate: format!("candidate:{number} 1 udp 1 127.0.0.1 9 typ host ufrag u{ufrag}"),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: (!without_ufrag).then(|| format!("u{ufrag}")),
    }
}

/// Reads the ICE generation and the number of a candidate.
pub(crate) fn read_candidate(text: &str) -> Option<(u32, u32)> {
    let rest = text.strip_prefix("candidate:")?;
    let number = rest.split(' ').next()?.parse().ok()?;
    let ufrag = rest.rsplit_once("ufrag u")?.1.parse().ok()?;
    Some((ufrag, number))
}

#[derive(Debug)]
pub(crate) struct ModelPeer {
    pub(crate) id: PcId,
    pub(crate) owner: Owner,
    pub(crate) closed: bool,
    pub(crate) signaling: Signaling,
    pub(crate) version: u64,
    pub(crate) current_local: Option<Desc>,
    pub(crate) current_remote: Option<Desc>,
    pub(crate) pending_local: Option<Desc>,
    pub(crate) pending_remote: Option<Desc>,
    pub(crate) chain: VecDeque<Op>,
    /// `[[UpdateNegotiationNeededFlagOnEmptyChain]]`, and whether the task is queued.
    pub(crate) needed_check: bool,
    /// How many transceivers this end has added, and how many of them are negotiated.
    pub(crate) adds: u32,
    pub(crate) negotiated: u32,
    /// Whether this end sends a screen, and whether it has negotiated to do so.
    pub(crate) sends_screen: bool,
    negotiated_screen: bool,
    /// What the other end has named its tracks in its last description.
    pub(crate) remote_sources: TrackSources,
    pub(crate) restart: bool,
    pub(crate) local_ufrag: Option<u32>,
    /// The generations and numbers of the candidates that this end gathers.
    pub(crate) gathered: Vec<(u32, u32)>,
    /// Those candidates that have been reported.
    pub(crate) surfaced: Vec<(u32, u32)>,
    /// The offers so far: version, generation and number of transceivers.
    pub(crate) offers: Vec<(u64, u32, u32)>,
    pub(crate) remote_candidates: Vec<(u32, u32)>,
    pub(crate) transport: Transport,
    /// What the browser counts as received. The time of the last packet will do.
    pub(crate) received: u64,
    /// Whether the transport is about to be connected or lost.
    pub(crate) goal: Option<bool>,
    pub(crate) epoch: u32,
    /// The ICE generations of both ends at the last check.
    pub(crate) generation: (u32, u32),
    pub(crate) data: ModelChannel,
}

impl ModelPeer {
    pub(crate) fn new(id: PcId, owner: Owner, role: LinkRole) -> Self {
        Self {
            id,
            owner,
            closed: false,
            signaling: Signaling::Stable,
            version: 1,
            current_local: None,
            current_remote: None,
            pending_local: None,
            pending_remote: None,
            chain: VecDeque::new(),
            needed_check: false,
            adds: if role == LinkRole::Offerer { 2 } else { 0 },
            negotiated: 0,
            sends_screen: false,
            negotiated_screen: false,
            remote_sources: TrackSources::default(),
            restart: false,
            local_ufrag: None,
            gathered: Vec::new(),
            surfaced: Vec::new(),
            offers: Vec::new(),
            remote_candidates: Vec::new(),
            transport: Transport::New,
            received: 0,
            goal: None,
            epoch: 0,
            generation: (0, 0),
            data: ModelChannel::default(),
        }
    }

    fn is_client(&self) -> bool {
        matches!(self.owner, Owner::Client { .. })
    }

    /// Whether negotiation is needed (webrtc-pc section 4.7.3).
    pub(crate) fn needs(&self) -> bool {
        self.restart || self.adds > self.negotiated || self.sends_screen != self.negotiated_screen
    }

    /// The ICE generations of the latest exchange, of this end and the other.
    pub(crate) fn latest_generation(&self) -> (u32, u32) {
        let ufrag = |desc: &Option<Desc>| desc.as_ref().map_or(0, |desc| desc.ufrag);
        (ufrag(&self.current_local), ufrag(&self.current_remote))
    }

    /// What the tracks show that a description sends.
    pub(crate) fn sources(desc: &Desc) -> TrackSources {
        let screen = desc.screen.then_some((SCREEN_MID, Source::Screen));
        let always = [("0", Source::Microphone), ("1", Source::Camera)];
        let named = always.into_iter().chain(screen);
        named
            .map(|(mid, source)| (mid.to_owned(), source))
            .collect()
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.chain.is_empty() && self.signaling == Signaling::Stable && !self.needs()
    }

    /// Creates the offer or answer that fits the signaling state.
    pub(crate) fn create(&mut self, next_ufrag: &mut u32) -> Desc {
        let answer_to = match self.signaling {
            Signaling::HaveRemoteOffer => self.pending_remote.clone(),
            _ => None,
        };
        let fresh = match &answer_to {
            Some(offer) => {
                let known = self.current_remote.as_ref().map(|remote| remote.ufrag);
                known.is_some_and(|known| known != offer.ufrag)
            }
            None => self.restart,
        };
        if fresh || self.local_ufrag.is_none() {
            *next_ufrag += 1;
            self.local_ufrag = Some(*next_ufrag);
        }
        self.version += 1;
        Desc {
            offer: answer_to.is_none(),
            session: self.id,
            version: self.version,
            ufrag: self.local_ufrag.unwrap(),
            adds: self.adds,
            // An answer has no section for a new screen.
            screen: match answer_to {
                Some(_) => self.negotiated_screen,
                None => self.sends_screen,
            },
            data: self.is_client() && answer_to.as_ref().is_none_or(|offer| offer.data),
            answers: answer_to.map(|offer| (offer.session, offer.version)),
            candidates: Vec::new(),
        }
    }

    /// Sets a local description from [`create`](Self::create). The caller has checked the state.
    pub(crate) fn set_local(&mut self, desc: Desc) {
        if desc.offer {
            self.offers.push((desc.version, desc.ufrag, desc.adds));
            self.pending_local = Some(desc);
            self.signaling = Signaling::HaveLocalOffer;
        } else {
            self.current_remote = self.pending_remote.take();
            let before = self.current_local.as_ref().map(|local| local.ufrag);
            if before.is_some_and(|before| before != desc.ufrag) {
                self.restart = false;
            }
            self.current_local = Some(desc);
            self.signaling = Signaling::Stable;
            // The tracks of an old page use the offer's transceivers; those of clients may need an offer.
            if matches!(self.owner, Owner::Page(_)) {
                self.negotiated = self.adds;
            }
            self.needed_check = true;
        }
    }

    pub(crate) fn set_remote_offer(&mut self, desc: Desc) {
        if self.signaling == Signaling::HaveLocalOffer {
            self.rollback();
        }
        self.take_candidates(&desc);
        self.pending_remote = Some(desc);
        self.signaling = Signaling::HaveRemoteOffer;
    }

    pub(crate) fn set_remote_answer(&mut self, desc: Desc) {
        let offer = self.pending_local.take().unwrap();
        self.take_candidates(&desc);
        self.negotiated = offer.adds;
        self.negotiated_screen = offer.screen;
        let before = self.current_local.as_ref().map(|local| local.ufrag);
        if before.is_some_and(|before| before != offer.ufrag) {
            self.restart = false;
        }
        self.current_local = Some(offer);
        self.current_remote = Some(desc);
        self.signaling = Signaling::Stable;
        self.needed_check = true;
    }

    pub(crate) fn remote(&self) -> Option<&Desc> {
        self.pending_remote
            .as_ref()
            .or(self.current_remote.as_ref())
    }

    /// The session and version of the other end's current description.
    pub(crate) fn remote_version(&self) -> Option<(PcId, u64)> {
        self.current_remote
            .as_ref()
            .map(|remote| (remote.session, remote.version))
    }

    fn rollback(&mut self) {
        self.pending_local = None;
        self.local_ufrag = self.current_local.as_ref().map(|local| local.ufrag);
    }

    fn take_candidates(&mut self, desc: &Desc) {
        self.remote_candidates.extend(&desc.candidates);
    }
}
