use std::time::Duration;

use videocalls_protocol::{LeaveReason, ParticipantId, Request, Signal};

use crate::time::{Timer, Timers, Timestamp};
use crate::{LinkId, LinkOp, Notice, Output, Problem, Token};

/// What every part of a session works with: the time, the timers, the random numbers, and the two
/// queues of results.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) now: Timestamp,
    pub(crate) timers: Timers,
    pub(crate) out: Vec<Output>,
    /// What the links have to report to the session, which drains it after each input.
    pub(crate) mesh_events: Vec<MeshEvent>,
    /// Whether signals are dropped, because no server would pass them on or keep them.
    drops_signals: bool,
    last_token: u32,
    last_link: u32,
    rng: u32,
}

/// What the links report about the participants at their other ends.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum MeshEvent {
    /// A participant has sent a description; the server may not have announced them.
    Appeared(ParticipantId),
    /// The state of a participant's connection has changed.
    Changed(ParticipantId),
    /// A participant can't be reached any more, and counts as gone.
    Vanished(ParticipantId, LeaveReason),
    /// A link receives nothing, so our own network may be down: the server is to be probed.
    ServerSuspect,
    /// A participant has sent a chat text.
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

    /// Returns a random number, good enough to keep many clients from acting at the same moment
    /// (xorshift, <https://doi.org/10.18637/jss.v008.i14>).
    pub(crate) fn random(&mut self) -> u32 {
        self.rng ^= self.rng << 13;
        self.rng ^= self.rng >> 17;
        self.rng ^= self.rng << 5;
        self.rng
    }

    /// Makes a token for a request to the browser.
    pub(crate) fn token(&mut self) -> Token {
        self.last_token += 1;
        Token(self.last_token)
    }

    /// Makes the id of a new link.
    pub(crate) fn link_id(&mut self) -> LinkId {
        self.last_link += 1;
        LinkId(self.last_link)
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.out.push(output);
    }

    /// Notifies the app.
    pub(crate) fn notify(&mut self, notice: Notice) {
        self.output(Output::Notify(notice));
    }

    pub(crate) fn link(&mut self, link: LinkId, op: LinkOp) {
        self.output(Output::Link { link, op });
    }

    /// Sends a signal to a participant, or to whoever is there.
    pub(crate) fn signal(&mut self, to: Option<ParticipantId>, signal: Signal) {
        if !self.drops_signals {
            self.output(Output::Send(Request::Signal { to, signal }));
        }
    }

    /// Sets whether signals are sent. If not, they are dropped: nobody would pass them on or keep them.
    pub(crate) fn accept_signals(&mut self, accepted: bool) {
        self.drops_signals = !accepted;
    }

    /// Sets a timer to expire after this duration.
    pub(crate) fn timer(&mut self, timer: impl Into<Timer>, duration: Duration) {
        self.timers.set(timer, self.now + duration);
    }
}

/// Takes the first element out of a queue. The queues here are so short that a `Vec` will do, which is
/// less code to load than a ring buffer.
pub(crate) fn next<T>(queue: &mut Vec<T>) -> Option<T> {
    (!queue.is_empty()).then(|| queue.remove(0))
}
