//! One session on a harness: hand it inputs, look at its outputs.

use std::time::Duration;

use videocalls_protocol::relay::Relay;
use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{
    Capabilities, Dialect, Event, LeaveReason, MediaState, ParticipantId, Peer, Request, Signal,
    TrackState, Welcome,
};
use videocalls_session::{
    Config, Input, LinkId, LinkOp, LinkReport, Muted, Notice, Output, Session, Source, Timestamp,
    Token, Transport,
};

pub(crate) struct Harness {
    pub(crate) session: Session,
    pub(crate) now: u64,
    /// What came out since the last look.
    out: Vec<Output>,
}

pub(crate) const LIVE: MediaState = MediaState::LIVE;

impl Harness {
    pub(crate) fn new(capabilities: Capabilities, me: &str) -> Self {
        Self::with(Self::config(capabilities, me))
    }

    pub(crate) fn config(capabilities: Capabilities, me: &str) -> Config {
        Config {
            capabilities,
            room: None,
            name: None,
            token: None,
            own_id: Some(ParticipantId::new(me)),
            audio: Source::Device,
            video: Source::Device,
            muted: Muted::default(),
            patience: Duration::from_secs(60),
            seed: 7,
            measures: false,
        }
    }

    pub(crate) fn with(config: Config) -> Self {
        Self {
            session: Session::new(config),
            now: 0,
            out: Vec::new(),
        }
    }

    /// A session in a room, known there as `me`.
    pub(crate) fn in_room(me: &str, others: &[&str]) -> Self {
        let mut harness = Self::new(Rooms::default().capabilities(), me);
        harness.input(Input::Start);
        harness.input(Input::SignalingOpened);
        harness.input(Input::MediaSettled(LIVE));
        harness.make();
        harness.event(welcome(me, others, None));
        harness
    }

    /// The same with nobody else, by a driver that measures what comes in.
    pub(crate) fn measuring(me: &str) -> Self {
        Self::alone(me, |config| config.measures = true)
    }

    /// The same, but without patience for a lost server.
    pub(crate) fn impatient() -> Self {
        Self::alone("me", |config| config.patience = Duration::ZERO)
    }

    fn alone(me: &str, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Self::config(Rooms::default().capabilities(), me);
        change(&mut config);
        let mut harness = Self::with(config);
        harness.input(Input::Start);
        harness.input(Input::SignalingOpened);
        harness.input(Input::MediaSettled(LIVE));
        harness.event(welcome(me, &[], None));
        harness
    }

    /// A session on a relay, known there as `me`; its first offer has been out for long.
    pub(crate) fn on_relay(me: &str) -> Self {
        let mut harness = Self::new(Relay::new(me).capabilities(), me);
        harness.input(Input::Start);
        harness.input(Input::SignalingOpened);
        harness.input(Input::MediaSettled(LIVE));
        harness.make();
        harness.wait(5_000);
        harness
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.session.handle(Timestamp::from_millis(self.now), input);
        self.out.extend(std::iter::from_fn(|| self.session.poll()));
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.input(Input::SignalingEvent(event));
    }

    pub(crate) fn hear(&mut self, from: &str, signal: Signal) {
        let from = ParticipantId::new(from);
        self.event(Event::Signal { from, signal });
    }

    pub(crate) fn report(&mut self, link: LinkId, report: LinkReport) {
        self.input(Input::Link { link, report });
    }

    pub(crate) fn transport(&mut self, link: LinkId, transport: Transport) {
        self.report(link, LinkReport::Transport(transport));
    }

    /// Lets time pass, with a timeout whenever the session wants one.
    pub(crate) fn wait(&mut self, pause: u64) {
        let until = self.now + pause;
        while let Some(at) = self.session.next_timeout().map(Timestamp::as_millis) {
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            self.input(Input::Timeout);
        }
        self.now = until;
    }

    /// What came out since the last look.
    pub(crate) fn look(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// Answers the latest request for an offer or answer by a description of that link's own.
    pub(crate) fn make(&mut self) -> LinkId {
        let out = self.out.clone();
        self.make_of(&out)
    }

    /// The same, of what was looked at already.
    pub(crate) fn make_of(&mut self, out: &[Output]) -> LinkId {
        let asked = out.iter().rev().find_map(|output| match output {
            Output::Link { link, op } => token(op).map(|token| (*link, token)),
            _ => None,
        });
        let (link, token) = asked.expect("the browser is asked for a description");
        let sdp = sdp(
            &format!("{link:?}").replace(['L', '(', ')'], ""),
            token_number(token),
        );
        self.report(link, LinkReport::Made { token, sdp });
        link
    }

    /// Joins another participant who offers from a connection of this name, up to our answer.
    pub(crate) fn answer_to(&mut self, from: &str, connection: &str) -> LinkId {
        self.hear(from, offer(connection, 1));
        self.make()
    }

    pub(crate) fn people(&self) -> Vec<String> {
        let people = self.session.snapshot().participants;
        people.iter().map(|person| person.id.to_string()).collect()
    }
}

/// A session on a server of this kind, with its devices and its socket.
pub(crate) fn started(capabilities: Capabilities) -> Harness {
    let mut harness = Harness::new(capabilities, "me");
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.input(Input::MediaSettled(LIVE));
    harness
}

pub(crate) fn sent(outputs: &[Output]) -> Vec<&Request> {
    outputs_of(outputs, |output| match output {
        Output::Send(request) => Some(request),
        _ => None,
    })
}

pub(crate) fn ops(outputs: &[Output]) -> Vec<(LinkId, &LinkOp)> {
    outputs_of(outputs, |output| match output {
        Output::Link { link, op } => Some((*link, op)),
        _ => None,
    })
}

pub(crate) fn notices(outputs: &[Output]) -> Vec<&Notice> {
    outputs_of(outputs, |output| match output {
        Output::Notify(notice) => Some(notice),
        _ => None,
    })
}

fn outputs_of<'a, T>(outputs: &'a [Output], read: impl Fn(&'a Output) -> Option<T>) -> Vec<T> {
    outputs.iter().filter_map(read).collect()
}

pub(crate) fn token(op: &LinkOp) -> Option<Token> {
    match op {
        LinkOp::MakeOffer { token }
        | LinkOp::AcceptOffer { token, .. }
        | LinkOp::AcceptAnswer { token, .. } => Some(*token),
        _ => None,
    }
}

/// A number that grows with each token.
fn token_number(token: Token) -> u64 {
    let digits = format!("{token:?}");
    let digits = digits.trim_matches(|c: char| !c.is_ascii_digit());
    digits.parse().expect("a token is a number")
}

/// A description by the connection of this name, in this edition.
pub(crate) fn sdp(connection: &str, version: u64) -> String {
    format!(
        "v=0\r\no=- {connection} {version} IN IP4 0.0.0.0\r\ns=-\r\nm=audio 9 X 0\r\n\
         a=mid:0\r\na=ice-ufrag:{connection}\r\n"
    )
}

pub(crate) fn offer(connection: &str, version: u64) -> Signal {
    Signal::Offer {
        id: None,
        sdp: sdp(connection, version),
    }
}

pub(crate) fn answer(connection: &str, version: u64) -> Signal {
    Signal::Answer {
        id: None,
        sdp: sdp(connection, version),
    }
}

pub(crate) fn welcome(me: &str, others: &[&str], ping_interval: Option<u32>) -> Event {
    Event::Welcome(Welcome {
        id: ParticipantId::new(me),
        peers: others.iter().map(|id| peer(id)).collect(),
        resumed: false,
        heard: None,
        resume: None,
        epoch: None,
        seq: None,
        ping_interval,
        keep_alive: None,
    })
}

pub(crate) fn peer(id: &str) -> Peer {
    Peer::new(ParticipantId::new(id), None)
}

pub(crate) fn left(id: &str, reason: LeaveReason) -> Event {
    Event::Left {
        id: ParticipantId::new(id),
        reason,
    }
}

pub(crate) const fn media(audio: TrackState, video: TrackState) -> MediaState {
    MediaState { audio, video }
}
