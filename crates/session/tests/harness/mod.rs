//! One session under test: feeds it inputs, and collects its outputs.

use std::time::Duration;

use videocalls_protocol::relay::Relay;
use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{
    Capabilities, CloseAction, Dialect, Event, IceServers, LeaveReason, MediaState, ParticipantId,
    Peer, Request, Signal, Terms, TrackState, Welcome,
};
use videocalls_session::{
    CallState, Config, Input, LinkId, LinkOp, LinkReport, Muted, Notice, Output, Session, Source,
    Timestamp, Token, Transport,
};

pub(crate) struct Harness {
    pub(crate) session: Session,
    pub(crate) now: u64,
    /// The outputs since [`take_outputs`](Self::take_outputs) was last called.
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
            fetches_token: false,
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
        harness.create_description();
        harness.event(welcome(me, others, None));
        harness
    }

    /// A session alone in a room, with a driver that measures what is received.
    pub(crate) fn measuring(me: &str) -> Self {
        Self::alone(me, |config| config.measures = true)
    }

    /// A session alone in a room, which does not try to reconnect.
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

    /// A session in a room with `you`, connected by a link.
    pub(crate) fn linked() -> (Self, LinkId) {
        let mut harness = Self::in_room("me", &[]);
        harness.event(Event::Joined(peer("you")));
        let link = harness.accept_offer_from("you", "100");
        harness.transport(link, Transport::Connected);
        harness.take_outputs();
        (harness, link)
    }

    /// A session with its devices and an open socket.
    pub(crate) fn started_with(config: Config) -> Self {
        let mut harness = Self::with(config);
        harness.input(Input::Start);
        harness.input(Input::SignalingOpened);
        harness.input(Input::MediaSettled(LIVE));
        harness
    }

    /// A session on a relay, known there as `me`, some seconds after it sent its first offer.
    pub(crate) fn on_relay(me: &str) -> Self {
        Self::on_relay_with(Self::config(Relay::new(me).capabilities(), me))
    }

    /// The same with other settings.
    pub(crate) fn on_relay_with(config: Config) -> Self {
        let mut harness = Self::started_with(config);
        harness.create_description();
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

    pub(crate) fn signal_from(&mut self, from: &str, signal: Signal) {
        let from = ParticipantId::new(from);
        self.event(Event::Signal { from, signal });
    }

    pub(crate) fn lose_socket(&mut self) {
        self.input(Input::SignalingClosed(CloseAction::Backoff));
    }

    pub(crate) fn report(&mut self, link: LinkId, report: LinkReport) {
        self.input(Input::Link { link, report });
    }

    pub(crate) fn transport(&mut self, link: LinkId, transport: Transport) {
        self.report(link, LinkReport::Transport(transport));
    }

    /// Lets milliseconds pass, with an `Input::Timeout` whenever the session wants one.
    pub(crate) fn wait(&mut self, millis: u64) {
        let until = self.now + millis;
        while let Some(at) = self.session.next_timeout().map(Timestamp::as_millis) {
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            self.input(Input::Timeout);
        }
        self.now = until;
    }

    /// Returns the outputs since the last call.
    pub(crate) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// Reports that the description that was last requested is created. Returns its link.
    pub(crate) fn create_description(&mut self) -> LinkId {
        let out = self.out.clone();
        self.create_description_for(&out)
    }

    /// The same, for outputs that were taken already.
    pub(crate) fn create_description_for(&mut self, out: &[Output]) -> LinkId {
        let asked = out.iter().rev().find_map(|output| match output {
            Output::Link { link, op } => token(op).map(|token| (*link, token)),
            _ => None,
        });
        let (link, token) = asked.expect("a description is requested");
        let sdp = sdp(
            &format!("{link:?}").replace(['L', '(', ')'], ""),
            token_number(token),
        );
        self.report(link, LinkReport::DescriptionCreated { token, sdp });
        link
    }

    /// Has another participant offer by a connection of this name, and creates the answer.
    pub(crate) fn accept_offer_from(&mut self, from: &str, connection: &str) -> LinkId {
        self.signal_from(from, offer(connection, 1));
        self.create_description()
    }

    pub(crate) fn state(&self) -> CallState {
        self.session.snapshot().state
    }

    /// The ids of the other participants.
    pub(crate) fn participants(&self) -> Vec<String> {
        let participants = self.session.snapshot().participants;
        participants.iter().map(|it| it.id.to_string()).collect()
    }
}

/// A session on a server of this kind, with its devices and an open socket.
pub(crate) fn started(capabilities: Capabilities) -> Harness {
    Harness::started_with(Harness::config(capabilities, "me"))
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
        LinkOp::CreateOffer { token }
        | LinkOp::AcceptOffer { token, .. }
        | LinkOp::AcceptAnswer { token, .. } => Some(*token),
        _ => None,
    }
}

/// The number in a token, which grows from token to token.
fn token_number(token: Token) -> u64 {
    let digits = format!("{token:?}");
    let digits = digits.trim_matches(|c: char| !c.is_ascii_digit());
    digits.parse().expect("a token is a number")
}

/// A description by the connection of this name, in this version.
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
        ice_servers: IceServers::default(),
        terms: Terms::default(),
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
