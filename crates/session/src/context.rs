use std::time::Duration;

use videocalls_protocol::{LeaveReason, ParticipantId, Request, Signal};

use crate::time::{Timer, Timers, Timestamp};
use crate::{LinkId, LinkOp, Notice, Output, Problem, Token};

/// What every part of a session works with: the time, the timers, and the two ways out.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) now: Timestamp,
    pub(crate) timers: Timers,
    pub(crate) out: Vec<Output>,
    /// What the mesh has to tell the session, drained after each call into the mesh.
    pub(crate) mesh_events: Vec<MeshEvent>,
    /// Whether signals are dropped, because no server would pass them on or keep them.
    drops_signals: bool,
    last_token: u32,
    last_link: u32,
    rng: u32,
}

/// What the links tell of the people behind them.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum MeshEvent {
    /// Someone whom no server announced speaks.
    Appeared(ParticipantId),
    /// How someone is connected is different.
    Changed(ParticipantId),
    /// Someone can't be reached any more.
    Vanished(ParticipantId, LeaveReason),
    /// Nothing comes in by a link; does the server still hear us?
    ServerSuspect,
    /// Someone says something.
    Text(ParticipantId, String),
    /// Something went wrong with a link; the participant is not known before the first signal.
    Problem(Problem, Option<ParticipantId>),
}

impl Context {
    pub(crate) fn new(seed: u32) -> Self {
        Self {
            rng: seed | 1,
            ..Self::default()
        }
    }

    /// A random number, good enough to keep many clients from doing the same at the same moment
    /// (xorshift, <https://doi.org/10.18637/jss.v008.i14>).
    pub(crate) fn random(&mut self) -> u32 {
        self.rng ^= self.rng << 13;
        self.rng ^= self.rng >> 17;
        self.rng ^= self.rng << 5;
        self.rng
    }

    pub(crate) fn token(&mut self) -> Token {
        self.last_token += 1;
        Token(self.last_token)
    }

    pub(crate) fn link_id(&mut self) -> LinkId {
        self.last_link += 1;
        LinkId(self.last_link)
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.out.push(output);
    }

    /// Tells the app.
    pub(crate) fn notify(&mut self, notice: Notice) {
        self.output(Output::Notify(notice));
    }

    pub(crate) fn link(&mut self, link: LinkId, op: LinkOp) {
        self.output(Output::Link { link, op });
    }

    pub(crate) fn signal(&mut self, to: Option<ParticipantId>, signal: Signal) {
        if !self.drops_signals {
            self.output(Output::Send(Request::Signal { to, signal }));
        }
    }

    /// Whether there is a server that passes signals on, or keeps them; otherwise they are dropped.
    pub(crate) fn accept_signals(&mut self, accepted: bool) {
        self.drops_signals = !accepted;
    }

    pub(crate) fn timer(&mut self, timer: impl Into<Timer>, duration: Duration) {
        self.timers.set(timer, self.now + duration);
    }
}

/// Takes the first one out. What waits here is a handful, and for that a plain list is smaller code
/// than a ring.
pub(crate) fn next<T>(waiting: &mut Vec<T>) -> Option<T> {
    (!waiting.is_empty()).then(|| waiting.remove(0))
}
