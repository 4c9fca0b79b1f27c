//! The mesh: one link to each other participant.
//!
//! Nothing above this module knows which link carries whom.

use std::time::Duration;

use videocalls_protocol::{
    Candidate, Capabilities, Departure, GlareRule, LeaveReason, Offerer, ParticipantId, Signal,
};

use crate::link::{Audience, Fate, Link, RemoteDescription, RemoteEnd};
use crate::memory::Memory;
use crate::time::Timer;
use crate::work::{News, Work};
use crate::{Connection, LinkId, LinkOp, LinkReport, LinkRole, Problem, Transport};

/// How long a link may look for its way before it is made anew: ICE's own checks take at most
/// 5 s on the worst of usable networks, then 5 s to spare.
const ESTABLISH: Duration = Duration::from_secs(10);
/// How often a link is made anew before there is a pause, or, where no server would know better,
/// before its participant counts as gone.
const ATTEMPTS: u8 = 3;
/// How long a lost way may take to heal before its participant counts as gone. Browsers say
/// `disconnected` after 5 to 8 s of silence, so someone who vanished is gone after 9 to 12 s.
const DEPARTURE: Duration = Duration::from_secs(4);
/// How long one who was there before us may take to offer, where it is their turn.
const OVERTURE: Duration = Duration::from_secs(3);
/// An offer unanswered for so long has reached nobody; giving way to another offer costs nothing.
const LOST_OFFER: Duration = Duration::from_secs(1);
/// Offers cross for so long at most; one that comes later comes from who has given up ours.
const CROSSING: Duration = Duration::from_secs(4);
/// How long the polite side waits for an answer to its own offer before it takes the other's.
const POLITE_HOLD: Duration = Duration::from_millis(250);
/// How long a newcomer to a full room of two may wait for the other one to turn out gone.
const SUCCESSOR_HOLD: Duration = Duration::from_secs(20);

/// Why a link is made anew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cause {
    /// It found no way, or lost it.
    Silence,
    /// The browser has failed.
    Broken,
}

#[derive(Debug)]
pub(crate) struct Mesh {
    capabilities: Capabilities,
    me: Option<ParticipantId>,
    /// In the order of their making; a handful, so a search by walking is the quickest.
    links: Vec<Link>,
    memory: Memory,
    /// An offer that waits: for an answer to ours, or for its sender's predecessor to be gone.
    held: Option<(ParticipantId, RemoteDescription)>,
}

impl Mesh {
    pub(crate) fn new(capabilities: Capabilities, me: Option<ParticipantId>) -> Self {
        Self {
            capabilities,
            me,
            links: Vec::new(),
            memory: Memory::default(),
            held: None,
        }
    }

    /// Makes the first link, with its offer and its candidates, before anyone is known: all that
    /// can be done while the socket connects and the user is asked for the devices.
    pub(crate) fn prepare(&mut self, work: &mut Work) {
        match self.capabilities.offerer {
            Offerer::Other => self.stand_by(work),
            _ => drop(self.open_offering(work, Audience::Nobody)),
        }
    }

    /// Calls out to whoever may be there, on a server that only broadcasts.
    pub(crate) fn call_out(&mut self, work: &mut Work) {
        match self.find_mut(|link| link.audience == Audience::Nobody) {
            Some(spare) => spare.address(work, Audience::Anyone),
            None => {
                self.open_offering(work, Audience::Anyone);
            }
        }
    }

    /// Turns to everyone who was there before us, once to each: offers, or waits for their offers.
    pub(crate) fn greet(&mut self, work: &mut Work, me: ParticipantId, peers: &[ParticipantId]) {
        self.me = Some(me);
        let present = self.capabilities.offerer == Offerer::Present;
        for peer in peers {
            if self.link_of(peer).is_some() || self.me.as_ref() == Some(peer) {
                continue;
            }
            match present {
                false => self.offer_to(work, peer),
                true => self.await_offer(work, peer),
            }
        }
        if self.capabilities.offerer == Offerer::Everyone {
            return self.call_out(work);
        }
        let alone = self.links.iter().all(|link| link.participant().is_none());
        if !self.waits_prepared() || !alone {
            self.close_where(work, |link| link.audience == Audience::Nobody);
        }
        self.stand_by(work);
    }

    /// Whether what is made in advance serves one who waits as well as one who comes.
    fn waits_prepared(&self) -> bool {
        matches!(self.capabilities.offerer, Offerer::Present | Offerer::Other)
    }

    /// Someone took a seat after us.
    pub(crate) fn joined(&mut self, work: &mut Work, peer: &ParticipantId) {
        let ourselves = self.me.as_ref() == Some(peer);
        let known = self.link_of(peer).is_some();
        if self.capabilities.offerer == Offerer::Present && !ourselves && !known {
            self.offer_to(work, peer);
        }
    }

    /// Offers to a participant, by the link that is made in advance if it is there still.
    fn offer_to(&mut self, work: &mut Work, peer: &ParticipantId) {
        let audience = Audience::One(peer.clone());
        match self.find_mut(|link| link.audience == Audience::Nobody && link.offers()) {
            Some(spare) => {
                spare.address(work, audience);
                let timer = Timer::Establish(spare.id);
                work.timer(timer, ESTABLISH);
            }
            None => {
                self.open_offering(work, audience);
            }
        }
    }

    /// Leaves the first word to one who was there before us, for a while.
    fn await_offer(&mut self, work: &mut Work, peer: &ParticipantId) {
        let link = self.open(work, LinkRole::Answerer, Audience::One(peer.clone()));
        work.timer(Timer::Establish(link.id), OVERTURE);
        self.links.push(link);
    }

    /// Makes the link for whoever comes next, for one who waits alone: the browser takes longer to
    /// make a connection, and an offer on it, than to use one.
    fn stand_by(&mut self, work: &mut Work) {
        if !self.links.is_empty() {
            return;
        }
        match self.capabilities.offerer {
            Offerer::Newcomer | Offerer::Other => {
                let link = self.open(work, LinkRole::StandBy, Audience::Nobody);
                self.links.push(link);
            }
            Offerer::Present => drop(self.open_offering(work, Audience::Nobody)),
            _ => {}
        }
    }

    /// Someone's seat is free: closes the link, unless the media goes on and only the seat was
    /// lost. Returns whether a link is left.
    pub(crate) fn left(
        &mut self,
        work: &mut Work,
        id: &ParticipantId,
        reason: LeaveReason,
    ) -> bool {
        if let (LeaveReason::Lost, Some(link)) = (reason, self.link_to(id))
            && link.transport == Transport::Connected
            && !link.is_broken()
        {
            link.media_only = true;
            return true;
        }
        self.drop_participant(work, id);
        false
    }

    pub(crate) fn close_all(&mut self, work: &mut Work) {
        self.close_where(work, |_| true);
        self.memory = Memory::default();
        self.held = None;
    }

    /// How a participant is connected.
    pub(crate) fn connection(&self, id: &ParticipantId) -> Connection {
        match self.link_of(id).map(|link| link.transport) {
            Some(Transport::Connected) => Connection::Connected,
            Some(Transport::Disconnected | Transport::Failed | Transport::Closed) => {
                Connection::Interrupted
            }
            Some(Transport::New | Transport::Connecting) | None => Connection::Connecting,
        }
    }

    pub(crate) fn link_id_of(&self, id: &ParticipantId) -> Option<LinkId> {
        self.link_of(id).map(|link| link.id)
    }

    /// Takes a participant's signal.
    pub(crate) fn hear(&mut self, work: &mut Work, from: ParticipantId, signal: Signal) {
        let (id, sdp, is_offer) = match signal {
            Signal::Candidate(candidate) => return self.hear_candidate(work, from, candidate),
            Signal::Offer { id, sdp } => (id, sdp, true),
            Signal::Answer { id, sdp } => (id, sdp, false),
        };
        let Some(end) = RemoteEnd::of(&sdp) else {
            work.news.push(News::Problem(Problem::MalformedMessage));
            return;
        };
        let description = RemoteDescription { id, sdp, end };
        if is_offer {
            self.hear_offer(work, from, description);
        } else {
            self.hear_answer(work, from, description);
        }
    }

    /// Takes what the browser reports of a link; of a closed one it does not matter.
    pub(crate) fn report(&mut self, work: &mut Work, id: LinkId, report: LinkReport) {
        let never_offers = self.capabilities.offerer == Offerer::Other;
        let Some(link) = self.find_mut(|link| link.id == id) else {
            return;
        };
        match report {
            LinkReport::Transport(transport) => self.transport_changed(work, id, transport),
            LinkReport::TracksChanged => {
                work.news
                    .extend(link.participant().cloned().map(News::Changed));
            }
            LinkReport::Text(text) => {
                let from = link.participant().cloned();
                work.news.extend(from.map(|from| News::Text(from, text)));
            }
            LinkReport::NegotiationNeeded if never_offers => {}
            report => {
                let fate = link.report(work, report);
                let participant = link.participant().cloned();
                if fate == Fate::Broken {
                    work.news.push(News::Problem(Problem::NegotiationFailed));
                    self.rebuild(work, id, Cause::Broken);
                } else if let Some(participant) = participant {
                    // An offer that was kept may have been taken.
                    self.deliver_early(work, &participant);
                }
            }
        }
    }

    pub(crate) fn establish_timed_out(&mut self, work: &mut Work, id: LinkId) {
        let useless = |link: &Link| link.transport != Transport::Connected || link.is_broken();
        if self.link(id).is_some_and(useless) {
            self.rebuild(work, id, Cause::Silence);
        }
    }

    /// Candidates that have not been found by now are not worth waiting for.
    pub(crate) fn gathering_timed_out(&mut self, work: &mut Work, id: LinkId) {
        if let Some(link) = self.find_mut(|link| link.id == id) {
            link.stop_gathering(work);
        }
    }

    /// Says something to everyone, by the links.
    pub(crate) fn send_text(&self, work: &mut Work, text: &str) {
        for link in self.links.iter().filter(|it| it.participant().is_some()) {
            work.link(link.id, LinkOp::SendText(text.to_owned()));
        }
    }

    pub(crate) fn departure_timed_out(&mut self, work: &mut Work, id: LinkId) {
        if let Some(participant) = self.link(id).and_then(Link::participant).cloned() {
            self.vanish(work, &participant);
        }
    }

    /// The time to wait for an answer to our own offer, or for a predecessor to go, is over.
    pub(crate) fn hold_timed_out(&mut self, work: &mut Work) {
        if let Some((from, offer)) = self.held.take()
            && self.has_room_for(&from)
        {
            self.accept(work, from, offer);
        }
    }

    fn hear_offer(&mut self, work: &mut Work, from: ParticipantId, offer: RemoteDescription) {
        if self.memory.is_late_offer(&offer) {
            return;
        }
        let polite = self.is_polite_to(&from);
        if let Some(link) = self.link_to(&from) {
            match link.remote {
                Some(_) if link.continues(&offer) => {
                    if link.is_news(&offer) {
                        link.hear_offer(work, offer, polite);
                        self.deliver_early(work, &from);
                    }
                }
                // A connection of theirs that is new to us: the old one is gone, whatever it says.
                Some(_) => self.accept(work, from, offer),
                None => self.first_offers_cross(work, from, offer, polite),
            }
        } else if !self.has_room_for(&from) {
            self.held = Some((from, offer));
            work.timer(Timer::Hold, SUCCESSOR_HOLD);
        } else if self.calls_out() {
            self.first_offers_cross(work, from, offer, polite);
        } else {
            self.accept(work, from, offer);
        }
    }

    /// Both offer before either has heard of the other. The connection that made our offer can't
    /// take theirs over (its transceivers would not pair up), so giving way means a new one.
    fn first_offers_cross(
        &mut self,
        work: &mut Work,
        from: ParticipantId,
        offer: RemoteDescription,
        polite: bool,
    ) {
        let now = work.now;
        let ours = self
            .first_offer_to(&from)
            .and_then(|link| link.offered_at());
        let wait_until = match (self.capabilities.glare, ours) {
            (GlareRule::Perfect, Some(sent)) if !polite && now < sent + CROSSING => {
                if let Some(link) = self.link_to(&from) {
                    link.overhear();
                }
                return self.memory.retire(offer.end);
            }
            (GlareRule::Hold, Some(sent)) => sent + if polite { POLITE_HOLD } else { LOST_OFFER },
            _ => now,
        };
        if wait_until <= now {
            self.accept(work, from, offer);
        } else {
            self.held = Some((from, offer));
            work.timers.set(Timer::Hold, wait_until);
        }
    }

    /// Takes an offer on a new connection, in place of any other to the same participant.
    fn accept(&mut self, work: &mut Work, from: ParticipantId, offer: RemoteDescription) {
        let before = self.link_of(&from).map(|link| link.attempt);
        self.stop_holding(work, &from);
        let id = self.answering(work, &from);
        self.retire_links(work, |link| link.is_for(&from) && link.id != id);
        self.close_where(work, |link| link.participant().is_none());
        if let Some(link) = self.find_mut(|link| link.id == id) {
            link.attempt = before.unwrap_or_default();
            link.hear_offer(work, offer, true);
        }
        self.deliver_early(work, &from);
        work.news.push(News::Appeared(from));
    }

    /// A link to answer a participant on: one that waits for an offer, or a new one.
    fn answering(&mut self, work: &mut Work, from: &ParticipantId) -> LinkId {
        let audience = Audience::One(from.clone());
        let waiting = self.find_mut(|link| {
            link.awaits_offer() && (link.is_for(from) || link.audience == Audience::Nobody)
        });
        match waiting {
            Some(waiting) => {
                waiting.address(work, audience);
                let id = waiting.id;
                work.timer(Timer::Establish(id), ESTABLISH);
                id
            }
            None => {
                let link = self.open(work, LinkRole::Answerer, audience);
                let id = link.id;
                self.links.push(link);
                id
            }
        }
    }

    fn hear_answer(&mut self, work: &mut Work, from: ParticipantId, answer: RemoteDescription) {
        let linked = self.links.iter().find(|link| link.is_for(&from));
        let current = linked.and_then(|link| link.remote.as_ref());
        if self.memory.is_late_answer(&answer, current) {
            return;
        }
        let anyone = self.calls_out() && self.link_of(&from).is_none() && self.has_room_for(&from);
        let Some(link) = self
            .find_mut(|link| link.is_for(&from) || (anyone && link.audience == Audience::Anyone))
        else {
            return;
        };
        if !link.awaits(&answer) {
            let stranger = link.is_agreed() && !link.continues(&answer);
            return self.answers_miss(work, &from, stranger);
        }
        let session = answer.end.origin.session.clone();
        link.hear_answer(work, answer);
        let id = link.id;
        if link.audience == Audience::Anyone {
            link.address(work, Audience::One(from.clone()));
            link.media_only = true;
            work.timer(Timer::Establish(id), ESTABLISH);
        }
        work.news.push(News::Appeared(from.clone()));
        self.answered_while_holding(work, &from, &session);
        self.memory.reinstate(&session);
        self.deliver_early(work, &from);
    }

    /// An offer that was held for the sake of this answer is given up, unless the same connection
    /// made it: then it has overtaken its answer.
    fn answered_while_holding(&mut self, work: &mut Work, from: &ParticipantId, session: &str) {
        match self.stop_holding(work, from) {
            Some((_, offer)) if offer.end.origin.session == session => {
                if let Some(link) = self.link_to(from) {
                    link.hear_offer(work, offer, true);
                }
            }
            Some((_, offer)) => self.memory.retire(offer.end),
            None => {}
        }
    }

    /// An answer to an offer that we have given up for theirs: where nobody is told whose turn it
    /// is, both may give way, and then both wait for what will not come.
    ///
    /// Where nobody else offers, an answer by a connection that is new to us is to an offer that the
    /// server has kept: who was there has come back, and the old connection is gone.
    fn answers_miss(&mut self, work: &mut Work, from: &ParticipantId, stranger: bool) {
        let hold = self.capabilities.glare == GlareRule::Hold;
        let calls_out = self.calls_out();
        let polite = self.is_polite_to(from);
        let Some(link) = self.link_to(from) else {
            return;
        };
        if hold && link.is_agreed() && link.transport != Transport::Connected {
            let pause = if polite { LOST_OFFER } else { Duration::ZERO };
            link.attempt |= u8::from(polite);
            work.timer(Timer::Establish(link.id), pause);
        } else if stranger && calls_out && !hold {
            let id = link.id;
            self.rebuild(work, id, Cause::Broken);
        }
    }

    fn hear_candidate(&mut self, work: &mut Work, from: ParticipantId, candidate: Candidate) {
        match self.link_to(&from) {
            Some(link) if link.takes(&candidate) => {
                work.link(link.id, LinkOp::AddCandidate(candidate));
            }
            _ => self.memory.keep_early(from, candidate),
        }
    }

    /// Hands over the candidates that waited for the description that has just come.
    fn deliver_early(&mut self, work: &mut Work, from: &ParticipantId) {
        if let Some(link) = self.links.iter().find(|link| link.is_for(from)) {
            for candidate in self
                .memory
                .take_early(from, |candidate| link.takes(candidate))
            {
                work.link(link.id, LinkOp::AddCandidate(candidate));
            }
        }
    }

    fn transport_changed(&mut self, work: &mut Work, id: LinkId, transport: Transport) {
        let Some(link) = self.find_mut(|link| link.id == id) else {
            return;
        };
        link.transport = transport;
        let Some(participant) = link.participant().cloned() else {
            return;
        };
        work.timers.stop(Timer::Departure(id));
        match transport {
            Transport::Connected if !link.is_broken() => {
                link.attempt = 0;
                work.timers.stop(Timer::Establish(id));
            }
            Transport::Disconnected if link.media_only => {
                work.timer(Timer::Departure(id), DEPARTURE);
                if self.held.is_some() {
                    return self.vanish(work, &participant);
                }
            }
            Transport::Failed | Transport::Closed if link.media_only => {
                return self.vanish(work, &participant);
            }
            Transport::Failed | Transport::Closed => {
                work.news.push(News::Changed(participant));
                return self.rebuild(work, id, Cause::Silence);
            }
            _ => {}
        }
        work.news.push(News::Changed(participant));
    }

    /// Makes a link anew. After a silence, which both ends notice, the impolite side offers, and
    /// the polite one every other time, in case the other takes no turns. A broken link is known
    /// at this end alone. Who can't be reached in the end has gone, unless a server would know;
    /// who has no seat any more can't be told of a new link, and who offers always need not be.
    fn rebuild(&mut self, work: &mut Work, id: LinkId, cause: Cause) {
        let Some(link) = self.find_mut(|link| link.id == id) else {
            return;
        };
        let Some(participant) = link.participant().cloned() else {
            return self.rebuild_call(work, id, cause);
        };
        link.attempt = link.attempt.saturating_add(1);
        let (attempt, pause, media_only) = (link.attempt, link.patience(), link.media_only);
        let (broken, unasked) = (link.is_broken(), link.awaits_offer());
        let seatless = self.capabilities.departure == Departure::Announced;
        let theirs = self.capabilities.offerer == Offerer::Other;
        if media_only && (seatless || theirs || attempt > ATTEMPTS || self.held.is_some()) {
            return self.vanish(work, &participant);
        }
        let waits = match cause {
            Cause::Broken => attempt > ATTEMPTS,
            Cause::Silence => {
                !broken && !unasked && attempt % 2 == 1 && self.is_polite_to(&participant)
            }
        };
        if waits {
            return work.timer(Timer::Establish(id), pause);
        }
        self.retire_links(work, |link| link.is_for(&participant));
        let id = self.open_offering(work, Audience::One(participant.clone()));
        if let Some(link) = self.find_mut(|link| link.id == id) {
            link.attempt = attempt;
            work.timer(Timer::Establish(id), link.patience());
        }
        work.news.push(News::Changed(participant));
    }

    /// Makes a link anew that leads to nobody yet. One that was made in advance may be missing.
    fn rebuild_call(&mut self, work: &mut Work, id: LinkId, cause: Cause) {
        let calls = self
            .links
            .iter()
            .any(|link| link.id == id && link.audience == Audience::Anyone);
        if calls && cause == Cause::Broken {
            return work.timer(Timer::Establish(id), ESTABLISH);
        }
        self.close_where(work, |link| link.id == id);
        if calls {
            self.open_offering(work, Audience::Anyone);
        }
    }

    fn vanish(&mut self, work: &mut Work, id: &ParticipantId) {
        let was_there = self.link_of(id).is_some_and(Link::was_heard);
        self.drop_participant(work, id);
        work.news
            .push(News::Vanished(id.clone(), LeaveReason::Lost));
        if self.held.as_ref().is_some_and(|(from, _)| from != id) {
            work.timers.stop(Timer::Hold);
            self.hold_timed_out(work);
        }
        // They may have been cut off only, and wait as we do; or somebody else may come.
        if self.calls_out() && self.links.is_empty() {
            self.open_offering(work, Audience::Anyone);
        } else if was_there && self.capabilities.offerer == Offerer::Present {
            self.recall(work, id);
        }
    }

    /// Offers to someone who counts as gone, once more or twice, by what is known of them. Who
    /// answers, and is lost again, is called again.
    fn recall(&mut self, work: &mut Work, id: &ParticipantId) {
        self.offer_to(work, id);
        if let Some(link) = self.link_to(id) {
            link.attempt = ATTEMPTS - 1;
            work.timer(Timer::Establish(link.id), link.patience());
        }
    }

    fn drop_participant(&mut self, work: &mut Work, id: &ParticipantId) {
        self.stop_holding(work, id);
        self.retire_links(work, |link| link.is_for(id));
        self.memory.forget_early(id);
        self.stand_by(work);
    }

    fn open(&self, work: &mut Work, role: LinkRole, audience: Audience) -> Link {
        let mut link = Link::open(work, role, audience, self.capabilities.trickle);
        link.media_only = self.capabilities.departure == Departure::Unannounced;
        if link.participant().is_some() {
            work.timer(Timer::Establish(link.id), ESTABLISH);
        }
        link
    }

    fn open_offering(&mut self, work: &mut Work, audience: Audience) -> LinkId {
        let mut link = self.open(work, LinkRole::Offerer, audience);
        link.offer(work);
        let id = link.id;
        self.links.push(link);
        id
    }

    /// Closes links and remembers whom they led to, so that what still comes from there is known
    /// for late.
    fn retire_links(&mut self, work: &mut Work, which: impl Fn(&Link) -> bool) {
        let leaving = self.links.iter().filter(|link| which(link));
        let ends: Vec<_> = leaving.filter_map(|link| link.remote.clone()).collect();
        ends.into_iter().for_each(|end| self.memory.retire(end));
        self.close_where(work, which);
    }

    fn close_where(&mut self, work: &mut Work, which: impl Fn(&Link) -> bool) {
        self.links
            .extract_if(.., |link| which(link))
            .for_each(|link| link.close(work));
    }

    fn stop_holding(
        &mut self,
        work: &mut Work,
        from: &ParticipantId,
    ) -> Option<(ParticipantId, RemoteDescription)> {
        let held = self.held.take_if(|(holding, _)| holding == from)?;
        work.timers.stop(Timer::Hold);
        Some(held)
    }

    /// Whether offers go out to whoever may be there.
    fn calls_out(&self) -> bool {
        self.capabilities.offerer == Offerer::Everyone
    }

    /// Politeness is decided by comparing ids, alike at both ends.
    fn is_polite_to(&self, other: &ParticipantId) -> bool {
        self.me.as_ref().is_some_and(|me| me > other)
    }

    fn has_room_for(&self, from: &ParticipantId) -> bool {
        let others = self
            .links
            .iter()
            .filter_map(Link::participant)
            .filter(|id| *id != from);
        self.capabilities
            .capacity
            .is_none_or(|capacity| others.count() + 1 < capacity)
    }

    /// Our own first offer that may still be answered by this participant.
    fn first_offer_to(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.iter().find(|link| {
            link.remote.is_none() && (link.is_for(id) || link.audience == Audience::Anyone)
        })
    }

    fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    fn link_of(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.iter().find(|link| link.is_for(id))
    }

    fn link_to(&mut self, id: &ParticipantId) -> Option<&mut Link> {
        self.find_mut(|link| link.is_for(id))
    }

    fn find_mut(&mut self, which: impl Fn(&Link) -> bool) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| which(link))
    }
}

impl Link {
    /// How long it may take to find its way: longer each time.
    fn patience(&self) -> Duration {
        ESTABLISH * u32::from(self.attempt).clamp(1, 6)
    }

    fn is_for(&self, id: &ParticipantId) -> bool {
        self.participant() == Some(id)
    }
}
