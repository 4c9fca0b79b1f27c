//! Offers and answers of one link: what the browser is asked for, and what is sent.

use std::time::Duration;

use videocalls_protocol::{Candidate, Signal, TrackSources};

use super::{Link, RemoteDescription, RemoteEnd};
use crate::context::Context;
use crate::negotiation::{NegotiationAction, NegotiationInput, Phase, step};
use crate::time::Timestamp;
use crate::timers::LinkTimer;
use crate::{LinkOp, LinkReport, Token};

/// How long a description waits for its candidates where they can't follow it. Browsers give up a
/// STUN or TURN server that does not answer after 10 s only.
const GATHERING: Duration = Duration::from_secs(2);
/// How far the exchange of descriptions is.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    state: State,
    /// The connection at the other end, from the first description that was accepted from it.
    remote: Option<RemoteEnd>,
    /// The number of the last offer from the other end, where the dialect carries one.
    last_offer: Option<u32>,
    /// An offer that waits: for the browser, or for the answer to ours.
    pub(super) deferred: Option<RemoteDescription>,
    /// How often our open offer was repeated.
    pub(super) repeats: u8,
    /// Whether something is to be negotiated once the link has connected.
    is_due: bool,
}

/// The phases of [`Phase`], each with what it needs to go on.
#[derive(Debug, Default)]
enum State {
    #[default]
    Stable,
    Offering {
        token: Token,
    },
    Yielding {
        token: Token,
    },
    Offered {
        id: u32,
    },
    Answering {
        token: Token,
        id: Option<u32>,
    },
    AcceptingAnswer {
        token: Token,
    },
    Broken,
}

impl State {
    fn phase(&self) -> Phase {
        match self {
            Self::Stable => Phase::Stable,
            Self::Offering { .. } => Phase::Offering,
            Self::Yielding { .. } => Phase::Yielding,
            Self::Offered { .. } => Phase::Offered,
            Self::Answering { .. } => Phase::Answering,
            Self::AcceptingAnswer { .. } => Phase::AcceptingAnswer,
            Self::Broken => Phase::Broken,
        }
    }

    fn expects(&self, reported: Token) -> bool {
        match self {
            Self::Offering { token }
            | Self::Yielding { token }
            | Self::Answering { token, .. }
            | Self::AcceptingAnswer { token } => *token == reported,
            Self::Stable | Self::Offered { .. } | Self::Broken => false,
        }
    }
}

/// What became of a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Fate {
    /// It goes on.
    Alive,
    /// The browser has failed, so the link has to be replaced.
    Broken,
}

impl Link {
    pub(crate) fn remote(&self) -> Option<&RemoteEnd> {
        self.exchange.remote.as_ref()
    }

    /// Whether the link's first offer is ours, and is not answered yet.
    pub(crate) fn is_first_offer_ours(&self) -> bool {
        !matches!(self.exchange.state, State::Stable | State::Broken) && self.remote().is_none()
    }

    /// Whether the link waits for the peer's first offer.
    pub(crate) fn awaits_first_offer(&self) -> bool {
        matches!(self.exchange.state, State::Stable) && self.remote().is_none()
    }

    /// Whether an offer of ours is open.
    pub(crate) fn has_open_offer(&self) -> bool {
        matches!(self.exchange.state, State::Offered { .. })
    }

    /// When the offer that is still open was sent.
    pub(crate) fn offered_at(&self) -> Option<Timestamp> {
        self.signals.sent_at().filter(|_| self.has_open_offer())
    }

    /// Whether the browser has failed here, so that the link waits to be replaced.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.exchange.state, State::Broken)
    }

    /// Whether the peer waits for our answer.
    pub(crate) fn is_answering(&self) -> bool {
        matches!(self.exchange.state, State::Answering { .. })
    }

    /// Whether descriptions were exchanged and no offer of ours is open.
    pub(crate) fn is_agreed(&self) -> bool {
        let settled = matches!(self.exchange.state, State::Stable | State::Answering { .. });
        settled && self.remote().is_some()
    }

    /// Whether an answer is to our open offer.
    pub(crate) fn awaits_answer(&self, answer: &RemoteDescription) -> bool {
        let State::Offered { id } = self.exchange.state else {
            return false;
        };
        match answer.id {
            Some(answered) => answered == id && self.is_by_known_connection(answer),
            None => self.remote().is_none_or(|known| {
                let end = &answer.end;
                end.is_same_connection(known) && end.may_answer_after(known)
            }),
        }
    }

    /// Whether an offer is the first one, or a new one by the connection that is known. A repeated
    /// offer is not.
    pub(crate) fn is_new_offer(&self, offer: &RemoteDescription) -> bool {
        match (offer.id, self.exchange.last_offer) {
            (Some(id), Some(last)) => id > last && self.is_by_known_connection(offer),
            _ => self.is_newer(offer),
        }
    }

    /// Whether a description is the first one, or is by the connection that is known.
    pub(crate) fn is_by_known_connection(&self, description: &RemoteDescription) -> bool {
        self.remote()
            .is_none_or(|known| known.is_same_connection(&description.end))
    }

    fn is_newer(&self, description: &RemoteDescription) -> bool {
        let end = &description.end;
        self.remote()
            .is_none_or(|known| end.is_same_connection(known) && end.is_newer_than(known))
    }

    /// Whether a candidate belongs to the ICE generation that the peer has described.
    pub(crate) fn accepts_candidate(&self, candidate: &Candidate) -> bool {
        let Some(remote) = self.remote().filter(|_| !self.is_broken()) else {
            return false;
        };
        match (&candidate.username_fragment, remote.ufrag()) {
            (Some(theirs), Some(known)) => theirs == known,
            _ => true,
        }
    }

    /// Gives the link up, since nothing sensible can be negotiated on it.
    pub(crate) fn give_up(&mut self) {
        self.exchange.state = State::Broken;
    }

    /// Makes an offer, unless an exchange is open.
    pub(crate) fn offer(&mut self, ctx: &mut Context) {
        self.advance(ctx, NegotiationInput::Needed, true, None);
    }

    /// Makes another offer, once the link has connected. Before, the peer may be about to replace its
    /// connection: if both ends answered each other's second offers by new connections, they would
    /// never end.
    fn negotiate(&mut self, ctx: &mut Context) {
        self.exchange.is_due = self.remote().is_some() && !self.was_connected();
        if !self.exchange.is_due {
            self.offer(ctx);
        }
    }

    /// The link has connected: negotiates what has waited for it.
    pub(super) fn negotiate_if_due(&mut self, ctx: &mut Context) {
        if std::mem::take(&mut self.exchange.is_due) {
            self.offer(ctx);
        }
    }

    /// Replaces the open offer by a new one, since it may have reached nobody.
    pub(crate) fn reoffer(&mut self, ctx: &mut Context) {
        if self.has_open_offer() {
            self.exchange.state = State::Stable;
            self.offer(ctx);
        }
    }

    /// Handles an offer that [`is_new_offer`](Self::is_new_offer).
    pub(crate) fn handle_offer(
        &mut self,
        ctx: &mut Context,
        offer: RemoteDescription,
        polite: bool,
    ) {
        self.exchange.repeats = 0;
        self.exchange.last_offer = offer.id.or(self.exchange.last_offer);
        self.advance(ctx, NegotiationInput::RemoteOffer, polite, Some(offer));
    }

    /// Handles an answer that the link [`awaits`](Self::awaits_answer).
    pub(crate) fn handle_answer(&mut self, ctx: &mut Context, answer: RemoteDescription) {
        self.advance(ctx, NegotiationInput::RemoteAnswer, true, Some(answer));
    }

    /// Keeps an offer by a new connection that loses against our own first offer. It is accepted
    /// after all if ours is not answered.
    pub(crate) fn defer_losing_offer(&mut self, ctx: &mut Context, offer: RemoteDescription) {
        self.peer_has_sent = true;
        self.defer(ctx, offer);
    }

    /// Takes out the peer's offer that has lost against ours.
    pub(crate) fn take_losing_offer(&mut self) -> Option<RemoteDescription> {
        self.exchange.deferred.take()
    }

    /// Handles what the browser reports of the negotiation. A late report is ignored.
    pub(crate) fn handle_report(&mut self, ctx: &mut Context, report: LinkReport) -> Fate {
        let state = &self.exchange.state;
        match report {
            LinkReport::DescriptionCreated {
                token,
                sdp,
                sources,
            } if state.expects(token) => self.made(ctx, token, sdp, sources),
            LinkReport::AnswerApplied { token } if state.expects(token) => {
                self.advance(ctx, NegotiationInput::AnswerApplied, true, None);
                self.limit_route_search(ctx);
            }
            LinkReport::Failed { token } if state.expects(token) => {
                self.advance(ctx, NegotiationInput::Failed, true, None);
                return Fate::Broken;
            }
            // A standby link waits for the peer's offer.
            LinkReport::NegotiationNeeded if !self.awaits_first_offer() => self.negotiate(ctx),
            LinkReport::Candidate(candidate) => {
                self.signals.gathered(ctx, &self.target, candidate);
            }
            _ => {}
        }
        Fate::Alive
    }

    /// Looks the input up in the negotiation table and does what the table says.
    fn advance(
        &mut self,
        ctx: &mut Context,
        input: NegotiationInput,
        polite: bool,
        remote: Option<RemoteDescription>,
    ) {
        let (phase, action) = step(self.exchange.state.phase(), input, polite);
        match (action, remote) {
            (NegotiationAction::CreateOffer, _) => {
                let token = ctx.token();
                self.exchange.state = State::Offering { token };
                ctx.link(self.id, LinkOp::CreateOffer { token });
            }
            (NegotiationAction::AcceptOffer, Some(offer)) => self.accept_offer(ctx, offer),
            (NegotiationAction::AcceptAnswer, Some(answer)) => self.accept_answer(ctx, answer),
            (NegotiationAction::Defer, Some(offer)) => {
                if let (Phase::Yielding, State::Offering { token }) = (phase, &self.exchange.state)
                {
                    self.exchange.state = State::Yielding { token: *token };
                }
                self.defer(ctx, offer);
            }
            (NegotiationAction::Resume, _) => self.resume(ctx),
            (NegotiationAction::GiveUp, _) => self.exchange.state = State::Broken,
            _ => {}
        }
    }

    fn accept_offer(&mut self, ctx: &mut Context, offer: RemoteDescription) {
        let token = ctx.token();
        self.exchange.remote = Some(offer.end);
        self.exchange.state = State::Answering {
            token,
            id: offer.id,
        };
        let accept = LinkOp::AcceptOffer {
            sdp: offer.sdp,
            sources: offer.sources,
            token,
        };
        ctx.link(self.id, accept);
    }

    fn accept_answer(&mut self, ctx: &mut Context, answer: RemoteDescription) {
        let RemoteDescription {
            sdp, sources, end, ..
        } = answer;
        let token = ctx.token();
        // Signals keep their order: an offer from before the answer was taken back for it. Only
        // `o=` lines can show that it has overtaken the answer.
        self.exchange
            .deferred
            .take_if(|offer| !offer.end.is_ordered_with(&end));
        self.exchange.repeats = 0;
        self.exchange.remote = Some(end);
        self.exchange.state = State::AcceptingAnswer { token };
        let accept = LinkOp::AcceptAnswer {
            sdp,
            sources,
            token,
        };
        ctx.link(self.id, accept);
    }

    /// The browser has created the offer or answer that was requested.
    fn made(&mut self, ctx: &mut Context, token: Token, sdp: String, sources: TrackSources) {
        let (_, action) = step(
            self.exchange.state.phase(),
            NegotiationInput::DescriptionCreated,
            true,
        );
        self.signals.set_local_description(&sdp);
        if self.signals.awaits_candidates() {
            self.start(ctx, LinkTimer::Gathering, GATHERING);
        }
        match (action, &self.exchange.state) {
            (NegotiationAction::SendOffer, _) => self.send_offer(ctx, token.0, sdp, sources),
            (NegotiationAction::SendAnswer, State::Answering { id, .. }) => {
                let answer = Signal::Answer {
                    id: *id,
                    sdp,
                    sources,
                };
                self.signals.push(ctx, &self.target, answer);
                self.resume(ctx);
            }
            (NegotiationAction::AcceptOffer, _) => match self.exchange.deferred.take() {
                Some(offer) => self.accept_offer(ctx, offer),
                None => self.exchange.state = State::Offered { id: token.0 },
            },
            _ => {}
        }
    }

    fn send_offer(&mut self, ctx: &mut Context, id: u32, sdp: String, sources: TrackSources) {
        self.exchange.state = State::Offered { id };
        self.limit_answer_time(ctx);
        let offer = Signal::Offer {
            id: Some(id),
            sdp,
            sources,
        };
        self.signals.push(ctx, &self.target, offer);
    }

    /// Keeps an offer for later; of two by the same connection, the newer one.
    fn defer(&mut self, ctx: &mut Context, offer: RemoteDescription) {
        let end = &offer.end;
        let is_replaced = |kept: &RemoteDescription| {
            let is_overtaken = kept.end.is_ordered_with(end) && kept.end.is_newer_than(end);
            !end.is_same_connection(&kept.end) || !is_overtaken
        };
        if self.exchange.deferred.as_ref().is_none_or(is_replaced) {
            self.exchange.deferred = Some(offer);
        }
        self.limit_answer_time(ctx);
    }

    /// An exchange has ended; goes on with the offer that came meanwhile, unless that was made
    /// before and was taken back by the exchange.
    fn resume(&mut self, ctx: &mut Context) {
        self.exchange.state = State::Stable;
        let deferred = self.exchange.deferred.take();
        if let Some(offer) = deferred.filter(|offer| self.is_newer(offer)) {
            self.advance(ctx, NegotiationInput::RemoteOffer, true, Some(offer));
        }
    }
}
