use std::time::Duration;

use videocalls_protocol::{
    Admission, Capabilities, CloseAction, Departure, DisplayName, Event, Join, LeaveReason,
    MediaState, ParticipantId, Peer, Refusal, Request, RoomName, TrackState, Welcome,
};

use crate::context::{Context, MeshEvent, next};
use crate::devices::{Devices, Muted, Source};
use crate::mesh::Mesh;
use crate::reconnect::{Reconnect, Stage};
use crate::time::{Pause, Timer, Timestamp};
use crate::track::TrackKind;
use crate::{
    CallState, EndReason, Input, LinkId, Notice, Output, ParticipantView, Problem, Snapshot, Token,
};

/// How long the socket may take to open at first.
const CONNECT: Pause = Pause::from_secs(15);
/// How long an open server may take to let us in.
const WELCOME: Pause = Pause::from_secs(5);
/// How much of a ping interval's silence means that the socket is dead, in tenths.
const SILENT_TENTHS: u64 = 24;
/// How long a server may take to say that it is alive, when there is reason to doubt it. One that is only
/// slow is found again at once.
const PROBE: Pause = Pause::from_millis(1_500);
/// How long a page takes to go away, at most.
const LEAVING: Pause = Pause::from_secs(2);
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
    /// Where the sound is to come from.
    pub audio: Source,
    /// Where the picture is to come from.
    pub video: Source,
    /// What is to be off from the beginning.
    pub muted: Muted,
    /// How long a lost server is sought, unless sound or picture still comes from somebody; zero
    /// ends the call with the connection to the server.
    pub patience: Duration,
    /// A random number, unlike that of other clients.
    pub seed: u32,
    /// Whether the driver can count what comes in by a link.
    pub measures: bool,
}

/// A call.
#[derive(Debug)]
pub struct Session {
    config: Config,
    state: State,
    /// The search that has led to a server which only says when it does not let us in again.
    probation: Option<Reconnect>,
    /// The own id.
    me: Option<ParticipantId>,
    /// The life of the server in which the last roster was true.
    epoch: Option<String>,
    people: Vec<Peer>,
    /// Who was introduced last; they are there as soon as there is a link.
    found: Option<Peer>,
    mesh: Mesh,
    devices: Devices,
    /// What the others were last told of our tracks; `None` if they may hear that and something
    /// older in either order.
    announced: Option<MediaState>,
    /// Whom the others were last told that we can't hear.
    not_receiving: Vec<ParticipantId>,
    /// The last search for the server: it may have to go on where it was.
    last_reconnect: Option<Reconnect>,
    /// When a page that may go away has not gone.
    stays_from: Timestamp,
    problems: u32,
    ctx: Context,
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
    Joined(KeepAlive),
    /// Was in, and lost the way to the server.
    Away(Reconnect),
    /// Has left with its page, which may be shown again.
    Asleep,
    Ended(EndReason),
}

/// How long the server may be silent, and how long we may.
#[derive(Clone, Copy, Debug, Default)]
struct KeepAlive {
    silence: Option<Pause>,
    interval: Option<Pause>,
}

impl Session {
    /// Prepares a call; nothing happens before [`Input::Start`].
    pub fn new(config: Config) -> Self {
        Self {
            state: State::Idle,
            probation: None,
            me: None,
            epoch: None,
            people: Vec::new(),
            found: None,
            mesh: Mesh::new(config.capabilities, config.own_id.clone(), config.measures),
            devices: Devices::new(config.audio, config.video, config.muted),
            announced: None,
            not_receiving: Vec::new(),
            last_reconnect: None,
            stays_from: Timestamp::default(),
            problems: 0,
            ctx: Context::new(config.seed),
            config,
        }
    }

    /// Takes what happened. Drain [`poll`](Self::poll) afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.ctx.now = now.max(self.ctx.now);
        match (&self.state, input) {
            (State::Ended(_), _) => return,
            (State::Idle, Input::Start) => self.start(),
            (State::Idle, Input::Toggle { kind, on }) => self.toggle(kind, on),
            (_, Input::End(reason)) => self.end(reason),
            (_, Input::Leaving) => self.leaving(),
            (_, Input::Unload) => self.unload(),
            (State::Asleep, Input::Wake) => self.wake(),
            (State::Idle | State::Asleep, _) | (_, Input::Start | Input::Wake) => return,
            (_, Input::Sleep) => self.sleep(),
            (_, Input::SignalingOpened) => self.opened(),
            (_, Input::SignalingEvent(event)) => self.hear(event),
            (_, Input::SignalingProblem(problem)) => self.problem(problem),
            (_, Input::SignalingClosed(action)) => self.closed(action),
            (_, Input::MediaSettled(media)) => self.media(|it, ctx| it.settled(ctx, media)),
            (_, Input::Toggle { kind, on }) => self.toggle(kind, on),
            (_, Input::SendText(text)) => self.mesh.send_text(&mut self.ctx, &text),
            (_, Input::TrackSet { kind, token }) => self.track_set(kind, token),
            (_, Input::TrackEnded(kind)) => self.media(|it, ctx| it.ended(ctx, kind)),
            (_, Input::TrackMuted { kind, muted }) => {
                self.media(|it, ctx| it.muted(ctx, kind, muted));
            }
            (_, Input::DeviceAppeared(kind)) => {
                self.media(|it, ctx| it.obtainable(ctx, kind, false));
            }
            (_, Input::PermissionGranted(kind)) => {
                self.media(|it, ctx| it.obtainable(ctx, kind, true));
            }
            (_, Input::Link { link, report }) => self.mesh.report(&mut self.ctx, link, report),
            (_, Input::NetworkChanged) => self.network_changed(),
            (_, Input::Timeout) => self.timeout(),
        }
        self.handle_mesh_events();
    }

    /// Returns the next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        next(&mut self.ctx.out)
    }

    /// When to hand in an [`Input::Timeout`]; ask again after each drain.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.ctx.timers.next()
    }

    /// What the app shows.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.call_state(),
            me: self.me.clone(),
            participants: self.people.iter().map(|peer| self.view(peer)).collect(),
            microphone: self.local_media().audio,
            camera: self.local_media().video,
        }
    }

    /// Whether the user wants a track on; `None` if there is none to want.
    pub fn wants(&self, kind: TrackKind) -> Option<bool> {
        self.devices.wants(kind)
    }

    /// Whether a track of this kind is being waited for; one that comes unawaited is to be given
    /// back at once.
    pub fn awaits(&self, kind: TrackKind) -> bool {
        let is_over = matches!(self.state, State::Asleep | State::Ended(_));
        !is_over && kind.of(self.local_media()) == TrackState::Pending
    }

    /// The link that carries a participant's tracks.
    pub fn link_of(&self, id: &ParticipantId) -> Option<LinkId> {
        self.mesh.link_id_of(id)
    }

    /// Signaling, media and the first link start at the same time: none waits for another.
    fn start(&mut self) {
        self.state = State::Opening;
        self.ctx.timer(Timer::Connect, CONNECT);
        self.ctx.output(Output::OpenSignaling);
        self.devices.start(&mut self.ctx);
        self.mesh.prepare(&mut self.ctx);
        self.notify(Notice::StateChanged);
    }

    fn opened(&mut self) {
        let media = self.local_media();
        match &mut self.state {
            State::Opening => {
                self.state = State::Joining;
                self.announced = Some(media);
            }
            State::Away(reconnect) if reconnect.stage == Stage::Opening => {
                reconnect.stage = Stage::Joining;
                self.probation = Some(*reconnect);
                // What was said of them before may be lost, and is then said again after this.
                self.announced = self.announced.filter(|before| *before == media);
            }
            _ => return,
        }
        self.ctx.timers.stop(Timer::Connect);
        self.ctx.output(Output::Send(Request::Join(Join {
            room: self.config.room.clone(),
            name: self.config.name.clone(),
            token: self.config.token.clone(),
            resume: None,
            keeps: self.mesh.living(),
            media,
        })));
        match self.config.capabilities.admission {
            Admission::Open => {
                self.me = self.config.own_id.clone();
                self.joined(KeepAlive::default());
                self.mesh.broadcast_offer_unless_linked(&mut self.ctx);
                self.mesh.online(&mut self.ctx);
            }
            _ => self.ctx.timer(Timer::Welcome, WELCOME),
        }
    }

    fn joined(&mut self, keep_alive: KeepAlive) {
        if let State::Away(reconnect) = self.state {
            self.last_reconnect = Some(reconnect);
        }
        self.ctx.timers.stop(Timer::Welcome);
        if self.probation.is_none() {
            self.ctx.timers.stop(Timer::Patience);
        }
        self.ctx.unheard = false;
        self.state = State::Joined(keep_alive);
        self.expect_server();
        self.schedule_keep_alive();
        self.notify(Notice::StateChanged);
    }

    fn keep_alive(&self) -> KeepAlive {
        match self.state {
            State::Joined(keep_alive) => keep_alive,
            _ => KeepAlive::default(),
        }
    }

    /// The server has said something, and is to say something again in time.
    fn expect_server(&mut self) {
        self.ctx.timers.stop(Timer::Probe);
        if let Some(silence) = self.keep_alive().silence {
            self.ctx.timer(Timer::Silence, silence);
        }
    }

    fn schedule_keep_alive(&mut self) {
        if let Some(pause) = self.keep_alive().interval {
            self.ctx.timer(Timer::KeepAlive, pause);
        }
    }

    fn hear(&mut self, event: Event) {
        self.expect_server();
        self.mesh.reachable(&mut self.ctx);
        if !matches!(event, Event::Refused(_)) {
            self.probation = None;
        }
        match (&self.state, event) {
            (State::Joining | State::Away(_), Event::Welcome(welcome)) => self.welcomed(welcome),
            (_, Event::Refused(refusal)) => self.refused(refusal),
            (State::Joined(_), Event::Gap) => self.lost(),
            (_, Event::Ping) => self.ctx.output(Output::Send(Request::Pong)),
            (_, Event::Rejected { .. }) => self.problem(Problem::MessageRejected),
            (State::Joined(_), Event::Joined(peer)) => {
                let id = peer.id.clone();
                self.admit(peer);
                self.mesh.joined(&mut self.ctx, &id);
            }
            (State::Joined(_), Event::Found(peer)) => self.found = Some(peer),
            (State::Joined(_), Event::Left { id, reason }) => self.left(&id, reason),
            (State::Joined(_), Event::Away(id)) => {
                self.update(&id, |peer| peer.away = true);
                self.mesh.suspect_one(&mut self.ctx, &id);
            }
            (State::Joined(_), Event::Back(id)) => {
                self.update(&id, |peer| peer.away = false);
                self.mesh.returned(&mut self.ctx, &id);
            }
            (
                State::Joined(_),
                Event::ReceiveReport {
                    from,
                    not_receiving,
                },
            ) if self.person(&from).is_some() => {
                let deaf = self
                    .me
                    .as_ref()
                    .is_some_and(|me| not_receiving.contains(me));
                self.update(&from, |peer| peer.not_receiving = not_receiving);
                self.mesh.reported_by_peer(&mut self.ctx, &from, deaf);
            }
            (State::Joined(_), Event::Signal { from, signal }) => {
                // Who went unannounced may come back so.
                let open = self.config.capabilities.departure == Departure::Unannounced;
                if open || self.person(&from).is_some() {
                    self.mesh.hear(&mut self.ctx, from, signal);
                }
            }
            (State::Joined(_), Event::Media { from, media }) => {
                self.update(&from, |peer| peer.media = media);
            }
            // A second welcome, or news of a room that we are not in.
            _ => {}
        }
    }

    fn welcomed(&mut self, welcome: Welcome) {
        let pause = |millis: Option<u32>, tenths| {
            millis.map(|millis| Pause::from_millis(u64::from(millis) * tenths / 10))
        };
        let keep_alive = KeepAlive {
            silence: pause(welcome.ping_interval, SILENT_TENTHS),
            interval: pause(welcome.keep_alive, 10),
        };
        self.joined(keep_alive);
        if !welcome.resumed {
            self.reconcile(welcome);
        }
        self.mesh.online(&mut self.ctx);
        self.local_changed();
    }

    /// Believes the server's roster, and keeps whoever can still be seen or heard.
    fn reconcile(&mut self, welcome: Welcome) {
        let announced = self.config.capabilities.departure == Departure::Announced;
        let stranger = self.me.as_ref().is_some_and(|me| *me != welcome.id);
        let complete = announced && self.epoch.is_some() && self.epoch == welcome.epoch;
        let missing = |id: &ParticipantId| welcome.peers.iter().all(|other| other.id != *id);
        let mut known = self.mesh.linked();
        known.extend(self.people.iter().map(|peer| peer.id.clone()));
        known.retain(|id| stranger || missing(id));
        for id in known {
            // Who comes back as another is another to them, and who is not told of is gone.
            match stranger || complete {
                true => self.part(&id),
                false => self.left(&id, LeaveReason::Lost),
            }
        }
        self.me = Some(welcome.id.clone());
        self.epoch = welcome.epoch;
        let ids: Vec<_> = welcome.peers.iter().map(|peer| peer.id.clone()).collect();
        self.mesh.greet(&mut self.ctx, welcome.id, &ids);
        welcome.peers.into_iter().for_each(|peer| self.admit(peer));
        // What was said of it last may be lost.
        if !self.not_receiving.is_empty() {
            self.send_receive_report(self.mesh.not_receiving());
        }
    }

    /// A full room may be so with our own seat, which the server has not seen empty yet.
    fn refused(&mut self, refusal: Refusal) {
        match (&self.state, refusal) {
            (State::Away(_), Refusal::RoomFull) => self.seek(true),
            (State::Joined(_), Refusal::RoomFull) if self.probation.is_some() => self.seek(true),
            _ => self.end(EndReason::Refused(refusal)),
        }
    }

    fn closed(&mut self, action: CloseAction) {
        match (action, &self.state) {
            (CloseAction::Terminal(refusal), _) => self.refused(refusal),
            (_, State::Joined(_) | State::Away(_)) => self.lost(),
            _ => self.end(EndReason::Unreachable),
        }
    }

    /// The way to the server is lost: seeks it again, while sound and picture go on.
    fn lost(&mut self) {
        self.seek(false);
    }

    fn seek(&mut self, full: bool) {
        for timer in [
            Timer::Connect,
            Timer::Welcome,
            Timer::Silence,
            Timer::KeepAlive,
            Timer::Probe,
        ] {
            self.ctx.timers.stop(timer);
        }
        if self.config.patience.is_zero() {
            return self.end(EndReason::ServerGone);
        }
        self.ctx.output(Output::CloseSignaling);
        let now = self.ctx.now;
        let fresh = !matches!(self.state, State::Away(_));
        let mut reconnect = match self.state {
            State::Away(reconnect) => reconnect,
            _ => {
                let recent = self.last_reconnect.take_if(|it| !it.is_over(now));
                self.probation
                    .or(recent)
                    .unwrap_or_else(|| Reconnect::new(now))
            }
        };
        let pause = reconnect.wait(now, full, self.ctx.random());
        let pause = pause.max(self.stays_from.since(now));
        self.ctx.timer(Timer::Retry, pause);
        self.state = State::Away(reconnect);
        if fresh {
            if self.probation.take().is_none() {
                self.ctx.timer(Timer::Patience, self.patience());
            }
            self.mesh.offline();
            self.ctx.unheard = !self.config.capabilities.redelivers;
            self.notify(Notice::StateChanged);
        }
    }

    fn patience(&self) -> Pause {
        self.config.patience.into()
    }

    fn retry(&mut self) {
        if let State::Away(reconnect) = &mut self.state {
            let patience = reconnect.begin(self.ctx.now);
            self.ctx.timers.stop(Timer::Retry);
            self.ctx.timer(Timer::Connect, patience);
            self.ctx.output(Output::OpenSignaling);
        }
    }

    /// The network, or the page, may have come back: what was waited for may be possible now, and
    /// what was believed may be wrong.
    fn network_changed(&mut self) {
        self.mesh.suspect_all(&mut self.ctx);
        match &self.state {
            State::Away(reconnect) if reconnect.would_rather_try(self.ctx.now) => self.retry(),
            _ => self.probe(),
        }
    }

    /// Asks whether the server is alive, unless it is being asked.
    fn probe(&mut self) {
        let asks = matches!(self.state, State::Joined(_)) && self.config.capabilities.answers_ping;
        if asks && !self.ctx.timers.runs(Timer::Probe) {
            self.ctx.output(Output::Send(Request::Ping));
            self.ctx.timer(Timer::Probe, PROBE);
        }
    }

    /// The server was sought for long enough, unless somebody can still be heard or seen.
    fn patience_ends(&mut self) {
        match self.state {
            State::Away(reconnect) if reconnect.full => {
                self.end(EndReason::Refused(Refusal::RoomFull))
            }
            State::Joined(_) => self.probation = None,
            _ if self.mesh.is_alive() => self.ctx.timer(Timer::Patience, self.patience()),
            _ => self.end(EndReason::ServerGone),
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.notify(Notice::Problem(problem));
        self.problems += 1;
        if self.problems >= MAX_PROBLEMS {
            self.end(EndReason::ProtocolError);
        }
    }

    fn timeout(&mut self) {
        while let Some(timer) = self.ctx.timers.expired(self.ctx.now) {
            match timer {
                Timer::Connect if matches!(self.state, State::Opening) => {
                    self.end(EndReason::Unreachable);
                }
                Timer::Welcome if matches!(self.state, State::Joining) => {
                    self.end(EndReason::ServerSilent);
                }
                Timer::Connect | Timer::Welcome | Timer::Silence | Timer::Probe => self.lost(),
                Timer::Retry => self.retry(),
                Timer::Patience => self.patience_ends(),
                Timer::Departure(link) => self.mesh.departure_timed_out(&mut self.ctx, link),
                Timer::RestartIce(link) => self.mesh.restart_ice_timed_out(&mut self.ctx, link),
                Timer::Measure(link) => self.mesh.measure(&mut self.ctx, link),
                Timer::Establish(link) => self.mesh.establish_timed_out(&mut self.ctx, link),
                Timer::Gathering(link) => self.mesh.gathering_timed_out(&mut self.ctx, link),
                Timer::KeepAlive => {
                    self.ctx.output(Output::Send(Request::Ping));
                    self.schedule_keep_alive();
                }
                Timer::Answer(link) => self.mesh.answer_timed_out(&mut self.ctx, link),
                Timer::Silenced(kind) => {
                    self.devices.silence_lasts(kind);
                    self.local_changed();
                }
                Timer::Unanswered => self.devices.question_stands(&mut self.ctx),
                Timer::DeferredOffer => self.mesh.deferred_offer_timed_out(&mut self.ctx),
            }
        }
    }

    /// Leaves with the page, until that is shown again: nobody may be heard by a page that nobody
    /// sees.
    fn sleep(&mut self) {
        self.give_back(Some(Request::Bye));
        self.mesh.offline();
        self.devices.rest();
        let gone: Vec<_> = self.people.iter().map(|peer| peer.id.clone()).collect();
        gone.iter()
            .for_each(|id| self.remove(id, LeaveReason::Lost));
        self.state = State::Asleep;
        self.notify(Notice::StateChanged);
    }

    fn wake(&mut self) {
        self.state = State::Away(Reconnect::new(self.ctx.now));
        self.ctx.timer(Timer::Patience, self.patience());
        self.retry();
        self.devices.start(&mut self.ctx);
    }

    /// Says that the page may go away. Some browsers close its sockets then, and a new one would only
    /// make it look as if it stayed.
    fn leaving(&mut self) {
        self.stays_from = self.ctx.now + LEAVING;
        if matches!(self.state, State::Joined(_)) {
            self.ctx.output(Output::Send(Request::Unload));
        }
    }

    /// Leaves with a page that may come back in a moment.
    fn unload(&mut self) {
        self.give_back(Some(Request::Unload));
        self.over(EndReason::Left);
    }

    /// Says goodbye, if there is one to say, and gives everything back.
    fn give_back(&mut self, goodbye: Option<Request>) {
        let expected = match &self.state {
            State::Joined(_) | State::Joining => true,
            State::Away(reconnect) => reconnect.stage == Stage::Joining,
            _ => false,
        };
        if let (true, Some(goodbye)) = (expected, goodbye) {
            self.ctx.output(Output::Send(goodbye));
        }
        if !matches!(self.state, State::Idle) {
            self.ctx.output(Output::CloseSignaling);
        }
        self.ctx.output(Output::ReleaseMedia);
        self.mesh.close_all(&mut self.ctx);
        self.ctx.timers.stop_all();
        self.ctx.mesh_events.clear();
    }

    /// Ends the call.
    fn end(&mut self, reason: EndReason) {
        // Who says nothing may have let us in all the same, and would hold the seat.
        let held = self.config.capabilities.keeps_seat && reason == EndReason::ServerSilent;
        let goodbye = reason.is_wanted() || held;
        self.give_back(goodbye.then_some(Request::Bye));
        self.over(reason);
    }

    fn over(&mut self, reason: EndReason) {
        self.people.clear();
        self.me = None;
        self.state = State::Ended(reason);
        self.notify(Notice::StateChanged);
        self.notify(Notice::Ended(reason));
    }

    /// Adds someone, or learns anew what is known of them.
    fn admit(&mut self, peer: Peer) {
        if self.me.as_ref() == Some(&peer.id) {
            return;
        }
        match self.people.iter_mut().find(|known| known.id == peer.id) {
            Some(known) => {
                let id = peer.id.clone();
                let deaf = self
                    .me
                    .as_ref()
                    .is_some_and(|me| peer.not_receiving.contains(me));
                *known = peer;
                self.mesh.seated(&id);
                self.mesh.reported_by_peer(&mut self.ctx, &id, deaf);
                self.changed(&id);
            }
            None => {
                self.notify(Notice::ParticipantJoined(self.view(&peer)));
                self.people.push(peer);
            }
        }
    }

    fn update(&mut self, id: &ParticipantId, update: impl FnOnce(&mut Peer)) {
        if let Some(peer) = self.people.iter_mut().find(|peer| peer.id == *id) {
            update(peer);
            self.changed(id);
        }
    }

    /// Someone is gone, whatever still comes from them.
    fn part(&mut self, id: &ParticipantId) {
        self.mesh.left(&mut self.ctx, id, LeaveReason::Bye);
        self.remove(id, LeaveReason::Lost);
    }

    fn left(&mut self, id: &ParticipantId, reason: LeaveReason) {
        if !self.mesh.left(&mut self.ctx, id, reason) {
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
    fn handle_mesh_events(&mut self) {
        while let Some(event) = next(&mut self.ctx.mesh_events) {
            match event {
                MeshEvent::Appeared(id) if self.person(&id).is_none() => {
                    let found = self.found.take_if(|found| found.id == id);
                    self.admit(found.unwrap_or_else(|| Peer::new(id, None)));
                }
                MeshEvent::Appeared(id) | MeshEvent::Changed(id) => self.changed(&id),
                MeshEvent::Vanished(id, reason) => self.remove(&id, reason),
                MeshEvent::ServerSuspect => self.probe(),
                MeshEvent::Text(from, text) => self.notify(Notice::Text { from, text }),
                MeshEvent::Problem(problem) => self.problem(problem),
            }
        }
        self.update_receive_report();
    }

    /// Tells the room whom we can't hear or see, if that is another than before.
    fn update_receive_report(&mut self) {
        if !matches!(self.state, State::Joined(_)) || !self.config.capabilities.receive_reports {
            return;
        }
        let not_receiving = self.mesh.not_receiving();
        if not_receiving != self.not_receiving {
            self.send_receive_report(not_receiving);
        }
    }

    fn send_receive_report(&mut self, not_receiving: Vec<ParticipantId>) {
        self.not_receiving.clone_from(&not_receiving);
        self.ctx
            .output(Output::Send(Request::ReceiveReport(not_receiving)));
    }

    /// Hands something to the devices, and tells of it if they say so.
    fn media(&mut self, step: impl FnOnce(&mut Devices, &mut Context) -> bool) {
        if step(&mut self.devices, &mut self.ctx) {
            self.local_changed();
        }
    }

    fn toggle(&mut self, kind: TrackKind, on: Option<bool>) {
        self.media(|it, ctx| it.toggle(ctx, kind, on));
    }

    fn track_set(&mut self, kind: TrackKind, token: Token) {
        self.devices.turned(&mut self.ctx, kind, token);
        self.local_changed();
    }

    /// Tells the app, and the room as far as it listens, what our tracks carry now.
    fn local_changed(&mut self) {
        self.notify(Notice::LocalChanged);
        let media = self.local_media();
        let listening = matches!(self.state, State::Joined(_));
        if listening && self.config.capabilities.media_state && Some(media) != self.announced {
            self.announced = Some(media);
            self.ctx.output(Output::Send(Request::Media(media)));
        }
    }

    fn notify(&mut self, notice: Notice) {
        self.ctx.output(Output::Notify(notice));
    }

    fn call_state(&self) -> CallState {
        match self.state {
            State::Idle => CallState::Idle,
            State::Opening | State::Joining => CallState::Connecting,
            State::Joined(_) => CallState::Connected,
            State::Away(_) | State::Asleep => CallState::Reconnecting,
            State::Ended(reason) => CallState::Ended(reason),
        }
    }

    fn view(&self, peer: &Peer) -> ParticipantView {
        ParticipantView {
            id: peer.id.clone(),
            name: peer.name.clone(),
            connection: self.mesh.connection(&peer.id),
            media: peer.media,
            away: peer.away,
            not_receiving: peer.not_receiving.clone(),
        }
    }

    fn person(&self, id: &ParticipantId) -> Option<&Peer> {
        self.people.iter().find(|peer| peer.id == *id)
    }

    fn local_media(&self) -> MediaState {
        self.devices.state()
    }
}
