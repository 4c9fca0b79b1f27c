use std::time::Duration;

use videocalls_protocol::{
    Admission, Capabilities, Departure, DisplayName, Event, Join, LeaveReason, MediaState,
    ParticipantId, Peer, Request, RoomName, TrackState, Verdict, Welcome,
};

use crate::mesh::Mesh;
use crate::time::{Timer, Timestamp};
use crate::track::{LocalTrack, Move, TrackKind};
use crate::work::{News, Work, next};
use crate::{
    CallState, EndReason, Input, LinkId, Notice, Output, ParticipantView, Problem, Snapshot, Token,
};

/// How long the socket may take to open.
const CONNECT: Duration = Duration::from_secs(15);
/// How long an open server may take to let us in.
const WELCOME: Duration = Duration::from_secs(5);
/// How much of a ping interval's silence means that the socket is dead, in tenths.
const SILENT_TENTHS: u64 = 24;
/// How many unreadable messages are too many.
const MAX_PROBLEMS: u32 = 50;

/// What a call is to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the dialect's servers do.
    pub capabilities: Capabilities,
    /// The room, where the server has rooms.
    pub room: Option<RoomName>,
    /// The name to show to the others.
    pub name: Option<DisplayName>,
    /// An access token for the server.
    pub token: Option<String>,
    /// The own id, in a dialect whose clients make up theirs.
    pub own_id: Option<ParticipantId>,
    /// Whether the microphone is wanted.
    pub audio: bool,
    /// Whether the camera is wanted.
    pub video: bool,
}

/// A call.
#[derive(Debug)]
pub struct Session {
    config: Config,
    state: State,
    people: Vec<Peer>,
    /// Who was introduced last; they are there as soon as there is a link.
    found: Option<Peer>,
    mesh: Mesh,
    audio: LocalTrack,
    video: LocalTrack,
    /// What the others were last told of our tracks.
    announced: MediaState,
    problems: u32,
    work: Work,
}

/// Where the call stands with its server.
#[derive(Debug)]
enum State {
    Idle,
    /// The socket is being opened.
    Opening,
    /// The server is to let us in.
    Joining,
    /// In.
    Joined {
        me: Option<ParticipantId>,
        rhythm: Rhythm,
    },
    Ended(EndReason),
}

/// How long the server may be silent, and how long we may.
#[derive(Clone, Copy, Debug, Default)]
struct Rhythm {
    silence: Option<Duration>,
    keep_alive: Option<Duration>,
}

impl Session {
    /// Prepares a call; nothing happens before [`Input::Start`].
    pub fn new(config: Config) -> Self {
        let track = |wanted: bool| match wanted {
            true => LocalTrack::Pending { on: true },
            false => LocalTrack::Absent(TrackState::NotRequested),
        };
        Self {
            state: State::Idle,
            people: Vec::new(),
            found: None,
            mesh: Mesh::new(config.capabilities, config.own_id.clone()),
            audio: track(config.audio),
            video: track(config.video),
            announced: MediaState::PENDING,
            problems: 0,
            work: Work::default(),
            config,
        }
    }

    /// Takes what happened. Drain [`poll`](Self::poll) afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.work.now = now.max(self.work.now);
        match (&self.state, input) {
            (State::Ended(_), _) => return,
            (State::Idle, Input::Start) => self.start(),
            (State::Idle, Input::Toggle { kind, on }) => self.toggle(kind, on),
            (_, Input::End(reason)) => self.end(reason),
            (State::Idle, _) | (_, Input::Start) => return,
            (State::Opening, Input::SignalingOpened) => self.opened(),
            (_, Input::SignalingOpened) => {}
            (_, Input::SignalingEvent(event)) => self.hear(event),
            (_, Input::SignalingProblem(problem)) => self.problem(problem),
            (_, Input::SignalingClosed(verdict)) => self.closed(verdict),
            (_, Input::MediaSettled(media)) => self.media_settled(media),
            (_, Input::Toggle { kind, on }) => self.toggle(kind, on),
            (_, Input::SendText(text)) => self.mesh.send_text(&mut self.work, &text),
            (_, Input::TrackSet { kind, token }) => self.track_set(kind, token),
            (_, Input::TrackEnded(kind)) => {
                *self.track_mut(kind) = LocalTrack::Absent(TrackState::Unavailable);
                self.local_changed();
            }
            (_, Input::Link { link, report }) => self.mesh.report(&mut self.work, link, report),
            (_, Input::Timeout) => self.timeout(),
        }
        self.spread_news();
    }

    /// Returns the next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        next(&mut self.work.out)
    }

    /// When to hand in an [`Input::Timeout`]; ask again after each drain.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.work.timers.next()
    }

    /// What the app shows.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.call_state(),
            me: match &self.state {
                State::Joined { me, .. } => me.clone(),
                _ => None,
            },
            participants: self.people.iter().map(|peer| self.view(peer)).collect(),
            microphone: self.audio.state(),
            camera: self.video.state(),
        }
    }

    /// Whether the user wants a track on; `None` if there is none to want.
    pub fn wants(&self, kind: TrackKind) -> Option<bool> {
        self.track(kind).intention()
    }

    /// The link that carries a participant's tracks.
    pub fn link_of(&self, id: &ParticipantId) -> Option<LinkId> {
        self.mesh.link_id_of(id)
    }

    /// Signaling, media and the first link start at the same time: none waits for another.
    fn start(&mut self) {
        self.state = State::Opening;
        self.work.timer(Timer::Connect, CONNECT);
        self.work.output(Output::OpenSignaling);
        let media = self.local_media();
        if [media.audio, media.video].contains(&TrackState::Pending) {
            self.work.output(Output::AcquireMedia(media));
        }
        self.mesh.prepare(&mut self.work);
        self.notify(Notice::StateChanged);
    }

    fn opened(&mut self) {
        self.work.timers.stop(Timer::Connect);
        self.announced = self.local_media();
        self.work.output(Output::Send(Request::Join(Join {
            room: self.config.room.clone(),
            name: self.config.name.clone(),
            token: self.config.token.clone(),
            resume: None,
            media: self.announced,
        })));
        match self.config.capabilities.admission {
            Admission::Open => {
                self.joined(self.config.own_id.clone(), Rhythm::default());
                self.mesh.call_out(&mut self.work);
            }
            _ => {
                self.state = State::Joining;
                self.work.timer(Timer::Welcome, WELCOME);
            }
        }
    }

    fn joined(&mut self, me: Option<ParticipantId>, rhythm: Rhythm) {
        self.work.timers.stop(Timer::Welcome);
        self.state = State::Joined { me, rhythm };
        self.expect_server();
        self.keep_alive();
        self.notify(Notice::StateChanged);
    }

    fn rhythm(&self) -> Rhythm {
        match self.state {
            State::Joined { rhythm, .. } => rhythm,
            _ => Rhythm::default(),
        }
    }

    fn expect_server(&mut self) {
        if let Some(silence) = self.rhythm().silence {
            self.work.timer(Timer::Silence, silence);
        }
    }

    fn keep_alive(&mut self) {
        if let Some(pause) = self.rhythm().keep_alive {
            self.work.timer(Timer::KeepAlive, pause);
        }
    }

    fn hear(&mut self, event: Event) {
        self.expect_server();
        match (&self.state, event) {
            (State::Joining, Event::Welcome(welcome)) => self.welcomed(welcome),
            (_, Event::Refused(refusal)) => self.end(EndReason::Refused(refusal)),
            (_, Event::Ping) => self.work.output(Output::Send(Request::Pong)),
            (_, Event::Rejected { .. }) => self.problem(Problem::MessageRejected),
            (State::Joined { .. }, Event::Joined(peer)) => {
                let id = peer.id.clone();
                self.add(peer);
                self.mesh.joined(&mut self.work, &id);
            }
            (State::Joined { .. }, Event::Found(peer)) => self.found = Some(peer),
            (State::Joined { .. }, Event::Left { id, reason }) => self.left(&id, reason),
            (State::Joined { .. }, Event::Signal { from, signal }) => {
                // Who went unannounced may come back so.
                let open = self.config.capabilities.departure == Departure::Unannounced;
                if open || self.person(&from).is_some() {
                    self.mesh.hear(&mut self.work, from, signal);
                }
            }
            (State::Joined { .. }, Event::Media { from, media }) => {
                if let Some(peer) = self.people.iter_mut().find(|peer| peer.id == from) {
                    peer.media = media;
                    self.changed(&from);
                }
            }
            // A second welcome, or news of a room that we are not in.
            _ => {}
        }
    }

    fn welcomed(&mut self, welcome: Welcome) {
        let pause = |millis: Option<u32>, tenths| {
            millis.map(|millis| Duration::from_millis(u64::from(millis) * tenths / 10))
        };
        let rhythm = Rhythm {
            silence: pause(welcome.ping_interval, SILENT_TENTHS),
            keep_alive: pause(welcome.keep_alive, 10),
        };
        self.joined(Some(welcome.id.clone()), rhythm);
        let ids: Vec<_> = welcome.peers.iter().map(|peer| peer.id.clone()).collect();
        self.mesh.greet(&mut self.work, welcome.id, &ids);
        welcome.peers.into_iter().for_each(|peer| self.add(peer));
        self.local_changed();
    }

    fn closed(&mut self, verdict: Verdict) {
        self.end(match (verdict, &self.state) {
            (Verdict::Terminal(refusal), _) => EndReason::Refused(refusal),
            (_, State::Joined { .. }) => EndReason::ServerGone,
            _ => EndReason::Unreachable,
        });
    }

    fn problem(&mut self, problem: Problem) {
        self.notify(Notice::Problem(problem));
        self.problems += 1;
        if self.problems >= MAX_PROBLEMS {
            self.end(EndReason::ProtocolError);
        }
    }

    fn timeout(&mut self) {
        while let Some(timer) = self.work.timers.expired(self.work.now) {
            match timer {
                Timer::Connect => self.end(EndReason::Unreachable),
                Timer::Welcome => self.end(EndReason::ServerSilent),
                Timer::Silence => self.end(EndReason::ServerGone),
                Timer::Departure(link) => self.mesh.departure_timed_out(&mut self.work, link),
                Timer::Establish(link) => self.mesh.establish_timed_out(&mut self.work, link),
                Timer::Gathering(link) => self.mesh.gathering_timed_out(&mut self.work, link),
                Timer::KeepAlive => {
                    self.work.output(Output::Send(Request::Ping));
                    self.keep_alive();
                }
                Timer::Hold => self.mesh.hold_timed_out(&mut self.work),
            }
        }
    }

    /// Ends the call: says goodbye, and gives everything back.
    fn end(&mut self, reason: EndReason) {
        if matches!(self.state, State::Joined { .. }) && reason.is_wanted() {
            self.work.output(Output::Send(Request::Bye));
        }
        if !matches!(self.state, State::Idle) {
            self.work.output(Output::CloseSignaling);
        }
        self.work.output(Output::ReleaseMedia);
        self.mesh.close_all(&mut self.work);
        self.work.timers.stop_all();
        self.work.news.clear();
        self.people.clear();
        self.state = State::Ended(reason);
        self.notify(Notice::StateChanged);
        self.notify(Notice::Ended(reason));
    }

    fn add(&mut self, peer: Peer) {
        let ourselves = matches!(&self.state, State::Joined { me: Some(me), .. } if *me == peer.id);
        if !ourselves && self.person(&peer.id).is_none() {
            self.notify(Notice::ParticipantJoined(self.view(&peer)));
            self.people.push(peer);
        }
    }

    fn left(&mut self, id: &ParticipantId, reason: LeaveReason) {
        if !self.mesh.left(&mut self.work, id, reason) {
            self.remove(id, reason);
        }
    }

    fn remove(&mut self, id: &ParticipantId, reason: LeaveReason) {
        if let Some(index) = self.people.iter().position(|peer| peer.id == *id) {
            let participant = self.view(&self.people[index]);
            self.people.remove(index);
            self.notify(Notice::ParticipantLeft {
                participant,
                reason,
            });
        }
    }

    fn changed(&mut self, id: &ParticipantId) {
        if let Some(peer) = self.person(id) {
            let view = self.view(peer);
            self.notify(Notice::ParticipantChanged(view));
        }
    }

    /// Passes on what the mesh has found out.
    fn spread_news(&mut self) {
        while let Some(news) = next(&mut self.work.news) {
            match news {
                News::Appeared(id) if self.person(&id).is_none() => {
                    let found = self.found.take_if(|found| found.id == id);
                    self.add(found.unwrap_or(Peer {
                        id,
                        name: None,
                        media: MediaState::LIVE,
                    }));
                }
                News::Appeared(id) | News::Changed(id) => self.changed(&id),
                News::Vanished(id, reason) => self.remove(&id, reason),
                News::Text(from, text) => self.notify(Notice::Text { from, text }),
                News::Problem(problem) => self.problem(problem),
            }
        }
    }

    fn media_settled(&mut self, media: MediaState) {
        for (kind, state) in [
            (TrackKind::Audio, media.audio),
            (TrackKind::Video, media.video),
        ] {
            let turn = self.track_mut(kind).settle(state);
            self.turn(kind, turn);
        }
        // What was turned off before it came is off in a moment, and never was on.
        if !self.audio.is_moving() && !self.video.is_moving() {
            self.local_changed();
        }
    }

    fn toggle(&mut self, kind: TrackKind, on: Option<bool>) {
        let turn = self.track_mut(kind).toggle(on);
        self.turn(kind, turn);
    }

    fn track_set(&mut self, kind: TrackKind, token: Token) {
        let turn = self.track_mut(kind).arrived(token);
        self.turn(kind, turn);
        self.local_changed();
    }

    fn turn(&mut self, kind: TrackKind, turn: Move) {
        if let Some(on) = turn {
            let token = self.work.token();
            self.track_mut(kind).moving(on, token);
            self.work.output(Output::SetTrack { kind, on, token });
        }
    }

    /// Tells the app, and the room as far as it listens, what our tracks carry now.
    fn local_changed(&mut self) {
        self.notify(Notice::LocalChanged);
        let media = self.local_media();
        let listening = matches!(self.state, State::Joined { .. });
        if listening && self.config.capabilities.media_state && media != self.announced {
            self.announced = media;
            self.work.output(Output::Send(Request::Media(media)));
        }
    }

    fn notify(&mut self, notice: Notice) {
        self.work.output(Output::Notify(notice));
    }

    fn call_state(&self) -> CallState {
        match self.state {
            State::Idle => CallState::Idle,
            State::Opening | State::Joining => CallState::Connecting,
            State::Joined { .. } => CallState::Connected,
            State::Ended(reason) => CallState::Ended(reason),
        }
    }

    fn view(&self, peer: &Peer) -> ParticipantView {
        ParticipantView {
            id: peer.id.clone(),
            name: peer.name.clone(),
            connection: self.mesh.connection(&peer.id),
            media: peer.media,
        }
    }

    fn person(&self, id: &ParticipantId) -> Option<&Peer> {
        self.people.iter().find(|peer| peer.id == *id)
    }

    fn local_media(&self) -> MediaState {
        MediaState {
            audio: self.audio.state(),
            video: self.video.state(),
        }
    }

    fn track(&self, kind: TrackKind) -> &LocalTrack {
        match kind {
            TrackKind::Audio => &self.audio,
            TrackKind::Video => &self.video,
        }
    }

    fn track_mut(&mut self, kind: TrackKind) -> &mut LocalTrack {
        match kind {
            TrackKind::Audio => &mut self.audio,
            TrackKind::Video => &mut self.video,
        }
    }
}
