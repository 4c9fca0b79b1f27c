//! Whether something comes in by the links, and what is done about silence.

use videocalls_protocol::{Offerer, ParticipantId};

use super::Mesh;
use crate::link::Link;
use crate::time::{Pause, Timer};
use crate::work::{News, Work};
use crate::{LinkId, LinkOp, Transport};

/// How often ICE is restarted on a link before the link is made anew.
const RESTARTS: u8 = 2;
/// How long a restart may take: an exchange of descriptions and ICE's own checks on a slow network.
const RESTART: Pause = Pause::from_secs(4);
/// How long the polite end waits for a restart of the other's.
const TURN: Pause = Pause::from_secs(1);
/// What was cut off for a short while heals by itself, so soon after the network is back.
const HEALING: Pause = Pause::from_millis(500);

impl Mesh {
    /// A link is there: from now on it is measured.
    pub(super) fn watch(&self, work: &mut Work, id: LinkId) {
        if self.measures {
            work.timer(Timer::Measure(id), Pause::ZERO);
        }
    }

    /// It is time to measure a link.
    pub(crate) fn measure(&mut self, work: &mut Work, id: LinkId) {
        let now = work.now;
        if let Some(link) = self.link_mut(id) {
            work.link(id, LinkOp::Measure);
            work.timer(Timer::Measure(id), link.flow.pause(now));
        }
    }

    /// Has all links looked at closely: the network may be another.
    pub(crate) fn doubt_all(&mut self, work: &mut Work) {
        self.doubt(work, |_| true);
    }

    /// Has one looked at closely, whose connection to the server is lost.
    pub(crate) fn doubt_one(&mut self, work: &mut Work, participant: &ParticipantId) {
        self.doubt(work, |link| link.is_for(participant));
    }

    fn doubt(&mut self, work: &mut Work, which: impl Fn(&Link) -> bool) {
        let now = work.now;
        let watched = self.measures;
        for link in self.links.iter_mut().filter(|link| which(link)) {
            if watched && link.has_connected {
                link.flow.doubt(now);
                work.timer(Timer::Measure(link.id), Pause::ZERO);
            }
        }
    }

    /// The browser has counted what came in by a link.
    pub(super) fn measured(&mut self, work: &mut Work, id: LinkId, received: u64) {
        let now = work.now;
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let before = link.flow.silent;
        link.flow.measured(now, received);
        let silent = link.flow.silent;
        if before != silent {
            let participant = link.participant().cloned();
            work.news.extend(participant.map(News::Changed));
        }
        if link.flow.is_doubtful(now) {
            work.news.push(News::Doubt);
        }
        match (before, silent) {
            (_, true) => drop(self.mend(work, id)),
            (true, false) => self.mended(work, id),
            (false, false) => {}
        }
    }

    /// Something comes in again.
    pub(super) fn mended(&mut self, work: &mut Work, id: LinkId) {
        if let Some(link) = self.find_mut(&|link| link.id == id && link.restarts > 0) {
            link.restarts = 0;
            work.timers.stop(Timer::Establish(id));
        }
    }

    /// A participant says, by the server, whether they can hear us.
    pub(crate) fn told(&mut self, work: &mut Work, participant: &ParticipantId, deaf: bool) {
        let heals = self.measures;
        let Some(link) = self.link_to(participant) else {
            if deaf {
                self.call_back(work, participant);
            }
            return;
        };
        let (id, timer) = (link.id, Timer::Mend(link.id));
        let before = std::mem::replace(&mut link.told, deaf);
        if deaf && !before {
            let lost = !heals || link.transport == Transport::Failed;
            work.timer(timer, if lost { Pause::ZERO } else { HEALING });
            // What does not get through in one direction may not in the other.
            self.doubt_one(work, participant);
        } else if !deaf {
            work.timers.stop(timer);
            if !link.is_not_receiving() {
                self.mended(work, id);
            }
        }
    }

    /// A link has had the time to heal, or to come out of what it was in, by itself.
    pub(crate) fn mend_timed_out(&mut self, work: &mut Work, id: LinkId) {
        self.mend_now(work, id);
        if self.link(id).is_some_and(|link| link.restarts == 0) {
            work.timer(Timer::Mend(id), TURN);
        }
    }

    /// The server is heard, so the network is there: what is lost for good can be mended.
    pub(crate) fn reachable(&mut self, work: &mut Work) {
        let lost = self.links.iter_mut().filter_map(|link| {
            let waits = std::mem::take(&mut link.awaits_server);
            (waits && link.is_not_receiving()).then_some(link.id)
        });
        let lost: Vec<_> = lost.collect();
        lost.into_iter().for_each(|id| self.mend_now(work, id));
    }

    /// Has a link mended that was there and is silent or lost. Returns whether there is hope.
    ///
    /// A restart that the other end can't answer yet does harm: Chromium 156 turns to the new way
    /// at once, and Firefox 153 takes nothing from there before it has answered. So a silence,
    /// which may be that of a network gone dark and heals by itself, is told to the room, and who
    /// is told by the other end, and so knows that both can be reached, restarts. What is lost for
    /// good waits only for our own way to the server. Where nothing is told, a silence has to do.
    pub(super) fn mend(&mut self, work: &mut Work, id: LinkId) -> bool {
        let told = self.capabilities.resume;
        if !self.is_mendable(id) {
            return false;
        }
        match self.link_mut(id) {
            Some(link) if told && link.transport == Transport::Failed => {
                link.awaits_server = true;
                work.news.push(News::Doubt);
            }
            Some(_) if !told => self.mend_now(work, id),
            _ => {}
        }
        true
    }

    /// Restarts ICE on a link, unless that is under way.
    fn mend_now(&mut self, work: &mut Work, id: LinkId) {
        let rests = self.link(id).is_some_and(|link| link.restarts == 0);
        if rests && self.is_mendable(id) {
            self.restart(work, id);
        }
    }

    fn is_mendable(&self, id: LinkId) -> bool {
        let possible = self.online && self.capabilities.offerer != Offerer::Other;
        let link = self.link(id).filter(|_| possible);
        link.is_some_and(|it| it.has_connected && it.is_agreed() && !it.is_broken())
    }

    /// Restarts ICE. Both ends notice a silence, and browsers do not take it well when both restart
    /// at once; so the polite one leaves the first turn to the other.
    fn restart(&mut self, work: &mut Work, id: LinkId) {
        let polite = self.leaves_first_turn(id);
        if let Some(link) = self.link_mut(id) {
            link.restarts += 1;
            let waits = polite && link.restarts == 1;
            // An offer that is still to be answered starts ICE anew already, or comes before that.
            if !waits && link.is_agreed() {
                work.link(id, LinkOp::RestartIce);
            }
            let real = link.restarts - u8::from(polite);
            let pause = RESTART * u32::from(real);
            work.timer(Timer::Establish(id), if waits { TURN } else { pause });
        }
    }

    fn leaves_first_turn(&self, id: LinkId) -> bool {
        let participant = self.link(id).and_then(Link::participant);
        participant.is_some_and(|other| self.is_polite_to(other))
    }

    /// A restart has not helped in time. Returns whether another is tried.
    pub(super) fn restart_again(&mut self, work: &mut Work, id: LinkId) -> bool {
        let most = RESTARTS + u8::from(self.leaves_first_turn(id));
        let again = self.link(id).is_some_and(|link| {
            let wanted = link.told || link.is_not_receiving();
            wanted && (1..most).contains(&link.restarts) && link.transport != Transport::Closed
        });
        if again {
            self.restart(work, id);
        }
        again
    }

    /// Whom we can't hear or see, though we should.
    pub(crate) fn not_receiving(&self) -> Vec<ParticipantId> {
        let not_receiving = self.links.iter().filter(|link| link.is_not_receiving());
        not_receiving
            .filter_map(Link::participant)
            .cloned()
            .collect()
    }
}

impl Link {
    /// Whether it was there, and nothing comes in by it.
    fn is_not_receiving(&self) -> bool {
        let lost = match self.transport {
            // Some browsers say so of a way that only loses much.
            Transport::Disconnected => !self.flow.is_steady(),
            Transport::Failed => true,
            _ => false,
        };
        self.has_connected && (self.flow.silent || lost)
    }
}
