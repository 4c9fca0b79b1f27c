//! What happens inside and between the model's peer connections: the operations chain, gathering, and
//! whether two ends are connected.

use videocalls_protocol::Candidate;
use videocalls_session::{LinkReport, Token, Transport};

use super::network::{Occurrence, SimulatedNetwork};
use super::peer::{Desc, ModelPeer, Op, Owner, PcId, Signaling, candidate, read_candidate};

/// After how much silence the transport is `disconnected`, and `failed`, in ms.
const DISCONNECTED: u64 = 6_000;
const FAILED: u64 = 15_000;

impl SimulatedNetwork {
    /// Appends an operation to the chain (webrtc-pc section 4.4.1.2).
    pub(crate) fn enqueue(&mut self, pc: PcId, op: Op) {
        self.pcs[pc].chain.push_back(op);
        if self.pcs[pc].chain.len() == 1 {
            self.begin_operation(pc);
        }
    }

    fn begin_operation(&mut self, pc: PcId) {
        let slow = self.conditions.browser;
        let delay = match self.pcs[pc].chain.front() {
            Some(Op::AddCandidate(_)) => self.rng.below(slow / 8 + 1),
            _ => self.rng.below(slow + 1),
        };
        self.after(delay, Occurrence::Operation { pc });
    }

    pub(crate) fn operation_done(&mut self, pc: PcId) {
        if self.pcs[pc].closed {
            return;
        }
        let op = self.pcs[pc].chain[0].clone();
        self.carry_out_operation(pc, op);
        self.pcs[pc].chain.pop_front();
        if self.pcs[pc].chain.is_empty() {
            self.check_negotiation_needed(pc);
        } else {
            self.begin_operation(pc);
        }
        self.refresh_around(pc);
    }

    fn carry_out_operation(&mut self, pc: PcId, op: Op) {
        let can_fail = matches!(self.pcs[pc].owner, Owner::Client { .. })
            && !matches!(op, Op::AddCandidate(_));
        if can_fail && self.rng.below(1_000) < self.conditions.failures {
            let (Op::SetLocal { token }
            | Op::SetRemoteOffer { token, .. }
            | Op::SetRemoteAnswer { token, .. }) = op
            else {
                return;
            };
            return self.report_soon(pc, LinkReport::Failed { token });
        }
        if let Op::SetRemoteOffer { sources, .. } | Op::SetRemoteAnswer { sources, .. } = &op {
            self.pcs[pc].remote_sources = sources.clone();
        }
        match op {
            Op::SetLocal { token } => self.set_local(pc, token),
            Op::SetRemoteOffer { sdp, token, .. } => self.set_remote_offer(pc, &sdp, token),
            Op::SetRemoteAnswer { sdp, token, .. } => self.set_remote_answer(pc, &sdp, token),
            Op::AddCandidate(candidate) => self.add_candidate(pc, &candidate),
            Op::CreateOffer | Op::CreateAnswer => self.page_creates(pc, &op),
            Op::SetLocalExplicit(desc) => self.page_sets_local(pc, desc),
            Op::SetRemoteBlindly { offer, sdp } => self.page_sets_remote(pc, offer, &sdp),
        }
    }

    fn set_local(&mut self, pc: PcId, token: Token) {
        let desc = self.pcs[pc].create(&mut self.next_ufrag);
        // The promise is resolved before the first candidate is reported.
        let sdp = desc.write() + &self.known_candidates(pc, desc.ufrag);
        let sources = ModelPeer::sources(&desc);
        let report = LinkReport::DescriptionCreated {
            token,
            sdp,
            sources,
        };
        self.report_soon(pc, report);
        self.apply_local(pc, desc);
    }

    /// The candidates of a generation that have been reported, as lines of a local description.
    fn known_candidates(&self, pc: PcId, ufrag: u32) -> String {
        let known = self.pcs[pc].surfaced.iter();
        let known = known.filter(|&&(generation, _)| generation == ufrag);
        let lines = known.map(|&(_, number)| {
            let candidate = candidate(ufrag, number, true).candidate;
            ["a=", &candidate, "\r\n"].concat()
        });
        lines.collect()
    }

    /// Sets a local description and gathers its candidates, if its generation is new.
    pub(crate) fn apply_local(&mut self, pc: PcId, desc: Desc) {
        let ufrag = desc.ufrag;
        self.pcs[pc].set_local(desc);
        let fresh = !self.pcs[pc]
            .gathered
            .iter()
            .any(|&(theirs, _)| theirs == ufrag);
        if fresh {
            let mut delay = 0;
            for number in 0..1 + self.rng.below(3) {
                self.pcs[pc].gathered.push((ufrag, number as u32));
                delay += self.rng.pick(&[0, 0, 3, 40, 200]);
                let number = Some(number as u32);
                self.after(delay, Occurrence::Gathered { pc, ufrag, number });
            }
            delay += self.rng.pick(&[0, 1, 50]);
            // A STUN server may not answer. Old pages use none.
            if matches!(self.pcs[pc].owner, Owner::Client { .. }) {
                delay += self.conditions.late_end_of_candidates;
            }
            let number = None;
            self.after(delay, Occurrence::Gathered { pc, ufrag, number });
        }
    }

    fn set_remote_offer(&mut self, pc: PcId, sdp: &str, token: Token) {
        let desc = Desc::read(true, sdp);
        self.expect_newer_version(pc, &desc);
        if self.pcs[pc].signaling == Signaling::HaveLocalOffer {
            self.tally.rollbacks += 1;
        }
        self.pcs[pc].set_remote_offer(desc);
        // The driver requests the answer as soon as the offer is set, so it follows whatever has been
        // appended meanwhile.
        self.pcs[pc].chain.push_back(Op::SetLocal { token });
    }

    fn set_remote_answer(&mut self, pc: PcId, sdp: &str, token: Token) {
        let desc = Desc::read(false, sdp);
        assert_eq!(
            self.pcs[pc].signaling,
            Signaling::HaveLocalOffer,
            "InvalidStateError: connection {pc} gets an answer in another state"
        );
        self.expect_newer_version(pc, &desc);
        let offer = self.pcs[pc].pending_local.as_ref().unwrap();
        // An unchanged offer that is repeated counts as the same.
        let is_same = |version: u64| {
            let content = (version, offer.ufrag, offer.adds);
            !self.server.numbers_offers() && self.pcs[pc].offers.contains(&content)
        };
        let right = desc.answers.is_some_and(|(session, version)| {
            session == pc && (version == offer.version || is_same(version))
        });
        // Only in our own rooms do answers carry the number of their offer. Elsewhere a late answer can
        // sometimes be mistaken for the right one. Then the link fails, and is replaced.
        assert!(
            right || !self.server.numbers_offers(),
            "connection {pc} gets the answer to another offer: {desc:?} for {offer:?}"
        );
        if !right {
            self.tally.wrong_answers += 1;
            self.note(|| format!("connection {pc} takes a wrong answer"));
        }
        self.pcs[pc].set_remote_answer(desc);
        self.report_soon(pc, LinkReport::AnswerApplied { token });
    }

    /// Checks that a description is of the known peer connection, and newer than the last.
    fn expect_newer_version(&self, pc: PcId, desc: &Desc) {
        if let Some((session, version)) = self.pcs[pc].remote_version() {
            assert_eq!(
                session, desc.session,
                "connection {pc} gets a description of another one"
            );
            assert!(
                desc.version > version,
                "connection {pc} gets an old description: {desc:?}"
            );
        }
    }

    fn add_candidate(&mut self, pc: PcId, candidate: &Candidate) {
        let page = matches!(self.pcs[pc].owner, Owner::Page(_));
        let Some(remote) = self.pcs[pc].remote() else {
            // Candidates may follow a description that could not be set.
            assert!(
                page || self.conditions.failures > 0,
                "InvalidStateError: connection {pc} has no remote description"
            );
            return;
        };
        let stated = candidate.username_fragment.as_ref();
        let ufrag = format!("u{}", remote.ufrag);
        if stated.is_some_and(|stated| *stated != ufrag) {
            let current = self.pcs[pc].current_remote.as_ref();
            let current = current.map(|remote| format!("u{}", remote.ufrag));
            assert!(
                page || current.as_ref() == stated,
                "OperationError: connection {pc} gets {candidate:?}"
            );
            return;
        }
        assert!(
            stated.is_some() || page || self.conditions.without_ufrag,
            "connection {pc} gets {candidate:?} without a generation"
        );
        if let Some(read) = read_candidate(&candidate.candidate) {
            self.pcs[pc].remote_candidates.push(read);
        }
    }

    pub(crate) fn gathered(&mut self, pc: PcId, ufrag: u32, number: Option<u32>) {
        let (peer, without_ufrag) = (&self.pcs[pc], self.conditions.without_ufrag);
        if peer.closed || peer.local_ufrag != Some(ufrag) {
            return;
        }
        let owner = peer.owner;
        let candidate = match number {
            Some(number) => candidate(ufrag, number, without_ufrag),
            None => Candidate::default(),
        };
        self.pcs[pc]
            .surfaced
            .extend(number.map(|number| (ufrag, number)));
        match owner {
            Owner::Client { .. } => self.report(pc, LinkReport::Candidate(candidate)),
            Owner::Page(page) => self.page_gathers(page, pc, candidate),
        }
    }

    fn report_soon(&mut self, pc: PcId, report: LinkReport) {
        self.after(0, Occurrence::Report { pc, report });
    }

    /// Queues the task that fires `negotiationneeded`, if it may be needed.
    pub(crate) fn check_negotiation_needed(&mut self, pc: PcId) {
        let peer = &mut self.pcs[pc];
        if peer.needed_check && peer.chain.is_empty() && peer.signaling == Signaling::Stable {
            peer.needed_check = false;
            let delay = self.rng.pick(&[0, 0, 1, 20]);
            self.after(delay, Occurrence::NegotiationNeeded { pc });
        }
    }

    pub(crate) fn fire_negotiation_needed(&mut self, pc: PcId) {
        let peer = &mut self.pcs[pc];
        if peer.closed || !peer.needs() {
            return;
        }
        if !peer.chain.is_empty() || peer.signaling != Signaling::Stable {
            peer.needed_check = true;
            return;
        }
        self.report(pc, LinkReport::NegotiationNeeded);
    }

    pub(crate) fn close_pc(&mut self, pc: PcId) {
        self.pcs[pc].closed = true;
        self.pcs[pc].chain.clear();
        self.refresh_all();
    }

    pub(crate) fn refresh_all(&mut self) {
        (0..self.pcs.len()).for_each(|pc| self.refresh(pc));
    }

    fn refresh_around(&mut self, pc: PcId) {
        self.refresh(pc);
        let other = self.pcs[pc]
            .current_remote
            .as_ref()
            .map(|remote| remote.session);
        other.into_iter().for_each(|other| self.refresh(other));
    }

    /// Whether two ends have each other's latest descriptions, and a candidate each.
    fn is_matched(&self, pc: PcId) -> bool {
        let here = &self.pcs[pc];
        let (Some(local), Some(remote)) = (&here.current_local, &here.current_remote) else {
            return false;
        };
        let there = &self.pcs[remote.session];
        let (Some(their_local), Some(their_remote)) = (&there.current_local, &there.current_remote)
        else {
            return false;
        };
        let reaches = |ufrag: u32, known: &[(u32, u32)]| known.iter().any(|&(of, _)| of == ufrag);
        let reached = [
            reaches(their_local.ufrag, &here.remote_candidates),
            reaches(local.ufrag, &there.remote_candidates),
        ];
        // Old pages lose early candidates; ICE finds the route by peer-reflexive candidates then.
        let enough = match (here.owner, there.owner) {
            (Owner::Client { .. }, Owner::Client { .. }) => reached[0] && reached[1],
            _ => reached[0] || reached[1],
        };
        !here.closed
            && !there.closed
            && their_remote.session == pc
            && their_remote.ufrag == local.ufrag
            && remote.ufrag == their_local.ufrag
            && enough
            && !self.is_media_out_for(here.owner)
            && !self.is_media_out_for(there.owner)
    }

    /// Whether media arrives. During an ICE restart, the old route stays in use.
    pub(crate) fn flows(&self, pc: PcId) -> bool {
        let here = &self.pcs[pc];
        let there = here.current_remote.as_ref().map(|it| &self.pcs[it.session]);
        there.is_some_and(|there| {
            here.transport == Transport::Connected
                && !there.closed
                && !self.is_media_out_for(here.owner)
                && !self.is_media_out_for(there.owner)
        })
    }

    /// Whether media flows, and both ends are connected.
    pub(crate) fn is_working(&self, pc: PcId) -> bool {
        let connected = |pc: PcId| self.pcs[pc].transport == Transport::Connected;
        let there = self.pcs[pc].current_remote.as_ref();
        let there = there.is_some_and(|remote| connected(remote.session));
        self.is_matched(pc) && connected(pc) && there
    }

    fn is_media_out_for(&self, owner: Owner) -> bool {
        matches!(owner, Owner::Client { client, .. } if self.is_media_out(client))
    }

    /// Schedules the changes that bring the transport to the state that it should have.
    fn refresh(&mut self, pc: PcId) {
        let good = self.is_matched(pc);
        let peer = &mut self.pcs[pc];
        if peer.closed || peer.current_remote.is_none() {
            return;
        }
        let generation = peer.latest_generation();
        let restarted = std::mem::replace(&mut peer.generation, generation) != generation;
        if restarted && peer.transport == Transport::Failed {
            peer.transport = Transport::New;
            peer.goal = None;
        }
        if peer.goal == Some(good) {
            return;
        }
        peer.goal = Some(good);
        peer.epoch += 1;
        let (epoch, transport) = (peer.epoch, peer.transport);
        let mut plan = |delay, transport| {
            self.after(
                delay,
                Occurrence::Transport {
                    pc,
                    epoch,
                    transport,
                },
            );
        };
        match (good, transport) {
            (true, Transport::Connected | Transport::Closed) | (false, Transport::Failed) => {}
            // Only a new generation can end `failed`.
            (true, Transport::Failed) => {}
            (true, _) => {
                let delay = 10 + self.rng.below(200);
                self.after(
                    delay,
                    Occurrence::Transport {
                        pc,
                        epoch,
                        transport: Transport::Connected,
                    },
                );
            }
            (false, Transport::New) => {
                plan(0, Transport::Connecting);
                plan(FAILED, Transport::Failed);
            }
            (false, Transport::Connected) => {
                plan(DISCONNECTED, Transport::Disconnected);
                plan(FAILED, Transport::Failed);
            }
            (false, _) => plan(FAILED - DISCONNECTED, Transport::Failed),
        }
    }

    pub(crate) fn transport_arrives(&mut self, pc: PcId, epoch: u32, transport: Transport) {
        if self.pcs[pc].closed || self.pcs[pc].epoch != epoch {
            return;
        }
        self.pcs[pc].transport = transport;
        if let Owner::Page(page) = self.pcs[pc].owner {
            return self.page_transport_changed(page, pc, transport);
        }
        self.report(pc, LinkReport::Transport(transport));
        self.open_channels(pc);
    }
}
