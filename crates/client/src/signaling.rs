//! The connection to the signaling server: a socket, and the dialect that reads and writes its
//! frames.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Function;
use videocalls_protocol::{Decoded, Dialect, Request};
use videocalls_session::{Input, Problem};

use crate::dialects::DialectSetup;
use crate::preflight;
use crate::socket::{Socket, SocketEvent};
use crate::task::Task;

pub(crate) struct Signaling {
    url: String,
    opener: Option<Function>,
    dialect: RefCell<Box<dyn Dialect>>,
    run_preflight: Option<preflight::Runner>,
    socket: RefCell<Option<Rc<Socket>>>,
    preflight: Cell<Option<Task>>,
}

/// What comes from the server.
pub(crate) enum SignalingEvent {
    Socket(SocketEvent),
    /// The HTTP status with which the server answered the preflight.
    Preflight(u16),
}

/// What an event means.
pub(crate) enum Received {
    /// The server's events, and frames to send at once.
    Decoded(Decoded),
    /// A change of the connection itself.
    Input(Input),
}

impl Signaling {
    /// Prepares the connection to a server's absolute address; `opener` opens the socket in place of
    /// the browser.
    pub(crate) fn new(server: &str, opener: Option<Function>, mut setup: DialectSetup) -> Self {
        Self {
            url: setup.codec.address(server),
            opener,
            dialect: RefCell::new(setup.codec),
            run_preflight: setup.preflight,
            socket: RefCell::default(),
            preflight: Cell::default(),
        }
    }

    /// Starts to connect; returns whether the browser lets this page connect there.
    pub(crate) fn open(&self, report: &Rc<dyn Fn(SignalingEvent)>) -> bool {
        let on_event = report.clone();
        let on_event = Rc::new(move |event| on_event(SignalingEvent::Socket(event)));
        let opened = Socket::open(&self.url, self.opener.as_ref(), on_event);
        let is_open = opened.is_ok();
        let previous = self.socket.replace(opened.ok().map(Rc::new));
        drop(previous);
        self.start_preflight(report.clone());
        is_open
    }

    /// Closes the socket, after what was sent has gone out.
    pub(crate) fn close(&self) {
        let (socket, preflight) = (self.socket.take(), self.preflight.take());
        drop((socket, preflight));
    }

    /// Sends frames, in order. Without an open socket they are dropped.
    pub(crate) fn send(&self, frames: &[String]) {
        let socket = self.socket.borrow().clone();
        if let Some(socket) = socket {
            frames.iter().for_each(|frame| socket.send(frame));
        }
    }

    /// Turns a request into frames; `None` if the dialect can't express it.
    pub(crate) fn encode(&self, request: &Request) -> Option<Vec<String>> {
        self.dialect.borrow_mut().encode(request).ok()
    }

    /// Reads an event by the dialect.
    pub(crate) fn receive(&self, event: SignalingEvent) -> Received {
        let mut dialect = self.dialect.borrow_mut();
        match event {
            SignalingEvent::Preflight(status) => dialect.preflight_done(status).into(),
            SignalingEvent::Socket(SocketEvent::Opened) => {
                dialect.opened();
                Input::SignalingOpened.into()
            }
            SignalingEvent::Socket(SocketEvent::Text(text)) => match dialect.decode(&text) {
                Ok(decoded) => decoded.into(),
                Err(_) => Problem::MalformedMessage.into(),
            },
            SignalingEvent::Socket(SocketEvent::TooLarge) => Problem::MessageTooLarge.into(),
            SignalingEvent::Socket(SocketEvent::Binary) => Problem::MalformedMessage.into(),
            SignalingEvent::Socket(SocketEvent::Closed(code)) => {
                Input::SignalingClosed(dialect.closed(code)).into()
            }
        }
    }

    /// What a reloaded page needs to take its seat again.
    pub(crate) fn seat(&self) -> Option<String> {
        self.dialect.borrow().seat().map(str::to_owned)
    }

    /// Whether the server passes on what each participant sends.
    pub(crate) fn has_media_state(&self) -> bool {
        self.dialect.borrow().capabilities().media_state
    }

    pub(crate) fn write_chat(&self, text: &str) -> String {
        self.dialect.borrow().write_chat(text)
    }

    pub(crate) fn read_chat(&self, line: &str) -> String {
        self.dialect.borrow().read_chat(line).to_owned()
    }

    fn start_preflight(&self, report: Rc<dyn Fn(SignalingEvent)>) {
        let request = self.dialect.borrow().preflight();
        if let (Some(run), Some(request)) = (self.run_preflight, request) {
            let answered = move |status| report(SignalingEvent::Preflight(status));
            let running = run(&self.url, request, Box::new(answered));
            self.preflight.set(Some(running));
        }
    }
}

impl From<Decoded> for Received {
    fn from(decoded: Decoded) -> Self {
        Self::Decoded(decoded)
    }
}

impl From<Input> for Received {
    fn from(input: Input) -> Self {
        Self::Input(input)
    }
}

impl From<Problem> for Received {
    fn from(problem: Problem) -> Self {
        Self::Input(Input::SignalingProblem(problem))
    }
}
