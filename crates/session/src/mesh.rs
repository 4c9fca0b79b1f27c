//! The mesh: one link to each other participant.
//!
//! Nothing above this module knows which link carries whom.

mod arrival;
mod exchange;
mod repair;
mod repeat;
mod topology;
mod watch;

use std::time::Duration;

use videocalls_protocol::{Capabilities, Departure, LeaveReason, Offerer, ParticipantId};

use self::repair::Cause;
use crate::context::{Context, MeshEvent};
use crate::link::{Fate, Link, RemoteDescription, Target};
use crate::memory::Memory;
use crate::time::LinkTimer;
use crate::{Connection, LinkId, LinkOp, LinkReport, LinkRole, Problem, Transport};

/// How long a link may look for its way before it is made anew: ICE's own checks take at most
/// 5 s on the worst of usable networks, then 5 s to spare.
const ESTABLISH: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Mesh {
    capabilities: Capabilities,
    me: Option<ParticipantId>,
    /// In the order of their making; a handful, so a search by walking is the quickest.
    links: Vec<Link>,
    memory: Memory,
    /// Whether there is a way to the server.
    online: bool,
    /// Whether the driver can measure what comes in.
    measures: bool,
    /// An offer that waits: for an answer to ours, or for its sender's predecessor to be gone.
    deferred_offer: Option<(ParticipantId, RemoteDescription)>,
}

impl Mesh {
    pub(crate) fn new(
        capabilities: Capabilities,
        me: Option<ParticipantId>,
        measures: bool,
    ) -> Self {
        Self {
            capabilities,
            me,
            links: Vec::new(),
            memory: Memory::default(),
            online: true,
            measures,
            deferred_offer: None,
        }
    }

    /// The way to the server is lost: nothing can be agreed on until it is back.
    pub(crate) fn offline(&mut self) {
        self.online = false;
    }

    /// There is a way to the server.
    pub(crate) fn online(&mut self, ctx: &mut Context) {
        if !std::mem::replace(&mut self.online, true) {
            self.catch_up(ctx);
            self.reachable(ctx);
            self.say_again(ctx);
        }
    }

    /// Someone whose seat was lost has one again.
    pub(crate) fn seated(&mut self, id: &ParticipantId) {
        let announced = self.capabilities.departure == Departure::Announced;
        if let Some(link) = self.link_to(id) {
            link.media_only &= !announced;
        }
    }

    /// Whether sound or picture comes from anybody.
    pub(crate) fn is_alive(&self) -> bool {
        let mut links = self.links.iter();
        links.any(|link| link.transport == Transport::Connected)
    }

    /// Someone's seat is free: closes the link, unless the media goes on and only the seat was
    /// lost. Returns whether a link is left.
    pub(crate) fn left(
        &mut self,
        ctx: &mut Context,
        id: &ParticipantId,
        reason: LeaveReason,
    ) -> bool {
        // Missing from an incomplete roster, the participant may still be there.
        let unknown = !self.capabilities.roster_is_complete;
        if let (LeaveReason::Lost, Some(link)) = (reason, self.link_to(id))
            && (link.is_healthy() && !link.receiving.silent
                || unknown && link.transport == Transport::Disconnected)
        {
            link.media_only = true;
            return true;
        }
        self.drop_participant(ctx, id);
        false
    }

    pub(crate) fn close_all(&mut self, ctx: &mut Context) {
        self.close_where(ctx, &|_| true);
        self.memory = Memory::default();
        self.deferred_offer = None;
    }

    /// How a participant is connected.
    pub(crate) fn connection(&self, id: &ParticipantId) -> Connection {
        let link = self.link_of(id);
        match link.map(|link| (link.transport, link.receiving.silent)) {
            Some((Transport::Connected, false)) => Connection::Connected,
            Some((Transport::New | Transport::Connecting, false)) | None => Connection::Connecting,
            Some(_) => Connection::Interrupted,
        }
    }

    pub(crate) fn link_id_of(&self, id: &ParticipantId) -> Option<LinkId> {
        self.link_of(id).map(|link| link.id)
    }

    /// Takes what the browser reports of a link; of a closed one it does not matter.
    pub(crate) fn report(&mut self, ctx: &mut Context, id: LinkId, report: LinkReport) {
        let never_offers = self.capabilities.offerer == Offerer::Other;
        let Some(link) = self.link_mut(id) else {
            return;
        };
        match report {
            LinkReport::Transport(transport) => self.transport_changed(ctx, id, transport),
            LinkReport::Measured(received) => self.measured(ctx, id, received),
            LinkReport::TracksChanged => {
                ctx.mesh_events
                    .extend(link.participant().cloned().map(MeshEvent::Changed));
            }
            LinkReport::Text(text) => {
                let from = link.participant().cloned();
                ctx.mesh_events
                    .extend(from.map(|from| MeshEvent::Text(from, text)));
            }
            LinkReport::NegotiationNeeded if never_offers => {}
            report => {
                let fate = link.report(ctx, report);
                let participant = link.participant().cloned();
                if fate == Fate::Broken {
                    ctx.mesh_events
                        .push(MeshEvent::Problem(Problem::NegotiationFailed, participant));
                    self.rebuild(ctx, id, Cause::Broken);
                } else if let Some(participant) = participant {
                    // An offer that was kept may have been taken.
                    self.deliver_early(ctx, &participant);
                }
            }
        }
    }

    /// Candidates that have not been found by now are not worth waiting for.
    pub(crate) fn gathering_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        if let Some(link) = self.link_mut(id) {
            link.stop_gathering(ctx);
        }
    }

    /// Says something to everyone, by the links.
    pub(crate) fn send_text(&self, ctx: &mut Context, text: &str) {
        for link in self.links.iter().filter(|it| it.participant().is_some()) {
            ctx.link(link.id, LinkOp::SendText(text.to_owned()));
        }
    }

    fn drop_participant(&mut self, ctx: &mut Context, id: &ParticipantId) {
        self.drop_deferred_offer(ctx, id);
        self.retire_links(ctx, &|link| link.is_for(id));
        self.memory.forget_early(id);
        self.stand_by(ctx);
    }

    fn open(&self, ctx: &mut Context, role: LinkRole, target: Target) -> Link {
        let mut link = Link::open(ctx, role, target, self.capabilities.trickle);
        link.media_only = self.capabilities.departure == Departure::Unannounced;
        if link.participant().is_some() {
            ctx.timer(LinkTimer::Establish(link.id), ESTABLISH);
        }
        link
    }

    fn open_offering(&mut self, ctx: &mut Context, target: Target) -> LinkId {
        let mut link = self.open(ctx, LinkRole::Offerer, target);
        link.offer(ctx);
        let id = link.id;
        self.links.push(link);
        id
    }

    /// Closes links and remembers whom they led to, so that what still comes from there is known
    /// for late.
    fn retire_links(&mut self, ctx: &mut Context, which: &dyn Fn(&Link) -> bool) {
        let leaving = self.links.iter().filter(|link| which(link));
        let ends: Vec<_> = leaving.filter_map(|link| link.remote.clone()).collect();
        ends.into_iter().for_each(|end| self.memory.retire(end));
        self.close_where(ctx, which);
    }

    fn close_where(&mut self, ctx: &mut Context, which: &dyn Fn(&Link) -> bool) {
        self.links
            .extract_if(.., |link| which(link))
            .for_each(|link| link.close(ctx));
    }

    /// Whether offers go out to whoever may be there.
    fn broadcasts_offers(&self) -> bool {
        self.capabilities.offerer == Offerer::Everyone
    }

    /// Politeness is decided by comparing ids, alike at both ends.
    fn is_polite_to(&self, other: &ParticipantId) -> bool {
        self.me.as_ref().is_some_and(|me| me > other)
    }

    fn has_room_for(&self, from: &ParticipantId) -> bool {
        let others = self
            .links
            .iter()
            .filter_map(Link::participant)
            .filter(|id| *id != from);
        self.capabilities
            .capacity
            .is_none_or(|capacity| others.count() + 1 < capacity)
    }

    fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    fn link_of(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.iter().find(|link| link.is_for(id))
    }

    fn link_to(&mut self, id: &ParticipantId) -> Option<&mut Link> {
        self.find_mut(&|link| link.is_for(id))
    }

    fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.find_mut(&|link| link.id == id)
    }

    fn find_mut(&mut self, which: &dyn Fn(&Link) -> bool) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| which(link))
    }
}

impl Link {
    /// How long it may take to find its way: longer each time.
    fn patience(&self) -> Duration {
        ESTABLISH * u32::from(self.attempt).clamp(1, 6)
    }

    fn is_for(&self, id: &ParticipantId) -> bool {
        self.participant() == Some(id)
    }
}
