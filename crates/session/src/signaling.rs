//! The connection to the signaling server: opening it, joining, keeping it alive, reconnecting.

mod admission;
mod keep_alive;

use std::time::Duration;

use videocalls_protocol::{Capabilities, CloseAction, Event, Refusal, Request, Welcome};

use self::keep_alive::KeepAlive;
use crate::access::Access;
use crate::context::Context;
use crate::reconnect::Reconnect;
use crate::time::Timestamp;
use crate::timers::SignalingTimer;
use crate::{CallState, EndReason, Output};

/// How long the socket may take to open at first.
const OPEN: Duration = Duration::from_secs(15);
/// How long an open server may take to admit us.
const WELCOME: Duration = Duration::from_secs(5);
/// How long the server may take to answer our ping.
const PROBE: Duration = Duration::from_millis(1_500);
/// How long a page takes to unload, at most.
const UNLOAD: Duration = Duration::from_secs(2);

/// Where the call stands with its server.
#[derive(Debug)]
pub(crate) struct Signaling {
    state: State,
    access: Access,
    capabilities: Capabilities,
    /// How long to try to reconnect.
    patience: Duration,
    /// While the page may be unloading, a new socket would make it look as if it stayed.
    no_retry_before: Timestamp,
}

#[derive(Debug)]
enum State {
    Idle,
    /// The socket is being opened for the first time.
    Opening,
    /// The server has not admitted us yet.
    Joining,
    /// We wait in the lobby of the room for a moderator.
    Waiting(KeepAlive),
    Joined {
        keep_alive: KeepAlive,
        entry: Entry,
    },
    /// We were in, and the connection is lost.
    Away(Reconnect),
    /// We have left because the browser has put the page aside, and may show it again.
    Suspended,
    Ended(EndReason),
}

/// How we came to be joined.
#[derive(Clone, Copy, Debug)]
enum Entry {
    First,
    Rejoined(Reconnect),
    /// The server admits everyone and only speaks up to refuse: nothing has come from it yet.
    OnProbation(Reconnect),
}

/// What a step means for the call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Outcome {
    Unchanged,
    /// The connection was there and is lost.
    Lost,
    /// The call is over.
    End(EndReason),
}

impl Signaling {
    pub(crate) fn new(patience: Duration, capabilities: Capabilities, access: Access) -> Self {
        Self {
            state: State::Idle,
            access,
            capabilities,
            patience,
            no_retry_before: Timestamp::default(),
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    pub(crate) fn is_joined(&self) -> bool {
        matches!(self.state, State::Joined { .. })
    }

    pub(crate) fn is_suspended(&self) -> bool {
        matches!(self.state, State::Suspended)
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// Whether a [`Event::Welcome`] is due.
    pub(crate) fn awaits_welcome(&self) -> bool {
        matches!(
            self.state,
            State::Joining | State::Waiting(_) | State::Away(_)
        )
    }

    pub(crate) fn call_state(&self) -> CallState {
        match self.state {
            State::Idle => CallState::Idle,
            State::Opening | State::Joining => CallState::Connecting,
            State::Waiting(_) => CallState::Waiting,
            State::Joined { .. } => CallState::Connected,
            State::Away(_) | State::Suspended => CallState::Reconnecting,
            State::Ended(reason) => CallState::Ended(reason),
        }
    }

    /// Opens the socket for the first time.
    pub(crate) fn start(&mut self, ctx: &mut Context) {
        self.state = State::Opening;
        ctx.start_timer(SignalingTimer::Open, OPEN);
        self.access.open_socket(ctx);
    }

    /// The socket is open. Returns whether a [`Request::Join`] is to be sent.
    pub(crate) fn opened(&mut self, ctx: &mut Context) -> bool {
        match &mut self.state {
            State::Opening => self.state = State::Joining,
            State::Away(reconnect) if reconnect.is_opening() => reconnect.joining(),
            _ => return false,
        }
        ctx.stop_timer(SignalingTimer::Open);
        ctx.start_timer(SignalingTimer::Welcome, WELCOME);
        true
    }

    /// The server admits everyone who opens a socket.
    pub(crate) fn joined_unasked(&mut self, ctx: &mut Context) {
        let entry = match self.state {
            State::Away(reconnect) => Entry::OnProbation(reconnect),
            _ => Entry::First,
        };
        self.join(ctx, KeepAlive::default(), entry);
    }

    /// The server has admitted us.
    pub(crate) fn welcomed(&mut self, ctx: &mut Context, welcome: &Welcome) {
        let entry = match self.state {
            State::Away(reconnect) => Entry::Rejoined(reconnect),
            _ => Entry::First,
        };
        ctx.stop_timer(SignalingTimer::Patience);
        self.access.accepted(ctx, welcome.terms.token_expires_in);
        self.join(ctx, KeepAlive::of(welcome), entry);
    }

    /// The server has sent something, and is expected to send something again in time.
    pub(crate) fn received(&mut self, ctx: &mut Context, event: &Event) {
        ctx.stop_timer(SignalingTimer::Probe);
        if let State::Waiting(keep_alive) = &self.state {
            keep_alive.expect_server(ctx);
        }
        if let State::Joined { keep_alive, entry } = &mut self.state {
            keep_alive.expect_server(ctx);
            if !matches!(event, Event::Refused(_)) {
                entry.end_probation();
            }
        }
    }

    /// The server does not admit us, or no longer. A room may be full because the server has not
    /// noticed yet that our own seat is empty.
    pub(crate) fn refused(&mut self, ctx: &mut Context, refusal: Refusal) -> Outcome {
        match (&self.state, refusal) {
            (
                State::Away(_)
                | State::Joined {
                    entry: Entry::OnProbation(_),
                    ..
                },
                Refusal::RoomFull,
            ) => self.reconnect(ctx, true),
            (_, Refusal::TokenExpired) if self.access.refused() => self.lost(ctx),
            _ => Outcome::End(EndReason::Refused(refusal)),
        }
    }

    /// The socket is closed, or could not be opened.
    pub(crate) fn closed(&mut self, ctx: &mut Context, action: CloseAction) -> Outcome {
        match (action, &self.state) {
            (CloseAction::Terminal(refusal), _) => self.refused(ctx, refusal),
            (_, State::Joined { .. } | State::Waiting(_) | State::Away(_)) => self.lost(ctx),
            _ => Outcome::End(EndReason::Unreachable),
        }
    }

    /// The connection is lost: tries to reconnect, while media goes on.
    pub(crate) fn lost(&mut self, ctx: &mut Context) -> Outcome {
        self.reconnect(ctx, false)
    }

    /// The network may be another one: a wait for the next attempt ends, a connection is tested.
    pub(crate) fn network_changed(&mut self, ctx: &mut Context) {
        match &self.state {
            State::Away(reconnect) if reconnect.prefers_new_attempt(ctx.now()) => self.retry(ctx),
            _ => self.probe(ctx),
        }
    }

    /// Asks whether the server is alive, unless it is being asked.
    pub(crate) fn probe(&mut self, ctx: &mut Context) {
        if self.is_joined()
            && self.capabilities.answers_ping
            && !ctx.is_timer_running(SignalingTimer::Probe)
        {
            ctx.output(Output::Send(Request::Ping));
            ctx.start_timer(SignalingTimer::Probe, PROBE);
        }
    }

    /// A timer has expired. While media flows, patience for the server has no end.
    pub(crate) fn timed_out(
        &mut self,
        ctx: &mut Context,
        timer: SignalingTimer,
        media_flows: bool,
    ) -> Outcome {
        match timer {
            SignalingTimer::Open if matches!(self.state, State::Opening) => {
                Outcome::End(EndReason::Unreachable)
            }
            SignalingTimer::Welcome if matches!(self.state, State::Joining) => {
                Outcome::End(EndReason::ServerSilent)
            }
            SignalingTimer::Open
            | SignalingTimer::Welcome
            | SignalingTimer::Silence
            | SignalingTimer::Probe => self.lost(ctx),
            SignalingTimer::Retry => {
                self.retry(ctx);
                Outcome::Unchanged
            }
            SignalingTimer::RenewToken => {
                self.access.renew(ctx);
                Outcome::Unchanged
            }
            SignalingTimer::KeepAlive => {
                self.send_keep_alive(ctx);
                Outcome::Unchanged
            }
            SignalingTimer::Patience => self.patience_timed_out(ctx, media_flows),
        }
    }

    /// The page may unload now, or stay after all.
    pub(crate) fn page_may_unload(&mut self, ctx: &mut Context) {
        self.no_retry_before = ctx.now() + UNLOAD;
        if self.is_joined() {
            ctx.output(Output::Send(Request::Unload));
        }
    }

    /// Sends a last request where the server could take it, and closes the socket.
    pub(crate) fn close(&mut self, ctx: &mut Context, last: Option<Request>) {
        let is_open = match &self.state {
            State::Joined { .. } | State::Joining | State::Waiting(_) => true,
            State::Away(reconnect) => reconnect.is_joining(),
            _ => false,
        };
        if let (true, Some(last)) = (is_open, last) {
            ctx.output(Output::Send(last));
        }
        if !self.is_idle() {
            ctx.output(Output::CloseSignaling);
        }
    }

    /// The browser puts the page aside.
    pub(crate) fn suspend(&mut self) {
        self.state = State::Suspended;
    }

    /// The page is shown again.
    pub(crate) fn restore(&mut self, ctx: &mut Context) {
        self.state = State::Away(Reconnect::new(ctx.now()));
        ctx.start_timer(SignalingTimer::Patience, self.patience);
        self.retry(ctx);
    }

    pub(crate) fn end(&mut self, reason: EndReason) {
        self.state = State::Ended(reason);
    }

    fn join(&mut self, ctx: &mut Context, keep_alive: KeepAlive, entry: Entry) {
        ctx.stop_timer(SignalingTimer::Welcome);
        ctx.accept_signals(true);
        keep_alive.expect_server(ctx);
        keep_alive.schedule(ctx);
        self.state = State::Joined { keep_alive, entry };
    }

    fn reconnect(&mut self, ctx: &mut Context, room_full: bool) -> Outcome {
        for timer in [
            SignalingTimer::Open,
            SignalingTimer::Welcome,
            SignalingTimer::Silence,
            SignalingTimer::KeepAlive,
            SignalingTimer::Probe,
        ] {
            ctx.stop_timer(timer);
        }
        if self.patience.is_zero() {
            return Outcome::End(EndReason::ServerGone);
        }
        ctx.output(Output::CloseSignaling);
        let outcome = match self.state {
            State::Away(_) => Outcome::Unchanged,
            _ => self.begin_absence(ctx),
        };
        if let State::Away(reconnect) = &mut self.state {
            let delay = reconnect.wait(ctx.now(), room_full, ctx.random());
            let delay = delay.max(self.no_retry_before.since(ctx.now()));
            ctx.start_timer(SignalingTimer::Retry, delay);
        }
        outcome
    }

    /// The connection was there until now. An attempt that has led nowhere, or to a server that
    /// drops its clients at once, goes on where it was.
    fn begin_absence(&mut self, ctx: &mut Context) -> Outcome {
        let entry = match self.state {
            State::Joined { entry, .. } => entry,
            _ => Entry::First,
        };
        let reconnect = match entry {
            Entry::OnProbation(reconnect) => reconnect,
            Entry::Rejoined(reconnect) if !reconnect.is_settled(ctx.now()) => reconnect,
            _ => Reconnect::new(ctx.now()),
        };
        if !matches!(entry, Entry::OnProbation(_)) {
            ctx.start_timer(SignalingTimer::Patience, self.patience);
        }
        ctx.accept_signals(self.capabilities.redelivers);
        self.state = State::Away(reconnect);
        Outcome::Lost
    }

    fn retry(&mut self, ctx: &mut Context) {
        if let State::Away(reconnect) = &mut self.state {
            let limit = reconnect.begin(ctx.now());
            ctx.stop_timer(SignalingTimer::Retry);
            ctx.start_timer(SignalingTimer::Open, limit);
            self.access.open_socket(ctx);
        }
    }

    fn send_keep_alive(&self, ctx: &mut Context) {
        ctx.output(Output::Send(Request::Ping));
        if let State::Joined { keep_alive, .. } = &self.state {
            keep_alive.schedule(ctx);
        }
    }

    fn patience_timed_out(&mut self, ctx: &mut Context, media_flows: bool) -> Outcome {
        match &mut self.state {
            State::Away(reconnect) if reconnect.found_room_full() => {
                return Outcome::End(EndReason::Refused(Refusal::RoomFull));
            }
            State::Joined { entry, .. } => entry.end_probation(),
            _ if media_flows => ctx.start_timer(SignalingTimer::Patience, self.patience),
            _ => return Outcome::End(EndReason::ServerGone),
        }
        Outcome::Unchanged
    }
}

impl Entry {
    fn end_probation(&mut self) {
        if let Self::OnProbation(reconnect) = *self {
            *self = Self::Rejoined(reconnect);
        }
    }
}
