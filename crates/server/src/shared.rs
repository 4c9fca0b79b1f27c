use std::sync::Arc;

use axum::http::HeaderMap;
use tracing::warn;

use crate::appointments::AppointmentStore;
use crate::broadcast_rooms::BroadcastRooms;
use crate::members::Members;
use crate::room_registry::RoomRegistry;
use crate::serve::Life;
use crate::socketio::Sessions;
use crate::{Assets, Config, Limits, LinkBase, Origin, Secret, Timing, origin};

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) registry: Arc<RoomRegistry>,
    pub(crate) relays: Arc<BroadcastRooms>,
    pub(crate) channels: Arc<BroadcastRooms>,
    pub(crate) pairs: Arc<BroadcastRooms>,
    pub(crate) sessions: Sessions,
    pub(crate) store: Arc<AppointmentStore>,
    pub(crate) secret: Option<Secret>,
    pub(crate) link_base: Option<LinkBase>,
    pub(crate) members: Members,
    pub(crate) room_capacity: usize,
    pub(crate) limits: Limits,
    pub(crate) timing: Timing,
    pub(crate) life: Life,
    pub(crate) assets: Assets,
    allow_origins: Vec<Origin>,
}

impl Shared {
    pub(crate) fn new(config: Config, life: Life) -> Self {
        let (limits, timing) = (config.limits, config.timing);
        Self {
            registry: Arc::new(RoomRegistry::new(&config)),
            relays: BroadcastRooms::new("relay"),
            channels: BroadcastRooms::new("channels"),
            pairs: BroadcastRooms::new("pairs"),
            sessions: Sessions::new(limits.polling_sessions),
            store: AppointmentStore::new(limits.appointments, timing.appointment),
            secret: config.appointments_secret,
            link_base: config.appointments_base,
            members: Members::new(limits.members, timing.member),
            room_capacity: config.room_capacity.get(),
            limits,
            timing,
            life,
            assets: config.assets,
            allow_origins: config.allow_origins,
        }
    }

    /// Whether the page that a request comes from may talk to us.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let admitted = origin::admits(&self.allow_origins, headers);
        if !admitted {
            warn!("origin not allowed");
        }
        admitted
    }
}
