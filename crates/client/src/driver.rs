use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::task::Waker;

use js_sys::Object;
use videocalls_protocol::{CloseAction, ParticipantId, Request, Source};
use videocalls_session::{
    Config, Input, LinkId, LinkOp, LinkReport, Output, ParticipantView, Problem, Session, Token,
};
use web_sys::{MediaStream, RtcDataChannel};

use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::links::Links;
use crate::listeners::{Listener, Listeners};
use crate::local_media::LocalMedia;
use crate::local_tracks::Answer;
use crate::media_devices::DEVICES;
use crate::page::Page;
use crate::peer::LinkCallbacks;
use crate::screen_share::replaces_camera;
use crate::seat_storage::Seat;
use crate::signaling::{Received, Signaling, SignalingEvent};
use crate::{CallError, CallEvent};

/// The parts of a call that [`CallBuilder`](crate::CallBuilder) has checked and prepared.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) signaling: Signaling,
    pub(crate) media: LocalMedia,
    pub(crate) links: Links,
    pub(crate) page: Page,
}

/// Connects a [`Session`] with the browser: gives it everything that happens as inputs and carries
/// out its outputs.
///
/// The session is pure and takes each input at once, so its state is always up to date. Its outputs
/// become effects in a queue, because an effect runs code outside of this crate (a transport, a
/// listener, a function of the page) that may call back. Only the outermost call drains the queue,
/// and it holds no borrow while it carries out an effect.
pub(crate) struct Driver {
    session: RefCell<Session>,
    effects: RefCell<VecDeque<Effect>>,
    is_draining: Cell<bool>,
    clock: Clock,
    alarm: Alarm,
    signaling: Signaling,
    media: LocalMedia,
    links: Links,
    listeners: Listeners,
    page: Page,
    me: Weak<Self>,
}

/// Something that the driver has yet to do.
enum Effect {
    Perform(Output),
    SendFrames(Vec<String>),
    TakeTracks(Token, Vec<Answer>),
    Emit(CallEvent),
}

impl Driver {
    pub(crate) fn new(parts: Parts) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            session: RefCell::new(Session::new(parts.config)),
            effects: RefCell::default(),
            is_draining: Cell::new(false),
            clock: parts.clock,
            alarm: Alarm::default(),
            signaling: parts.signaling,
            media: parts.media,
            links: parts.links,
            listeners: Listeners::default(),
            page: parts.page,
            me: me.clone(),
        })
    }

    /// Gives the session an input and carries out what follows from it.
    ///
    /// When this is called from within an effect, the session still takes the input at once, and
    /// the effects that follow are carried out by the outermost call.
    pub(crate) fn feed(&self, input: Input) {
        self.handle(input);
        self.drain();
    }

    /// Starts the call and follows the page until the call ends.
    pub(crate) fn start(&self) {
        self.page.follow(&self.callback(Self::page_changed));
        self.feed(Input::Start);
    }

    pub(crate) fn with_session<T>(&self, read: impl FnOnce(&Session) -> T) -> T {
        read(&self.session.borrow())
    }

    pub(crate) fn local_stream(&self) -> MediaStream {
        Clone::clone(self.media.tracks().stream())
    }

    pub(crate) fn remote_stream(&self, participant: &ParticipantId) -> Option<MediaStream> {
        let link = self.with_session(|session| session.link_of(participant))?;
        self.links.remote_stream(link)
    }

    pub(crate) fn open_file_channel(&self, to: &ParticipantId) -> Option<RtcDataChannel> {
        let link = self.with_session(|session| session.data_link_of(to))?;
        self.links.open_file_channel(link)
    }

    pub(crate) fn screen_stream(&self, participant: &ParticipantId) -> Option<MediaStream> {
        let link = self.with_session(|session| session.link_of(participant))?;
        self.links.screen_stream(link)
    }

    /// Turns a track on or off. The browser shares a screen only within the event of a gesture, so it is
    /// asked at once.
    pub(crate) fn toggle(&self, source: Source, on: Option<bool>) -> Option<bool> {
        self.feed(Input::Toggle { source, on });
        self.with_session(|session| session.wants(source))
    }

    /// Shares a screen that the person chooses.
    pub(crate) fn share_screen(&self, options: &Object) {
        self.media.set_screen_options(options);
        // Where the room is told what each track shows, everyone receives a track for each.
        let replaces_camera = replaces_camera(options) && !self.signaling.has_media_state();
        self.media.tracks().set_replaces_camera(replaces_camera);
        self.feed(Input::Toggle {
            source: Source::Screen,
            on: Some(true),
        });
    }

    pub(crate) fn local_screen(&self) -> Option<MediaStream> {
        let tracks = self.media.tracks();
        tracks.of(Source::Screen)?;
        Some(Clone::clone(tracks.screen()))
    }

    pub(crate) fn listen(&self, listener: Listener) -> u32 {
        self.listeners.add(listener)
    }

    pub(crate) fn unlisten(&self, key: u32) {
        self.listeners.remove(key);
    }

    pub(crate) fn wake_on_change(&self, waker: Waker) {
        self.listeners.wake_on_change(waker);
    }

    fn handle(&self, input: Input) {
        self.session.borrow_mut().handle(self.clock.now(), input);
        while let Some(output) = self.next_output() {
            match output {
                // Made now: when it is emitted, the call may already be in another state.
                Output::Notify(notice) => {
                    let state = self.with_session(Session::state);
                    if let Some(event) = CallEvent::of(notice, state) {
                        self.queue_event(event);
                    }
                }
                output => self.queue(Effect::Perform(output)),
            }
        }
    }

    fn next_output(&self) -> Option<Output> {
        self.session.borrow_mut().poll()
    }

    fn queue(&self, effect: Effect) {
        self.effects.borrow_mut().push_back(effect);
    }

    fn queue_event(&self, event: CallEvent) {
        self.queue(Effect::Emit(event));
    }

    fn drain(&self) {
        if self.is_draining.replace(true) {
            return;
        }
        while let Some(effect) = self.next_effect() {
            self.perform(effect);
        }
        self.is_draining.set(false);
        self.arm_alarm();
    }

    // A method of its own, because a borrow in the head of a `while let` lasts through its body.
    fn next_effect(&self) -> Option<Effect> {
        self.effects.borrow_mut().pop_front()
    }

    /// Returns a callback for the browser that does not keep the call alive.
    fn callback<T: 'static>(&self, receive: fn(&Self, T)) -> Rc<dyn Fn(T)> {
        let me = self.me.clone();
        Rc::new(move |value| {
            if let Some(driver) = me.upgrade() {
                receive(&driver, value);
            }
        })
    }

    fn perform(&self, effect: Effect) {
        match effect {
            Effect::SendFrames(frames) => self.signaling.send(&frames),
            Effect::TakeTracks(token, answers) => self.take_tracks(token, answers),
            Effect::Emit(event) => self.emit(&event),
            Effect::Perform(output) => self.perform_output(output),
        }
    }

    fn perform_output(&self, output: Output) {
        match output {
            Output::OpenSignaling => self.open_signaling(),
            Output::CloseSignaling => self.signaling.close(),
            Output::Send(request) => self.send(&request),
            Output::Acquire { token, sources } => {
                let answered = self.callback(Self::answered);
                self.media.acquire(token, sources, answered);
            }
            Output::SetEnabled { source, on } => self.media.tracks().set_enabled(source, on),
            Output::Release(source) => self.release(source),
            Output::ReleaseMedia => self.media.release(),
            Output::UseIceServers(servers) => self.links.use_ice_servers(&servers),
            Output::Link { link, op } => self.operate(link, op),
            _ => {}
        }
    }

    fn open_signaling(&self) {
        if !self.signaling.open(&self.callback(Self::signaled)) {
            self.handle(Input::SignalingClosed(CloseAction::Backoff));
        }
    }

    /// Takes what the socket, or the server's answer to the preflight, reports.
    fn signaled(&self, event: SignalingEvent) {
        match self.signaling.receive(event) {
            Received::Input(input) => self.handle(input),
            Received::Decoded(decoded) => {
                self.queue(Effect::SendFrames(decoded.replies));
                for event in decoded.events {
                    self.handle(Input::SignalingEvent(event));
                }
            }
        }
        self.drain();
    }

    fn send(&self, request: &Request) {
        match self.signaling.encode(request) {
            Some(frames) => self.signaling.send(&frames),
            None => self.handle(Input::SignalingProblem(Problem::MalformedMessage)),
        }
    }

    /// Takes the browser's, or the page's, answer to a request for tracks.
    fn answered(&self, (token, answers): (Token, Vec<Answer>)) {
        self.queue(Effect::TakeTracks(token, answers));
        self.drain();
    }

    /// Keeps the tracks that the session still waits for. The others are released by being dropped.
    fn take_tracks(&self, token: Token, mut answers: Vec<Answer>) {
        answers.retain(|it| self.with_session(|session| session.awaits(it.source, token)));
        let taken = self.media.take(answers, &self.callback(Self::feed));
        self.links.replace_tracks();
        let answers = taken.answers;
        self.handle(Input::TracksSettled { token, answers });
        if taken.has_devices {
            self.queue_event(CallEvent::LocalStream(self.local_stream()));
        }
        if taken.has_failed_devices {
            self.media.watch(&self.callback(Self::feed));
        }
        for error in taken.errors {
            self.queue_event(CallEvent::Error(error));
        }
    }

    /// Stops a local track, and sends nothing in its place.
    fn release(&self, source: Source) {
        self.media.tracks().remove(source);
        self.links.replace_tracks();
        if DEVICES.contains(&source) {
            self.queue_event(CallEvent::LocalStream(self.local_stream()));
        }
    }

    fn operate(&self, link: LinkId, op: LinkOp) {
        let op = match op {
            LinkOp::SendText(text) => LinkOp::SendText(self.signaling.write_chat(&text)),
            op => op,
        };
        let receive = self.callback(Self::link_reports);
        let file = self.callback(Self::file_offered);
        let callbacks = LinkCallbacks {
            report: Rc::new(move |report| receive((link, report))),
            fail: self.callback(Self::failed),
            file: Rc::new(move |channel| file((link, channel))),
        };
        self.links.operate(link, op, self.clock.now(), callbacks);
    }

    fn link_reports(&self, (link, report): (LinkId, LinkReport)) {
        let report = match report {
            LinkReport::Text(line) => LinkReport::Text(self.signaling.read_chat(&line)),
            report => report,
        };
        self.feed(Input::Link { link, report });
    }

    /// A peer has opened the channel of a file.
    fn file_offered(&self, (link, channel): (LinkId, RtcDataChannel)) {
        let from = self.with_session(|session| session.sender_on(link));
        if let Some(from) = from {
            self.queue_event(CallEvent::FileChannel { from, channel });
            self.drain();
        }
    }

    /// Reports an error with which the call goes on.
    fn failed(&self, error: CallError) {
        self.queue_event(CallEvent::Error(error));
        self.drain();
    }

    fn emit(&self, event: &CallEvent) {
        match event {
            CallEvent::ParticipantJoined(participant)
            | CallEvent::ParticipantChanged(participant) => self.update_stream(participant),
            CallEvent::Ended(_) => {
                self.page.unfollow();
                self.media.unwatch();
            }
            _ => {}
        }
        self.listeners.emit(event);
    }

    /// Makes a participant's stream agree with the media that they report, where the server carries
    /// such reports.
    fn update_stream(&self, participant: &ParticipantView) {
        let link = self.with_session(|session| session.link_of(&participant.id));
        if let (Some(link), true) = (link, self.signaling.has_media_state()) {
            self.links.set_reported(link, &participant.tracks);
        }
    }

    fn page_changed(&self, input: Input) {
        if matches!(input, Input::PageUnloading) {
            self.keep_seat();
        }
        self.feed(input);
    }

    /// Keeps what this page needs after a reload to be the same participant.
    fn keep_seat(&self) {
        let begins = |source| self.with_session(|session| session.successor_begins(source));
        if let Some(id) = self.signaling.seat() {
            self.page.seats().keep(&Seat {
                id,
                microphone: begins(Source::Microphone),
                camera: begins(Source::Camera),
            });
        }
    }

    fn arm_alarm(&self) {
        let next = self.with_session(Session::next_timeout);
        self.alarm
            .set(next, self.clock.now(), &self.callback(Self::alarm_rang));
    }

    fn alarm_rang(&self, (): ()) {
        self.feed(Input::Timeout);
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}
