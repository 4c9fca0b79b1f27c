use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Waker};

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise};
use videocalls_protocol::{CloseAction, Decoded, Dialect, MediaState, Request, TrackState};
use videocalls_session::{
    Config, Input, LinkId, LinkOp, LinkReport, LinkRole, Notice, Output, Problem, Session,
    Timestamp, Token, TrackKind,
};

use crate::chat;
use crate::clock::Clock;
use crate::devices::{self, Answer, MediaRequests};
use crate::dialects::DialectFactory;
use crate::list::take_where;
use crate::memory::{Memory, Remembered};
use crate::page;
use crate::peer::Peer;
use crate::preflight::Runner;
use crate::servers::Servers;
use crate::socket::{Socket, SocketEvent};
use crate::task::Task;
use crate::tracks::LocalTracks;
use crate::{CallError, CallEvent, ErrorCode, MediaRequest};

/// A checked [`CallBuilder`](crate::CallBuilder).
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) config: Config,
    pub(crate) socket: Option<Function>,
    pub(crate) dialect: DialectFactory,
    pub(crate) requests: MediaRequests,
    pub(crate) servers: Servers,
    pub(crate) memory: Memory,
}

/// Carries out in the browser what a [`Session`] asks for, and hands it what the browser reports.
///
/// Queue, drain, call: every callback of the browser only puts an input into the inbox and drains
/// it. No cell is borrowed while an output is performed, so whatever that calls may come back in.
pub(crate) struct Driver {
    session: RefCell<Session>,
    inbox: RefCell<Vec<Input>>,
    draining: Cell<bool>,
    clock: Clock,
    timer: RefCell<Option<(Timestamp, Timeout)>>,
    url: String,
    dialect: RefCell<Box<dyn Dialect>>,
    run_preflight: Option<Runner>,
    chat: Option<chat::Open>,
    preflight: Cell<Option<Task>>,
    socket_opener: Option<Function>,
    socket: RefCell<Option<Socket>>,
    requests: MediaRequests,
    local: Rc<LocalTracks>,
    servers: Servers,
    memory: Memory,
    /// Whether the page goes away, and may come back.
    unloads: Cell<bool>,
    peers: RefCell<Vec<(LinkId, Rc<Peer>)>>,
    listeners: RefCell<Vec<Listener>>,
    wakers: Cell<Vec<Waker>>,
    page: Cell<Vec<EventListener>>,
    watch: RefCell<Option<Task>>,
    me: Weak<Self>,
}

/// One who is told the events.
struct Listener {
    key: u32,
    tell: Rc<dyn Fn(&CallEvent)>,
}

impl Driver {
    pub(crate) fn new(settings: Settings) -> Result<Rc<Self>, CallError> {
        let unsupported = |what: &str| CallError::new(ErrorCode::UnsupportedBrowser, what);
        let clock = Clock::new().ok_or_else(|| unsupported("the browser has no clock"))?;
        let local =
            LocalTracks::new().map_err(|_| unsupported("the browser has no MediaStream"))?;
        Ok(Rc::new_cyclic(|me| Self {
            session: RefCell::new(Session::new(settings.config)),
            inbox: RefCell::default(),
            draining: Cell::new(false),
            clock,
            timer: RefCell::default(),
            url: settings.url,
            dialect: RefCell::new(settings.dialect.codec),
            run_preflight: settings.dialect.preflight,
            chat: settings.dialect.chat,
            preflight: Cell::default(),
            socket_opener: settings.socket,
            socket: RefCell::default(),
            requests: settings.requests,
            local: Rc::new(local),
            servers: settings.servers,
            memory: settings.memory,
            unloads: Cell::default(),
            peers: RefCell::default(),
            listeners: RefCell::default(),
            wakers: Cell::default(),
            page: Cell::default(),
            watch: RefCell::default(),
            me: me.clone(),
        }))
    }

    /// Takes an input, and does all that follows from it before returning; called from within
    /// such doing, it only queues.
    pub(crate) fn feed(&self, input: Input) {
        if matches!(input, Input::PageUnloading) {
            self.unloads.set(true);
        }
        self.inbox.borrow_mut().push(input);
        if self.draining.replace(true) {
            return;
        }
        while let Some(input) = self.next_input() {
            self.session.borrow_mut().handle(self.clock.now(), input);
            while let Some(output) = self.next_output() {
                self.perform(output);
            }
        }
        self.draining.set(false);
        self.arm_timer();
    }

    pub(crate) fn with_session<T>(&self, read: impl FnOnce(&Session) -> T) -> T {
        read(&self.session.borrow())
    }

    pub(crate) fn has_chat(&self) -> bool {
        self.chat.is_some()
    }

    pub(crate) fn local(&self) -> &LocalTracks {
        &self.local
    }

    pub(crate) fn peer(&self, link: LinkId) -> Option<Rc<Peer>> {
        self.peers
            .borrow()
            .iter()
            .find(|(id, _)| *id == link)
            .map(|(_, peer)| peer.clone())
    }

    pub(crate) fn listen(&self, key: u32, listener: Rc<dyn Fn(&CallEvent)>) {
        self.listeners.borrow_mut().push(Listener {
            key,
            tell: listener,
        });
    }

    pub(crate) fn unlisten(&self, key: u32) {
        let _gone = take_where(&self.listeners, &|listener| listener.key == key);
    }

    pub(crate) fn wake_on_change(&self, waker: Waker) {
        let mut wakers = self.wakers.take();
        wakers.push(waker);
        self.wakers.set(wakers);
    }

    /// Follows the page, and the network that it has, from now to the end of the call.
    pub(crate) fn follow_page(&self) {
        self.page.set(page::follow(&self.feeder()));
    }

    // Taken in a method of its own, since a borrow in the head of a `while let` lives through it.
    fn next_input(&self) -> Option<Input> {
        let mut inbox = self.inbox.borrow_mut();
        (!inbox.is_empty()).then(|| inbox.remove(0))
    }

    fn next_output(&self) -> Option<Output> {
        self.session.borrow_mut().poll()
    }

    /// A way back in for a callback of the browser, which does not keep the call alive.
    fn feeder(&self) -> impl Fn(Input) + Clone + 'static {
        let me = self.me.clone();
        move |input| {
            if let Some(driver) = me.upgrade() {
                driver.feed(input);
            }
        }
    }

    fn perform(&self, output: Output) {
        match output {
            Output::OpenSignaling => self.open_signaling(),
            Output::CloseSignaling => drop((self.socket.take(), self.preflight.take())),
            Output::Send(request) => self.send(&request),
            Output::AcquireMedia(media) => self.acquire_media(media),
            Output::ReleaseMedia => self.local.clear(),
            Output::SetTrack { kind, on, token } => self.set_track(kind, on, token),
            Output::Link { link, op } => self.operate(link, op),
            Output::Notify(notice) => self.notify(notice),
            _ => {}
        }
    }

    fn open_signaling(&self) {
        let me = self.me.clone();
        let opened = Socket::open(&self.url, self.socket_opener.as_ref(), move |event| {
            if let Some(driver) = me.upgrade() {
                driver.hear(event);
            }
        });
        match opened {
            Ok(socket) => *self.socket.borrow_mut() = Some(socket),
            Err(_) => self.feed(Input::SignalingClosed(CloseAction::Backoff)),
        }
        self.start_preflight();
    }

    fn start_preflight(&self) {
        let preflight = self.dialect.borrow().preflight();
        let (Some(run), Some(preflight)) = (self.run_preflight, preflight) else {
            return;
        };
        let me = self.me.clone();
        let tell = move |status| {
            if let Some(driver) = me.upgrade() {
                let told = driver.dialect.borrow_mut().preflight_done(status);
                driver.decoded(told);
            }
        };
        self.preflight
            .set(Some(run(&self.url, preflight, Box::new(tell))));
    }

    fn hear(&self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => {
                self.dialect.borrow_mut().opened();
                self.feed(Input::SignalingOpened);
            }
            SocketEvent::Text(text) => self.decode(&text),
            SocketEvent::TooLarge => self.complain(Problem::MessageTooLarge),
            SocketEvent::Binary => self.complain(Problem::MalformedMessage),
            SocketEvent::Closed(code) => {
                let action = self.dialect.borrow().closed(code);
                self.feed(Input::SignalingClosed(action));
            }
        }
    }

    fn decode(&self, text: &str) {
        let decoded = self.dialect.borrow_mut().decode(text);
        match decoded {
            Ok(decoded) => self.decoded(decoded),
            Err(_) => self.complain(Problem::MalformedMessage),
        }
    }

    fn decoded(&self, decoded: Decoded) {
        self.send_all(&decoded.replies);
        for event in decoded.events {
            self.feed(Input::SignalingEvent(event));
        }
    }

    fn complain(&self, problem: Problem) {
        self.feed(Input::SignalingProblem(problem));
    }

    fn send(&self, request: &Request) {
        let frames = self.dialect.borrow_mut().encode(request);
        match frames {
            Ok(frames) => self.send_all(&frames),
            Err(_) => self.complain(Problem::MalformedMessage),
        }
    }

    fn send_all(&self, frames: &[String]) {
        if let Some(socket) = &*self.socket.borrow() {
            frames.iter().for_each(|frame| socket.send(frame));
        }
    }

    /// Asks for devices, and waits for what the page brings; neither waits for the other.
    fn acquire_media(&self, media: MediaState) {
        let (mut asked, mut given) = (Vec::new(), Vec::new());
        for kind in TrackKind::ALL {
            let request = self.requests.of(kind);
            if kind.of(media) != TrackState::Pending {
                continue;
            }
            self.local.remove(kind);
            match request {
                MediaRequest::Given(promise) => given.push((kind, promise.into())),
                _ => asked.push((kind, request.to_js())),
            }
        }
        if !asked.is_empty() {
            begin(Box::pin(devices::ask(self.me.clone(), asked)));
        }
        if !given.is_empty() {
            begin(Box::pin(devices::await_given(self.me.clone(), given)));
        }
    }

    /// Takes the tracks that are still waited for; a device that is not is released by being dropped.
    pub(crate) fn answered(&self, mut answers: Vec<Answer>) {
        answers.retain(|answer| self.with_session(|session| session.awaits(answer.kind)));
        let (mut media, mut errors) = (MediaState::PENDING, Vec::new());
        let mut any = false;
        for answer in answers {
            let state = answer.state();
            match answer.kind {
                TrackKind::Audio => media.audio = state,
                TrackKind::Video => media.video = state,
            }
            match answer.outcome {
                Ok(Some(track)) => {
                    any = true;
                    self.local.add(track, self.feeder());
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        self.replace_tracks();
        self.feed(Input::MediaSettled(media));
        if any {
            self.emit(&CallEvent::LocalStream(Clone::clone(self.local.stream())));
        }
        for error in errors {
            self.watch_devices();
            self.emit(&CallEvent::Error(error));
        }
    }

    /// What is missing may come yet.
    fn watch_devices(&self) {
        let mut watch = self.watch.borrow_mut();
        if watch.is_none() {
            *watch = Some(devices::watch(self.feeder()));
        }
    }

    fn replace_tracks(&self) {
        let peers: Vec<_> = self.peers.borrow().clone();
        for (_, peer) in peers {
            TrackKind::ALL
                .into_iter()
                .for_each(|kind| peer.replace_track(kind, &self.local));
        }
    }

    fn set_track(&self, kind: TrackKind, on: bool, token: Token) {
        if let Some(track) = self.local.of(kind) {
            track.set_enabled(on);
        }
        self.feed(Input::TrackSet { kind, token });
    }

    fn operate(&self, link: LinkId, op: LinkOp) {
        let peer = self.peer(link);
        let feed = self.feeder();
        let report = move |report| feed(Input::Link { link, report });
        match (op, peer) {
            (LinkOp::Open(role), _) => self.open_link(link, role, report),
            (LinkOp::Close, _) => {
                let _closing = take_where(&self.peers, &|(id, _)| *id == link);
            }
            (LinkOp::MakeOffer { token }, Some(peer)) => {
                peer.make_offer(self.ask_servers(), token, report);
            }
            (LinkOp::AcceptOffer { sdp, token }, Some(peer)) => {
                let servers = self.ask_servers();
                peer.accept_offer(&sdp, servers, token, self.local.clone(), report);
            }
            (LinkOp::AcceptAnswer { sdp, token }, Some(peer)) => {
                peer.accept_answer(&sdp, token, report);
            }
            (LinkOp::AddCandidate(candidate), Some(peer)) => peer.add_candidate(&candidate),
            (LinkOp::RestartIce, Some(peer)) => peer.restart_ice(self.ask_servers()),
            (LinkOp::Measure, Some(peer)) => peer.measure(report),
            (LinkOp::SendText(text), Some(peer)) => {
                let line = self.dialect.borrow().write_chat(&text);
                peer.send_text(&line);
            }
            // The browser would not make the connection; say so when it is first needed.
            (
                LinkOp::MakeOffer { token }
                | LinkOp::AcceptOffer { token, .. }
                | LinkOp::AcceptAnswer { token, .. },
                None,
            ) => report(LinkReport::Failed { token }),
            (
                LinkOp::AddCandidate(_)
                | LinkOp::SendText(_)
                | LinkOp::RestartIce
                | LinkOp::Measure,
                None,
            ) => {}
        }
    }

    fn ask_servers(&self) -> Option<Promise> {
        self.servers.ask(self.clock.now())
    }

    fn open_link(
        &self,
        link: LinkId,
        role: LinkRole,
        report: impl Fn(LinkReport) + Clone + 'static,
    ) {
        match Peer::open(self.servers.configuration(), role, report.clone()) {
            Ok(peer) => {
                let chat = self.dialect.borrow().capabilities().chat;
                if let (Some(open), Some(label)) = (self.chat, chat) {
                    peer.prepare_chat(open, role, label, report);
                }
                peer.prepare(role, &self.local);
                self.peers.borrow_mut().push((link, Rc::new(peer)));
            }
            Err(error) => {
                let message = "the browser would not make a connection with this rtcConfig";
                let error = CallError {
                    cause: Some(error),
                    ..CallError::new(ErrorCode::UnsupportedBrowser, message)
                };
                self.emit(&CallEvent::Error(error));
            }
        }
    }

    fn notify(&self, notice: Notice) {
        if matches!(notice, Notice::StateChanged | Notice::LocalChanged) {
            self.remember();
        }
        let event = match notice {
            Notice::StateChanged => {
                self.wakers.take().into_iter().for_each(Waker::wake);
                CallEvent::StateChanged(self.with_session(|session| session.snapshot().state))
            }
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
            Notice::Text { from, text } => CallEvent::Text {
                from,
                text: self.dialect.borrow().read_chat(&text).to_owned(),
            },
            Notice::MediaPending => CallEvent::MediaPending,
            Notice::Problem { problem, .. } => CallEvent::Error(problem.into()),
            Notice::Ended(reason) => {
                self.page.take();
                if !self.unloads.get() {
                    self.memory.forget();
                }
                self.watch.take();
                CallEvent::Ended(reason)
            }
            _ => return,
        };
        self.emit(&event);
    }

    /// Keeps what a reloaded page needs to be who it was.
    fn remember(&self) {
        let dialect = self.dialect.borrow();
        let muted = |kind| self.with_session(|session| session.wants(kind)) == Some(false);
        if let Some(seat) = dialect.seat() {
            self.memory.keep(&Remembered {
                audio_muted: muted(TrackKind::Audio),
                video_muted: muted(TrackKind::Video),
                seat: seat.to_owned(),
            });
        }
    }

    /// Tells all listeners. The list is copied out first: a listener may add or remove listeners.
    fn emit(&self, event: &CallEvent) {
        let listeners: Vec<_> = self
            .listeners
            .borrow()
            .iter()
            .map(|listener| listener.tell.clone())
            .collect();
        listeners.iter().for_each(|tell| tell(event));
    }

    /// Sets the one timer to the session's next deadline.
    fn arm_timer(&self) {
        let next = self.with_session(Session::next_timeout);
        let armed = self.timer.borrow().as_ref().map(|(at, _)| *at);
        if next == armed {
            return;
        }
        let timer = next.map(|at| {
            let pause = u32::try_from(at.since(self.clock.now()).as_millis()).unwrap_or(u32::MAX);
            let me = self.me.clone();
            let ring = move || {
                if let Some(driver) = me.upgrade() {
                    driver.ring();
                }
            };
            (at, Timeout::new(pause, ring))
        });
        *self.timer.borrow_mut() = timer;
    }

    /// The timer has rung, and is to be set again even for the same deadline: browsers may ring a
    /// little early.
    fn ring(&self) {
        self.timer.take();
        self.feed(Input::Timeout);
    }
}

/// Starts to wait for a track. This task has no owner that could abort it: once the browser has been
/// asked, its answer must be heard, or a granted camera would stay on for nobody.
///
/// It is polled here and now, so that the browser is asked before the first link is made, and not
/// in a later turn.
fn begin(mut waiting: Pin<Box<dyn Future<Output = ()>>>) {
    let begun = waiting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    if begun.is_pending() {
        wasm_bindgen_futures::spawn_local(waiting);
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}
