mod messages;
mod moderation;
mod server_events;

use std::time::Duration;

use videocalls_protocol::{
    Admission, Capabilities, DisplayName, Join, LeaveReason, ParticipantId, Request, RoomName,
    TrackState,
};

pub use self::messages::SendError;

use crate::access::Access;
use crate::context::Context;
use crate::data::Data;
use crate::devices::{Devices, Muted, Source};
use crate::mesh::Mesh;
use crate::room::Room;
use crate::roster::Roster;
use crate::server_problems::{Reaction, ServerProblems};
use crate::signaling::{Outcome, Signaling};
use crate::time::Timestamp;
use crate::timers::Timer;
use crate::topology::Topology;
use crate::topology_event::TopologyEvent;
use crate::track::TrackKind;
use crate::{CallState, EndReason, Input, LinkId, Notice, Output, Problem, Snapshot, Token};

/// The configuration of a call.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the dialect's server does, and leaves to the client.
    pub capabilities: Capabilities,
    /// The room, where the server has rooms.
    pub room: Option<RoomName>,
    /// The name to show to the others.
    pub name: Option<DisplayName>,
    /// An access token for the server.
    pub token: Option<String>,
    /// Whether the driver can fetch access tokens ([`Output::FetchToken`]).
    pub fetches_token: bool,
    /// The local participant's id, in a dialect whose clients choose their own.
    pub own_id: Option<ParticipantId>,
    /// Where the local audio track comes from.
    pub audio: Source,
    /// Where the local video track comes from.
    pub video: Source,
    /// Which local tracks are off at first.
    pub muted: Muted,
    /// How long to try to reconnect to the server. While media still arrives from anyone, there is no
    /// limit. Zero: the call ends as soon as the connection is lost.
    pub patience: Duration,
    /// A random number that differs from that of other clients.
    pub seed: u32,
    /// Whether the driver can count what a link receives.
    pub measures: bool,
}

/// A call: the connection to the server, the roster, the links and the local tracks.
pub struct Session {
    config: Config,
    signaling: Signaling,
    roster: Roster,
    room: Room,
    topology: Box<dyn Topology>,
    devices: Devices,
    data: Data,
    /// The last receive report that was sent: whose media does not arrive here.
    reported: Vec<ParticipantId>,
    /// Whether the server has offered ICE servers.
    has_ice_servers: bool,
    problems: ServerProblems,
    ctx: Context,
}

impl Session {
    /// Creates a call, which begins with [`Input::Start`].
    pub fn new(config: Config) -> Self {
        let mesh = Mesh::new(config.capabilities, config.own_id.clone(), config.measures);
        Self {
            signaling: Signaling::new(
                config.patience,
                config.capabilities,
                Access::new(config.token.clone(), config.fetches_token),
            ),
            roster: Roster::default(),
            room: Room::default(),
            topology: Box::new(mesh),
            devices: Devices::new(config.audio, config.video, config.muted),
            data: Data::new(config.seed),
            reported: Vec::new(),
            has_ice_servers: false,
            problems: ServerProblems::default(),
            ctx: Context::new(config.seed),
            config,
        }
    }

    /// Handles something that happened. Drain [`poll`](Self::poll) afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.ctx.advance_to(now);
        if !self.signaling.has_ended() {
            self.dispatch(input);
            self.handle_topology_events();
        }
    }

    /// Returns the next thing that the driver has to do, if there is any.
    pub fn poll(&mut self) -> Option<Output> {
        self.ctx.next_output()
    }

    /// Returns when an [`Input::Timeout`] is due. Ask again after each drain.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.ctx.next_timeout()
    }

    /// Returns the state of the call as plain data.
    pub fn snapshot(&self) -> Snapshot {
        let media = self.devices.state();
        Snapshot {
            state: self.state(),
            me: self.roster.own_id().cloned(),
            participants: self.roster.views(self.topology.as_ref()),
            microphone: media.audio,
            camera: media.video,
            is_hand_raised: self.data.is_hand_raised(),
            grants: self.room.grants(),
            room: self.room.state(),
            knocks: self.room.knocks().to_vec(),
        }
    }

    /// Returns the state of the call alone.
    pub fn state(&self) -> CallState {
        self.signaling.call_state()
    }

    /// Whether the user wants a track on; `None` if there is no device and none is requested.
    pub fn wants(&self, kind: TrackKind) -> Option<bool> {
        self.devices.intention(kind)
    }

    /// Whether a track of this kind is expected. A track that arrives unexpectedly is to be stopped.
    pub fn awaits(&self, kind: TrackKind) -> bool {
        let is_over = self.signaling.is_suspended() || self.signaling.has_ended();
        !is_over && kind.of(self.devices.state()) == TrackState::Pending
    }

    /// The link that carries a participant's tracks.
    pub fn link_of(&self, id: &ParticipantId) -> Option<LinkId> {
        self.topology.link_of(id)
    }

    /// Passes an input to the part that handles it. Most mean nothing before the start, or while the
    /// page is suspended.
    fn dispatch(&mut self, input: Input) {
        let (is_idle, is_suspended) = (self.signaling.is_idle(), self.signaling.is_suspended());
        match input {
            Input::Start if is_idle => self.start(),
            Input::Toggle { kind, on } if !is_suspended => self.toggle(kind, on),
            Input::End(reason) => self.end(reason),
            Input::PageMayUnload => self.signaling.page_may_unload(&mut self.ctx),
            Input::PageUnloading => self.unload(),
            Input::PageRestored if is_suspended => self.restore(),
            Input::Start | Input::PageRestored => {}
            _ if is_idle || is_suspended => {}
            Input::PageSuspended => self.suspend(),
            Input::SignalingOpened => self.opened(),
            Input::SignalingEvent(event) => self.receive(event),
            Input::SignalingProblem(problem) => self.server_problem(problem),
            Input::SignalingClosed(action) => {
                let outcome = self.signaling.closed(&mut self.ctx, action);
                self.apply(outcome);
            }
            Input::MediaSettled(media) => self.media(|it, ctx| it.settled(ctx, media)),
            Input::Toggle { .. } => {}
            Input::SendText { text, to } => self.send_text(text, to),
            Input::SendData {
                payload,
                to,
                is_reliable,
            } => self.send_data(payload, to, is_reliable),
            Input::React(reaction) => self.react(reaction),
            Input::RaiseHand(on) => self.raise_hand(on),
            Input::Moderate(moderation) => self.moderate(moderation),
            Input::TokenFetched(token) => {
                let outcome = self.signaling.token_fetched(&mut self.ctx, token);
                self.apply(outcome);
            }
            Input::TrackSet { kind, token } => self.track_set(kind, token),
            Input::TrackEnded(kind) => self.media(|it, ctx| it.track_ended(ctx, kind)),
            Input::TrackMuted { kind, muted } => {
                self.media(|it, ctx| it.muted_by_system(ctx, kind, muted))
            }
            Input::DeviceAppeared(kind) => self.media(|it, ctx| it.device_appeared(ctx, kind)),
            Input::PermissionGranted(kind) => {
                self.media(|it, ctx| it.permission_granted(ctx, kind))
            }
            Input::Link { link, report } => {
                self.topology.link_report(&mut self.ctx, link, report);
            }
            Input::NetworkChanged => {
                self.topology.network_changed(&mut self.ctx);
                self.signaling.network_changed(&mut self.ctx);
            }
            Input::Timeout => self.timeout(),
        }
    }

    /// Starts signaling, local media and the first link at the same time: none waits for another.
    fn start(&mut self) {
        self.signaling.start(&mut self.ctx);
        self.devices.start(&mut self.ctx);
        self.topology.prepare(&mut self.ctx);
        self.ctx.notify(Notice::StateChanged);
    }

    fn opened(&mut self) {
        if !self.signaling.opened(&mut self.ctx) {
            return;
        }
        self.ctx.output(Output::Send(Request::Join(Join {
            room: self.config.room.clone(),
            name: self.config.name.clone(),
            token: self.signaling.token(),
            resume: None,
            keeps: self.topology.connected(),
            media: self.devices.announce_by_join(),
        })));
        if self.config.capabilities.admission == Admission::Open {
            let me = self.config.own_id.clone();
            self.roster.set_own_id(me.clone());
            self.signaling.joined_unasked(&mut self.ctx);
            self.ctx.notify(Notice::StateChanged);
            self.topology.admitted(&mut self.ctx, me, &[]);
            self.topology.online(&mut self.ctx);
        }
    }

    fn timeout(&mut self) {
        while let Some(timer) = self.ctx.expired_timer() {
            match timer {
                Timer::Signaling(timer) => {
                    let media_flows = self.topology.is_media_flowing();
                    let outcome = self.signaling.timed_out(&mut self.ctx, timer, media_flows);
                    self.apply(outcome);
                }
                Timer::Device(timer) => self.media(|it, ctx| it.timed_out(ctx, timer)),
                Timer::Topology(timer) => self.topology.timed_out(&mut self.ctx, timer),
            }
        }
    }

    /// Applies the outcome of a signaling step to the rest of the call.
    fn apply(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Unchanged => {}
            Outcome::Lost => {
                self.topology.offline();
                self.ctx.notify(Notice::StateChanged);
            }
            Outcome::End(reason) => self.end(reason),
        }
    }

    /// Counts a problem with the server. A server that only relays may have passed on a peer's
    /// message, so there it never ends the call.
    fn server_problem(&mut self, problem: Problem) {
        let only_relays = self.config.capabilities.admission == Admission::Open;
        match self.problems.count(self.ctx.now(), problem) {
            Reaction::Report => self.ctx.notify(Notice::Problem {
                problem,
                participant: None,
            }),
            Reaction::GiveUp if !only_relays => self.end(EndReason::ProtocolError),
            Reaction::GiveUp | Reaction::Ignore => {}
        }
    }

    /// Leaves the room until the page is shown again.
    fn suspend(&mut self) {
        self.close(Some(Request::Bye));
        self.topology.offline();
        self.devices.reset();
        for id in self.roster.ids() {
            self.remove(&id, LeaveReason::Lost);
        }
        self.signaling.suspend();
        self.ctx.notify(Notice::StateChanged);
    }

    /// Joins the room again: the page is shown again.
    fn restore(&mut self) {
        self.signaling.restore(&mut self.ctx);
        self.devices.start(&mut self.ctx);
    }

    /// Ends the call as the page unloads. A reloaded page may take the seat again, so there is no goodbye.
    fn unload(&mut self) {
        self.close(Some(Request::Unload));
        self.ended(EndReason::Left);
    }

    /// Ends the call. A server that has not answered our join may hold a seat for us all the same.
    fn end(&mut self, reason: EndReason) {
        let may_have_seat =
            self.config.capabilities.keeps_seat && reason == EndReason::ServerSilent;
        let goodbye = reason.is_wanted() || may_have_seat;
        self.close(goodbye.then_some(Request::Bye));
        self.ended(reason);
    }

    /// Sends a last request, closes the socket and all links, and releases the devices.
    fn close(&mut self, last: Option<Request>) {
        self.signaling.close(&mut self.ctx, last);
        self.ctx.output(Output::ReleaseMedia);
        self.topology.close(&mut self.ctx);
        self.ctx.stop_everything();
    }

    fn ended(&mut self, reason: EndReason) {
        self.roster.clear();
        self.signaling.end(reason);
        self.ctx.notify(Notice::StateChanged);
        self.ctx.notify(Notice::Ended(reason));
    }

    fn remove(&mut self, id: &ParticipantId, reason: LeaveReason) {
        let links = self.topology.as_ref();
        self.roster.remove(&mut self.ctx, links, id, reason);
        self.data.left(&mut self.ctx, links, id);
    }

    /// Handles what the links report.
    fn handle_topology_events(&mut self) {
        while let Some(event) = self.ctx.next_report() {
            let links = self.topology.as_ref();
            match event {
                TopologyEvent::Appeared(id) => {
                    self.roster.appeared(&mut self.ctx, links, id.clone());
                    self.data.appeared(&mut self.ctx, links, &id);
                }
                TopologyEvent::Changed(id) => self.roster.changed(&mut self.ctx, links, &id),
                TopologyEvent::Lost(id, reason) => self.remove(&id, reason),
                TopologyEvent::ServerSuspect => self.signaling.probe(&mut self.ctx),
                TopologyEvent::DataOpened(id) => self.data.opened(&mut self.ctx, links, &id),
                TopologyEvent::Data(from, message) => self.receive_data(from, &message),
                TopologyEvent::Text(from, text) => self.receive_text(from, text),
                TopologyEvent::Problem(problem, participant) => self.ctx.notify(Notice::Problem {
                    problem,
                    participant,
                }),
            }
        }
        self.update_receive_report();
    }

    /// Reports to the room whose media does not arrive here, if that has changed.
    fn update_receive_report(&mut self) {
        if self.signaling.is_joined() && self.config.capabilities.receive_reports {
            let not_receiving = self.topology.not_receiving();
            if not_receiving != self.reported {
                self.send_receive_report(not_receiving);
            }
        }
    }

    fn send_receive_report(&mut self, not_receiving: Vec<ParticipantId>) {
        self.reported = not_receiving.clone();
        let report = Request::ReceiveReport(not_receiving);
        self.ctx.output(Output::Send(report));
    }

    /// Has the devices handle something, and publishes the new state if they say so.
    fn media(&mut self, step: impl FnOnce(&mut Devices, &mut Context) -> bool) {
        if step(&mut self.devices, &mut self.ctx) {
            self.publish_local_state();
        }
    }

    /// Turns a track on or off; on only if we may send it.
    fn toggle(&mut self, kind: TrackKind, on: Option<bool>) {
        if !self.room.may_send(kind) && on != Some(false) && self.wants(kind) != Some(true) {
            return self.not_permitted();
        }
        self.media(|it, ctx| it.toggle(ctx, kind, on));
    }

    fn track_set(&mut self, kind: TrackKind, token: Token) {
        self.devices.track_set(&mut self.ctx, kind, token);
        self.publish_local_state();
    }

    /// Publishes the state of the local tracks, to the app and to the room.
    fn publish_local_state(&mut self) {
        self.ctx.notify(Notice::LocalChanged);
        if self.signaling.is_joined() && self.config.capabilities.media_state {
            self.devices.announce(&mut self.ctx);
        }
    }
}
