use std::time::Duration;

use videocalls_protocol::{ParticipantId, Request, Signal};

use crate::time::Timestamp;
use crate::timers::{Timer, Timers};
use crate::topology_event::TopologyEvent;
use crate::{LinkId, LinkOp, Notice, Output, Token};

/// What every part of a session works with: the time, the timers, the random numbers, and the two
/// queues of results.
#[derive(Debug, Default)]
pub(crate) struct Context {
    now: Timestamp,
    timers: Timers,
    outputs: Vec<Output>,
    /// What the links report to the session, which handles it after each input.
    reports: Vec<TopologyEvent>,
    /// Whether signals are dropped, because no server would pass them on or keep them.
    drops_signals: bool,
    last_token: u32,
    last_link: u32,
    rng: u32,
}

impl Context {
    pub(crate) fn new(seed: u32) -> Self {
        Self {
            rng: seed | 1,
            ..Self::default()
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Sets the time, unless it would run backwards.
    pub(crate) fn advance_to(&mut self, now: Timestamp) {
        self.now = now.max(self.now);
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

    /// Gives the driver something to do.
    pub(crate) fn output(&mut self, output: Output) {
        self.outputs.push(output);
    }

    pub(crate) fn next_output(&mut self) -> Option<Output> {
        next(&mut self.outputs)
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

    /// Reports an event of the links to the session.
    pub(crate) fn report(&mut self, event: TopologyEvent) {
        self.reports.push(event);
    }

    pub(crate) fn next_report(&mut self) -> Option<TopologyEvent> {
        next(&mut self.reports)
    }

    /// Sets a timer to expire after this duration.
    pub(crate) fn start_timer(&mut self, timer: impl Into<Timer>, duration: Duration) {
        self.timers.set(timer.into(), self.now + duration);
    }

    /// Sets a timer to expire at this time.
    pub(crate) fn start_timer_until(&mut self, timer: impl Into<Timer>, deadline: Timestamp) {
        self.timers.set(timer.into(), deadline);
    }

    pub(crate) fn stop_timer(&mut self, timer: impl Into<Timer>) {
        self.timers.stop(timer.into());
    }

    /// Stops all timers of a link.
    pub(crate) fn stop_timers_of(&mut self, link: LinkId) {
        self.timers.stop_link(link);
    }

    pub(crate) fn is_timer_running(&self, timer: impl Into<Timer>) -> bool {
        self.timers.runs(timer.into())
    }

    pub(crate) fn next_timeout(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// Takes out a timer that has expired, the earliest first.
    pub(crate) fn expired_timer(&mut self) -> Option<Timer> {
        self.timers.expired(self.now)
    }

    /// Stops all timers, and drops the reports of links that are closed now.
    pub(crate) fn stop_everything(&mut self) {
        self.timers.stop_all();
        self.reports.clear();
    }
}

/// Takes the first element out of a queue. The queues here are so short that a `Vec` will do, which is
/// less code to load than a ring buffer.
fn next<T>(queue: &mut Vec<T>) -> Option<T> {
    (!queue.is_empty()).then(|| queue.remove(0))
}
