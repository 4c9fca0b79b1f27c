//! The mesh: one link to each other participant.
//!
//! Nothing above this module knows which link carries whom.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use videocalls_protocol::{
    Admission, Candidate, Capabilities, Departure, GlareRule, LeaveReason, ParticipantId, Signal,
};

use crate::link::{Audience, Fate, Link, RemoteDescription, RemoteEnd};
use crate::time::Timer;
use crate::work::{News, Work};
use crate::{Connection, LinkId, LinkOp, LinkReport, LinkRole, Problem, Transport};

/// How long a link may look for its way before it is made anew: ICE's own checks take at most
/// 5 s on the worst of usable networks, then 5 s to spare.
const ESTABLISH: Duration = Duration::from_secs(10);
/// How often a link is made anew.
const ATTEMPTS: u8 = 3;
/// How long a lost way may take to heal before its participant counts as gone. Browsers say
/// `disconnected` after 5 to 8 s of silence, so someone who vanished is gone after 9 to 12 s.
const DEPARTURE: Duration = Duration::from_secs(4);
/// An offer unanswered for so long has reached nobody; giving way to another offer costs nothing.
const LOST_OFFER: Duration = Duration::from_secs(1);
/// How long the polite side waits for an answer to its own offer before it takes the other's.
const POLITE_HOLD: Duration = Duration::from_millis(250);
/// How long a newcomer to a full room of two may wait for the other one to turn out gone.
const SUCCESSOR_HOLD: Duration = Duration::from_secs(20);
/// How many early candidates are kept for all participants together.
const MAX_EARLY: usize = 256;
/// How many closed remote connections are remembered, so that their late offers are known.
const MAX_RETIRED: usize = 32;

#[derive(Debug)]
pub(crate) struct Mesh {
    capabilities: Capabilities,
    me: Option<ParticipantId>,
    links: BTreeMap<LinkId, Link>,
    /// Candidates that came before the description that they belong to.
    early: VecDeque<(ParticipantId, Candidate)>,
    /// The connections of others that have been replaced or closed, by their SDP session ids.
    retired: VecDeque<String>,
    /// An offer that waits: for an answer to ours, or for its sender's predecessor to be gone.
    held: Option<(ParticipantId, RemoteDescription)>,
}

impl Mesh {
    pub(crate) fn new(capabilities: Capabilities, me: Option<ParticipantId>) -> Self {
        Self {
            capabilities,
            me,
            links: BTreeMap::new(),
            early: VecDeque::new(),
            retired: VecDeque::new(),
            held: None,
        }
    }

    /// Makes the first link, with its offer and its candidates, before anyone is known: all that
    /// can be done while the socket connects and the user is asked for the devices.
    pub(crate) fn prepare(&mut self, work: &mut Work) {
        self.open_offering(work, Audience::Nobody);
    }

    /// Calls out to whoever may be there, on a server that only broadcasts.
    pub(crate) fn call_out(&mut self, work: &mut Work) {
        if let Some(spare) = self.find_mut(|link| link.audience == Audience::Nobody) {
            spare.address(work, Audience::Anyone);
        }
    }

    /// Offers to everyone who was there before us.
    pub(crate) fn greet(&mut self, work: &mut Work, me: ParticipantId, peers: &[ParticipantId]) {
        self.me = Some(me);
        for peer in peers {
            let audience = Audience::One(peer.clone());
            match self.find_mut(|link| link.audience == Audience::Nobody) {
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
        self.close_where(work, |link| link.audience == Audience::Nobody);
    }

    /// Someone's seat is free: closes the link, unless the media goes on and only the seat was
    /// lost. Returns whether a link is left.
    pub(crate) fn left(
        &mut self,
        work: &mut Work,
        id: &ParticipantId,
        reason: LeaveReason,
    ) -> bool {
        if let (LeaveReason::Lost, Some(link)) = (reason, self.link_to(id)) {
            if link.transport == Transport::Connected {
                link.media_only = true;
                return true;
            }
        }
        self.drop_participant(work, id);
        false
    }

    pub(crate) fn close_all(&mut self, work: &mut Work) {
        self.close_where(work, |_| true);
        self.early.clear();
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
            work.news
                .push_back(News::Problem(Problem::MalformedMessage));
            return;
        };
        if self.retired.contains(&end.origin.session) {
            return;
        }
        let description = RemoteDescription { id, sdp, end };
        if is_offer {
            self.hear_offer(work, from, description);
        } else {
            self.hear_answer(work, from, description);
        }
    }

    /// Takes what the browser reports of a link; of a closed one it does not matter.
    pub(crate) fn report(&mut self, work: &mut Work, id: LinkId, report: LinkReport) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        match report {
            LinkReport::Transport(transport) => self.transport_changed(work, id, transport),
            LinkReport::TracksChanged => {
                work.news
                    .extend(link.participant().cloned().map(News::Changed));
            }
            report => {
                if link.report(work, report) == Fate::Broken {
                    work.news
                        .push_back(News::Problem(Problem::NegotiationFailed));
                    self.rebuild(work, id);
                }
            }
        }
    }

    pub(crate) fn establish_timed_out(&mut self, work: &mut Work, id: LinkId) {
        if self
            .links
            .get(&id)
            .is_some_and(|link| link.transport != Transport::Connected)
        {
            self.rebuild(work, id);
        }
    }

    pub(crate) fn departure_timed_out(&mut self, work: &mut Work, id: LinkId) {
        if let Some(participant) = self.links.get(&id).and_then(Link::participant).cloned() {
            self.vanish(work, &participant);
        }
    }

    /// The time to wait for an answer to our own offer, or for a predecessor to go, is over.
    pub(crate) fn hold_timed_out(&mut self, work: &mut Work) {
        if let Some((from, offer)) = self.held.take() {
            if self.has_room_for(&from) {
                self.accept(work, from, offer);
            }
        }
    }

    fn hear_offer(&mut self, work: &mut Work, from: ParticipantId, offer: RemoteDescription) {
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
        } else if self.capabilities.admission == Admission::Open {
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
            (GlareRule::Perfect, Some(_)) if !polite => return,
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
        let known = self.link_of(&from).is_some();
        self.stop_holding(work, &from);
        self.retire_links(work, |link| link.is_for(&from));
        self.close_where(work, |link| link.audience == Audience::Anyone);
        let mut link = self.open(work, LinkRole::Answerer, Audience::One(from.clone()));
        link.hear_offer(work, offer, true);
        self.links.insert(link.id, link);
        self.deliver_early(work, &from);
        let news = if known { News::Changed } else { News::Appeared };
        work.news.push_back(news(from));
    }

    fn hear_answer(&mut self, work: &mut Work, from: ParticipantId, answer: RemoteDescription) {
        let open = self.capabilities.admission == Admission::Open;
        let anyone = open && self.link_of(&from).is_none() && self.has_room_for(&from);
        let Some(link) = self
            .find_mut(|link| link.is_for(&from) || (anyone && link.audience == Audience::Anyone))
        else {
            return;
        };
        if !link.awaits(&answer) {
            return;
        }
        link.hear_answer(work, answer);
        let id = link.id;
        if link.audience == Audience::Anyone {
            link.address(work, Audience::One(from.clone()));
            link.media_only = true;
            work.timer(Timer::Establish(id), ESTABLISH);
            work.news.push_back(News::Appeared(from.clone()));
        }
        self.stop_holding(work, &from);
        self.deliver_early(work, &from);
    }

    fn hear_candidate(&mut self, work: &mut Work, from: ParticipantId, candidate: Candidate) {
        match self.link_to(&from) {
            Some(link) if link.takes(&candidate) => {
                work.link(link.id, LinkOp::AddCandidate(candidate));
            }
            _ => {
                self.early.push_back((from, candidate));
                if self.early.len() > MAX_EARLY {
                    self.early.pop_front();
                }
            }
        }
    }

    /// Hands over the candidates that waited for the description that has just come.
    fn deliver_early(&mut self, work: &mut Work, from: &ParticipantId) {
        let Some(link) = self.link_of(from) else {
            return;
        };
        let (id, early) = (link.id, std::mem::take(&mut self.early));
        for (sender, candidate) in early {
            if sender == *from && self.links[&id].takes(&candidate) {
                work.link(id, LinkOp::AddCandidate(candidate));
            } else {
                self.early.push_back((sender, candidate));
            }
        }
    }

    fn transport_changed(&mut self, work: &mut Work, id: LinkId, transport: Transport) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.transport = transport;
        let Some(participant) = link.participant().cloned() else {
            return;
        };
        work.timers.stop(Timer::Departure(id));
        match transport {
            Transport::Connected => {
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
            _ => {}
        }
        work.news.push_back(News::Changed(participant));
    }

    /// Makes a link anew that does not come about: the impolite side offers again, the polite one
    /// waits for it. Who can't be reached after that has gone, unless a server would know.
    fn rebuild(&mut self, work: &mut Work, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let Some(participant) = link.participant().cloned() else {
            return self.close_where(work, |link| link.id == id);
        };
        link.attempt += 1;
        let (attempt, media_only) = (link.attempt, link.media_only);
        if attempt > ATTEMPTS {
            if media_only {
                self.vanish(work, &participant);
            }
            return;
        }
        if self.is_polite_to(&participant) {
            work.timer(Timer::Establish(id), ESTABLISH);
            return;
        }
        self.retire_links(work, |link| link.is_for(&participant));
        let id = self.open_offering(work, Audience::One(participant.clone()));
        if let Some(link) = self.links.get_mut(&id) {
            link.attempt = attempt;
        }
        work.news.push_back(News::Changed(participant));
    }

    fn vanish(&mut self, work: &mut Work, id: &ParticipantId) {
        self.drop_participant(work, id);
        work.news
            .push_back(News::Vanished(id.clone(), LeaveReason::Lost));
        if self.held.as_ref().is_some_and(|(from, _)| from != id) {
            work.timers.stop(Timer::Hold);
            self.hold_timed_out(work);
        }
    }

    fn drop_participant(&mut self, work: &mut Work, id: &ParticipantId) {
        self.stop_holding(work, id);
        self.retire_links(work, |link| link.is_for(id));
        self.early.retain(|(from, _)| from != id);
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
        self.links.insert(id, link);
        id
    }

    /// Closes links and remembers whom they led to, so that what still comes from there is known
    /// for late.
    fn retire_links(&mut self, work: &mut Work, which: impl Fn(&Link) -> bool) {
        for link in self.links.values().filter(|link| which(link)) {
            self.retired
                .extend(link.remote.as_ref().map(|end| end.origin.session.clone()));
        }
        while self.retired.len() > MAX_RETIRED {
            self.retired.pop_front();
        }
        self.close_where(work, which);
    }

    fn close_where(&mut self, work: &mut Work, which: impl Fn(&Link) -> bool) {
        let (closing, staying): (Vec<_>, Vec<_>) = std::mem::take(&mut self.links)
            .into_values()
            .partition(|link| which(link));
        self.links = staying.into_iter().map(|link| (link.id, link)).collect();
        closing.into_iter().for_each(|link| link.close(work));
    }

    fn stop_holding(&mut self, work: &mut Work, from: &ParticipantId) {
        if self.held.take_if(|(holding, _)| holding == from).is_some() {
            work.timers.stop(Timer::Hold);
        }
    }

    /// Politeness is decided by comparing ids, alike at both ends.
    fn is_polite_to(&self, other: &ParticipantId) -> bool {
        self.me.as_ref().is_some_and(|me| me > other)
    }

    fn has_room_for(&self, from: &ParticipantId) -> bool {
        let others = self
            .links
            .values()
            .filter_map(Link::participant)
            .filter(|id| *id != from);
        self.capabilities
            .capacity
            .is_none_or(|capacity| others.count() + 1 < capacity)
    }

    /// Our own first offer that may still be answered by this participant.
    fn first_offer_to(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.values().find(|link| {
            link.remote.is_none() && (link.is_for(id) || link.audience == Audience::Anyone)
        })
    }

    fn link_of(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.values().find(|link| link.is_for(id))
    }

    fn link_to(&mut self, id: &ParticipantId) -> Option<&mut Link> {
        self.find_mut(|link| link.is_for(id))
    }

    fn find_mut(&mut self, which: impl Fn(&Link) -> bool) -> Option<&mut Link> {
        self.links.values_mut().find(|link| which(link))
    }
}

impl Link {
    fn is_for(&self, id: &ParticipantId) -> bool {
        self.participant() == Some(id)
    }
}
