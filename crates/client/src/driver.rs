use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::task::Waker;

use videocalls_protocol::{CloseAction, ParticipantId, Request};
use videocalls_session::{
    Config, Input, LinkId, LinkOp, LinkReport, Notice, Output, ParticipantView, Problem, Session,
    Token, TrackKind,
};
use web_sys::{MediaStream, RtcDataChannel};

use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::links::Links;
use crate::listeners::{Listener, Listeners};
use crate::local_media::LocalMedia;
use crate::local_tracks::Answer;
use crate::page::Page;
use crate::peer::LinkCallbacks;
use crate::seat_storage::Seat;
use crate::signaling::{Received, Signaling, SignalingEvent};
use crate::token::TokenSource;
use crate::{CallError, CallEvent};

/// The parts of a call that [`CallBuilder`](crate::CallBuilder) has checked and prepared.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) signaling: Signaling,
    pub(crate) tokens: TokenSource,
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
    tokens: TokenSource,
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
    TakeTracks(Vec<Answer>),
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
            tokens: parts.tokens,
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
                    if let Some(event) = self.event_of(notice) {
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
            Effect::TakeTracks(answers) => self.take_tracks(answers),
            Effect::Emit(event) => self.emit(&event),
            Effect::Perform(output) => self.perform_output(output),
        }
    }

    fn perform_output(&self, output: Output) {
        match output {
            Output::FetchToken => self.tokens.ask(self.callback(Self::token_fetched)),
            Output::OpenSignaling => self.open_signaling(),
            Output::CloseSignaling => self.signaling.close(),
            Output::Send(request) => self.send(&request),
            Output::AcquireMedia(media) => {
                self.media.acquire(media, &self.callback(Self::answered));
            }
            Output::ReleaseMedia => self.media.release(),
            Output::SetTrack { kind, on, token } => self.set_track(kind, on, token),
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

    /// Takes an access token of the page, or the reason why it has none.
    fn token_fetched(&self, token: Result<String, CallError>) {
        let token = match token {
            Ok(token) => Some(token),
            Err(error) => {
                self.queue_event(CallEvent::Error(error));
                None
            }
        };
        self.feed(Input::TokenFetched(token));
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
    fn answered(&self, answers: Vec<Answer>) {
        self.queue(Effect::TakeTracks(answers));
        self.drain();
    }

    /// Keeps the tracks that the session still waits for. The others are released by being dropped.
    fn take_tracks(&self, mut answers: Vec<Answer>) {
        answers.retain(|answer| self.with_session(|session| session.awaits(answer.kind)));
        let taken = self.media.take(answers, &self.callback(Self::feed));
        self.links.replace_tracks();
        self.handle(Input::MediaSettled(taken.state));
        if taken.has_tracks {
            self.queue_event(CallEvent::LocalStream(self.local_stream()));
        }
        if !taken.errors.is_empty() {
            self.media.watch(&self.callback(Self::feed));
        }
        for error in taken.errors {
            self.queue_event(CallEvent::Error(error));
        }
    }

    fn set_track(&self, kind: TrackKind, on: bool, token: Token) {
        self.media.tracks().set_enabled(kind, on);
        self.handle(Input::TrackSet { kind, token });
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

    fn event_of(&self, notice: Notice) -> Option<CallEvent> {
        Some(match notice {
            Notice::StateChanged => CallEvent::StateChanged(self.with_session(Session::state)),
            Notice::ParticipantJoined(participant) => CallEvent::ParticipantJoined(participant),
            Notice::ParticipantChanged(participant) => CallEvent::ParticipantChanged(participant),
            Notice::ParticipantLeft {
                participant,
                reason,
            } => CallEvent::ParticipantLeft {
                participant,
                reason,
            },
            Notice::LocalChanged => CallEvent::LocalChanged,
            Notice::Text(line) => CallEvent::Text(line),
            Notice::Data { from, payload } => CallEvent::Data { from, payload },
            Notice::Reaction { from, reaction } => CallEvent::Reaction { from, reaction },
            Notice::RoomChanged => CallEvent::RoomChanged,
            Notice::Knock(knock) => CallEvent::Knock(knock),
            Notice::KnockEnded(id) => CallEvent::KnockEnded(id),
            Notice::Asked { from, ask } => CallEvent::Asked { from, ask },
            Notice::MediaPending => CallEvent::MediaPending,
            Notice::Problem {
                problem,
                participant,
            } => CallEvent::Error(CallError {
                participant,
                ..problem.into()
            }),
            Notice::Ended(reason) => CallEvent::Ended(reason),
            _ => return None,
        })
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
            let has_camera = participant.media.video.has_device();
            self.links.set_has_camera(link, has_camera);
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
        let muted = |kind| self.with_session(|session| session.wants(kind)) == Some(false);
        if let Some(id) = self.signaling.seat() {
            self.page.seats().keep(&Seat {
                id,
                audio_muted: muted(TrackKind::Audio),
                video_muted: muted(TrackKind::Video),
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
