use std::time::Duration;

use videocalls_protocol::{Candidate, ParticipantId, Signal};

use crate::context::Context;
use crate::negotiation::{NegotiationAction, NegotiationInput, Phase, step};
use crate::receive_monitor::ReceiveMonitor;
use crate::sdp::{self, Origin};
use crate::signal_queue::SignalQueue;
use crate::time::{LinkTimer, Timestamp};
use crate::{LinkId, LinkOp, LinkReport, LinkRole, Token, Transport};

/// How long a description waits for its candidates, where they can't follow it: a server that
/// would help to find more, and does not answer, is given up by browsers after 10 s only.
const GATHERING: Duration = Duration::from_secs(2);

/// One `RTCPeerConnection`: its negotiation, its candidates, its way to the other end.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) target: Target,
    pub(crate) transport: Transport,
    /// The connection at the other end, from the first description that was taken from it.
    pub(crate) remote: Option<RemoteEnd>,
    /// Nobody else will tell when the other end goes: the link's own silence has to.
    pub(crate) media_only: bool,
    /// How often this way to the same participant has been tried before.
    pub(crate) attempt: u8,
    /// How often an offer was repeated since the other end said something.
    pub(crate) repeats: u8,
    /// Whether there ever was a way.
    pub(crate) has_connected: bool,
    /// What comes in by it.
    pub(crate) receiving: ReceiveMonitor,
    /// Whether ICE is to be restarted as soon as the server is heard.
    pub(crate) awaits_server: bool,
    /// Whether the other end says that it can't hear us.
    pub(crate) reported_by_peer: bool,
    /// How often ICE was restarted since something last came in.
    pub(crate) restarts: u8,
    /// The number of the last offer that came from the other end.
    heard: Option<u32>,
    negotiation: Negotiation,
    /// An offer that came while the browser was busy.
    kept: Option<RemoteDescription>,
    signals: SignalQueue,
}

/// Whom a link's signals are for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// Nobody yet: the link is made in advance.
    Nobody,
    /// Whoever hears it, on a server that only broadcasts.
    Anyone,
    /// This participant.
    One(ParticipantId),
}

impl Target {
    pub(crate) fn participant(&self) -> Option<&ParticipantId> {
        match self {
            Self::One(id) => Some(id),
            Self::Anyone | Self::Nobody => None,
        }
    }
}

/// The connection at the other end of a link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RemoteEnd {
    pub(crate) origin: Origin,
    /// The ICE generation.
    pub(crate) ufrag: Option<String>,
}

impl RemoteEnd {
    /// Reads who made a description.
    pub(crate) fn of(sdp: &str) -> Option<Self> {
        Some(Self {
            origin: sdp::origin(sdp)?,
            ufrag: sdp::ufrag(sdp),
        })
    }
}

/// A description from the other end, read as far as needed.
#[derive(Clone, Debug)]
pub(crate) struct RemoteDescription {
    /// The number of the offer that is made or answered, where the dialect carries one.
    pub(crate) id: Option<u32>,
    pub(crate) sdp: String,
    pub(crate) end: RemoteEnd,
}

/// The phases of [`Phase`], each with what it needs to go on.
#[derive(Debug)]
enum Negotiation {
    Stable,
    Offering { token: Token },
    Yielding { token: Token },
    Offered { id: u32 },
    Answering { token: Token, id: Option<u32> },
    Settling { token: Token },
    Broken,
}

/// What became of a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Fate {
    /// It goes on.
    Alive,
    /// It is of no use any more.
    Broken,
}

impl Link {
    pub(crate) fn open(ctx: &mut Context, role: LinkRole, target: Target, trickle: bool) -> Self {
        let id = ctx.link_id();
        ctx.link(id, LinkOp::Open(role));
        Self {
            id,
            target,
            transport: Transport::New,
            remote: None,
            media_only: false,
            attempt: 0,
            repeats: 0,
            has_connected: false,
            receiving: ReceiveMonitor::new(),
            awaits_server: false,
            reported_by_peer: false,
            restarts: 0,
            heard: None,
            negotiation: Negotiation::Stable,
            kept: None,
            signals: SignalQueue::new(trickle),
        }
    }

    pub(crate) fn participant(&self) -> Option<&ParticipantId> {
        self.target.participant()
    }

    /// Whether the first word is ours, or was.
    pub(crate) fn offers(&self) -> bool {
        !matches!(self.negotiation, Negotiation::Stable | Negotiation::Broken)
            && self.remote.is_none()
    }

    /// Whether the first word is theirs, and has not been said yet.
    pub(crate) fn awaits_offer(&self) -> bool {
        matches!(self.negotiation, Negotiation::Stable) && self.remote.is_none()
    }

    /// Whether an offer of ours is open.
    pub(crate) fn has_offered(&self) -> bool {
        matches!(self.negotiation, Negotiation::Offered { .. })
    }

    /// When the offer that is still open was sent.
    pub(crate) fn offered_at(&self) -> Option<Timestamp> {
        self.signals.sent_at().filter(|_| self.has_offered())
    }

    /// The other end has said something, if only by another connection.
    pub(crate) fn overhear(&mut self) {
        self.heard = self.heard.or(Some(0));
    }

    /// The other end offers by a new connection, and loses against our own first offer.
    pub(crate) fn contest(&mut self, ctx: &mut Context, offer: RemoteDescription) {
        self.overhear();
        self.keep(offer);
        self.expect_answer(ctx);
    }

    /// Hands over the offer that has lost against ours.
    pub(crate) fn give_way(&mut self) -> Option<RemoteDescription> {
        self.kept.take()
    }

    /// Whether an offer of theirs has lost against ours.
    pub(crate) fn is_contested(&self) -> bool {
        self.has_offered() && self.kept.is_some()
    }

    /// Whether the other end has said anything.
    pub(crate) fn was_heard(&self) -> bool {
        self.remote.is_some() || self.heard.is_some()
    }

    /// Whether this answer is to the offer that is open.
    pub(crate) fn awaits(&self, answer: &RemoteDescription) -> bool {
        let Negotiation::Offered { id } = self.negotiation else {
            return false;
        };
        match answer.id {
            Some(answered) => answered == id && self.continues(answer),
            None => self.is_later_edition(answer),
        }
    }

    /// Whether this offer is by the same connection as before and no repetition, or the first.
    pub(crate) fn is_news(&self, offer: &RemoteDescription) -> bool {
        match (offer.id, self.heard) {
            (Some(id), Some(heard)) => id > heard && self.continues(offer),
            _ => self.is_later_edition(offer),
        }
    }

    /// Whether a description is by the connection that is known, or the first.
    pub(crate) fn continues(&self, description: &RemoteDescription) -> bool {
        let theirs = &description.end.origin.session;
        self.remote
            .as_ref()
            .is_none_or(|known| known.origin.session == *theirs)
    }

    fn is_later_edition(&self, description: &RemoteDescription) -> bool {
        let version = description.end.origin.version;
        self.continues(description)
            && self
                .remote
                .as_ref()
                .is_none_or(|known| known.origin.version < version)
    }

    /// Whether a candidate belongs to the generation that the other end has described.
    pub(crate) fn takes(&self, candidate: &Candidate) -> bool {
        let Some(remote) = self.remote.as_ref().filter(|_| !self.is_broken()) else {
            return false;
        };
        match (&candidate.username_fragment, &remote.ufrag) {
            (Some(theirs), Some(known)) => theirs == known,
            _ => true,
        }
    }

    /// Whether the browser has failed here, so that nothing more can come of it.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.negotiation, Negotiation::Broken)
    }

    /// Whether the other end waits for our answer.
    pub(crate) fn is_answering(&self) -> bool {
        matches!(self.negotiation, Negotiation::Answering { .. })
    }

    /// Whether nothing more is expected of the other end but that the way be found.
    pub(crate) fn is_agreed(&self) -> bool {
        let settled = matches!(
            self.negotiation,
            Negotiation::Stable | Negotiation::Answering { .. }
        );
        settled && self.remote.is_some()
    }

    /// Starts an exchange, unless one is open.
    pub(crate) fn offer(&mut self, ctx: &mut Context) {
        self.advance(ctx, NegotiationInput::Needed, true, None);
    }

    /// Makes an offer anew that may have reached nobody.
    pub(crate) fn offer_again(&mut self, ctx: &mut Context) {
        if self.has_offered() {
            self.negotiation = Negotiation::Stable;
            self.offer(ctx);
        }
    }

    /// Says whom the link is for, and tells them what waits to be told.
    pub(crate) fn address(&mut self, ctx: &mut Context, target: Target) {
        self.target = target;
        self.signals.flush(ctx, &self.target);
    }

    /// Waits for no more candidates to put into a description.
    pub(crate) fn stop_gathering(&mut self, ctx: &mut Context) {
        self.signals.finish(ctx, &self.target);
    }

    /// The other end offers. The caller has made sure that it [`is_news`](Self::is_news).
    pub(crate) fn hear_offer(&mut self, ctx: &mut Context, offer: RemoteDescription, polite: bool) {
        self.repeats = 0;
        self.heard = offer.id.or(self.heard);
        self.advance(ctx, NegotiationInput::RemoteOffer, polite, Some(offer));
    }

    /// The other end answers. The caller has made sure that the link [`awaits`](Self::awaits) it.
    pub(crate) fn hear_answer(&mut self, ctx: &mut Context, answer: RemoteDescription) {
        self.advance(ctx, NegotiationInput::RemoteAnswer, true, Some(answer));
    }

    /// Takes what the browser reports of the negotiation. A late report is ignored.
    pub(crate) fn report(&mut self, ctx: &mut Context, report: LinkReport) -> Fate {
        match report {
            LinkReport::Made { token, sdp } if self.waits_for(token) => self.made(ctx, token, sdp),
            LinkReport::Applied { token } if self.waits_for(token) => {
                self.advance(ctx, NegotiationInput::Applied, true, None);
            }
            LinkReport::Failed { token } if self.waits_for(token) => {
                self.advance(ctx, NegotiationInput::Failed, true, None);
                return Fate::Broken;
            }
            // What stands by has somebody's offer to wait for.
            LinkReport::NegotiationNeeded if !self.awaits_offer() => self.offer(ctx),
            LinkReport::Candidate(candidate) => {
                self.signals.gathered(ctx, &self.target, candidate);
            }
            _ => {}
        }
        Fate::Alive
    }

    pub(crate) fn close(self, ctx: &mut Context) {
        ctx.timers.stop(LinkTimer::Establish(self.id));
        ctx.timers.stop(LinkTimer::Departure(self.id));
        ctx.timers.stop(LinkTimer::Gathering(self.id));
        ctx.timers.stop(LinkTimer::Answer(self.id));
        ctx.timers.stop(LinkTimer::Measure(self.id));
        ctx.timers.stop(LinkTimer::RestartIce(self.id));
        ctx.link(self.id, LinkOp::Close);
    }

    fn phase(&self) -> Phase {
        match self.negotiation {
            Negotiation::Stable => Phase::Stable,
            Negotiation::Offering { .. } => Phase::Offering,
            Negotiation::Yielding { .. } => Phase::Yielding,
            Negotiation::Offered { .. } => Phase::Offered,
            Negotiation::Answering { .. } => Phase::Answering,
            Negotiation::Settling { .. } => Phase::Settling,
            Negotiation::Broken => Phase::Broken,
        }
    }

    fn waits_for(&self, reported: Token) -> bool {
        match self.negotiation {
            Negotiation::Offering { token }
            | Negotiation::Yielding { token }
            | Negotiation::Answering { token, .. }
            | Negotiation::Settling { token } => token == reported,
            Negotiation::Stable | Negotiation::Offered { .. } | Negotiation::Broken => false,
        }
    }

    /// Looks the cue up in the table and does what it says.
    fn advance(
        &mut self,
        ctx: &mut Context,
        input: NegotiationInput,
        polite: bool,
        theirs: Option<RemoteDescription>,
    ) {
        let (phase, action) = step(self.phase(), input, polite);
        match (action, theirs) {
            (NegotiationAction::MakeOffer, _) => {
                let token = ctx.token();
                self.negotiation = Negotiation::Offering { token };
                ctx.link(self.id, LinkOp::MakeOffer { token });
            }
            (NegotiationAction::AcceptOffer, Some(offer)) => self.accept_offer(ctx, offer),
            (NegotiationAction::AcceptAnswer, Some(RemoteDescription { sdp, end, .. })) => {
                let token = ctx.token();
                self.repeats = 0;
                self.remote = Some(end);
                self.negotiation = Negotiation::Settling { token };
                ctx.link(self.id, LinkOp::AcceptAnswer { sdp, token });
            }
            (NegotiationAction::Keep, Some(offer)) => {
                if let (Phase::Yielding, Negotiation::Offering { token }) =
                    (phase, &self.negotiation)
                {
                    self.negotiation = Negotiation::Yielding { token: *token };
                }
                self.keep(offer);
                self.expect_answer(ctx);
            }
            (NegotiationAction::Resume, _) => self.resume(ctx),
            (NegotiationAction::GiveUp, _) => self.negotiation = Negotiation::Broken,
            _ => {}
        }
    }

    fn accept_offer(&mut self, ctx: &mut Context, offer: RemoteDescription) {
        let RemoteDescription { id, sdp, end } = offer;
        let token = ctx.token();
        self.remote = Some(end);
        self.negotiation = Negotiation::Answering { token, id };
        ctx.link(self.id, LinkOp::AcceptOffer { sdp, token });
    }

    /// The browser has made the offer or answer it was asked for.
    fn made(&mut self, ctx: &mut Context, token: Token, sdp: String) {
        let (_, action) = step(self.phase(), NegotiationInput::Made, true);
        self.signals.describe(&sdp);
        if self.signals.waits() {
            ctx.timer(LinkTimer::Gathering(self.id), GATHERING);
        }
        match (action, &self.negotiation) {
            (NegotiationAction::SendOffer, _) => {
                self.negotiation = Negotiation::Offered { id: token.0 };
                self.expect_answer(ctx);
                self.signals.push(
                    ctx,
                    &self.target,
                    Signal::Offer {
                        id: Some(token.0),
                        sdp,
                    },
                );
            }
            (NegotiationAction::SendAnswer, Negotiation::Answering { id, .. }) => {
                let answer = Signal::Answer { id: *id, sdp };
                self.signals.push(ctx, &self.target, answer);
                self.resume(ctx);
            }
            (NegotiationAction::AcceptOffer, _) => match self.kept.take() {
                Some(offer) => self.accept_offer(ctx, offer),
                None => self.negotiation = Negotiation::Offered { id: token.0 },
            },
            _ => {}
        }
    }

    /// Keeps an offer for later; of two by the same connection, the later edition.
    fn keep(&mut self, offer: RemoteDescription) {
        let origin = &offer.end.origin;
        let earlier = |kept: &RemoteDescription| {
            let known = &kept.end.origin;
            known.session != origin.session || known.version <= origin.version
        };
        if self.kept.as_ref().is_none_or(earlier) {
            self.kept = Some(offer);
        }
    }

    /// An exchange has ended; goes on with the offer that came meanwhile, unless it was made
    /// before that exchange ended and is taken back by it.
    fn resume(&mut self, ctx: &mut Context) {
        self.negotiation = Negotiation::Stable;
        let kept = self.kept.take();
        if let Some(offer) = kept.filter(|offer| self.is_later_edition(offer)) {
            self.advance(ctx, NegotiationInput::RemoteOffer, true, Some(offer));
        }
    }
}
