//! What lets us into the room: the lobby, and access tokens.

use videocalls_protocol::{Refusal, Request};

use super::keep_alive::KeepAlive;
use super::{Outcome, Signaling, State};
use crate::access::Fetched;
use crate::context::Context;
use crate::timers::SignalingTimer;
use crate::{EndReason, Output};

impl Signaling {
    /// The server lets us wait in the lobby. Returns whether that is news.
    pub(crate) fn waiting(
        &mut self,
        ctx: &mut Context,
        ping_interval: Option<u32>,
        token_expires_in: Option<u32>,
    ) -> bool {
        let is_news = matches!(self.state, State::Joining | State::Away(_));
        if is_news {
            ctx.stop_timer(SignalingTimer::Welcome);
            ctx.stop_timer(SignalingTimer::Patience);
            self.access.accepted(ctx, token_expires_in);
            let keep_alive = KeepAlive::with_pings(ping_interval);
            keep_alive.expect_server(ctx);
            self.state = State::Waiting(keep_alive);
        }
        is_news
    }

    /// The token to join with.
    pub(crate) fn token(&self) -> Option<String> {
        self.access.token()
    }

    /// The page has supplied an access token, or can't.
    pub(crate) fn token_fetched(&mut self, ctx: &mut Context, token: Option<String>) -> Outcome {
        let fetched = self.access.fetched(ctx, token);
        match (fetched, &self.state) {
            (Fetched::Show(token), State::Joined { .. } | State::Waiting(_)) => {
                ctx.output(Output::Send(Request::Token(token)));
            }
            (Fetched::Open, state) if is_opening(state) => ctx.output(Output::OpenSignaling),
            (Fetched::Missing, State::Opening) => return Outcome::End(EndReason::TokenFailed),
            (Fetched::Missing, _) if self.access.is_refused() => {
                return Outcome::End(EndReason::Refused(Refusal::TokenExpired));
            }
            (Fetched::Missing, state) if is_opening(state) => return self.lost(ctx),
            _ => {}
        }
        Outcome::Unchanged
    }

    /// The server says that the access token has expired.
    pub(crate) fn token_expired(&mut self, ctx: &mut Context) {
        self.access.renew(ctx);
    }

    /// The server has accepted another access token.
    pub(crate) fn token_accepted(&mut self, ctx: &mut Context, expires_in: Option<u32>) {
        self.access.accepted(ctx, expires_in);
    }
}

/// Whether the socket is to be opened now.
fn is_opening(state: &State) -> bool {
    match state {
        State::Opening => true,
        State::Away(reconnect) => reconnect.is_opening(),
        _ => false,
    }
}
