use std::sync::Arc;

use axum::http::HeaderMap;
use tracing::warn;

use crate::appointments::Book;
use crate::company::Company;
use crate::hall::Hall;
use crate::members::Members;
use crate::serve::Life;
use crate::socketio::Sessions;
use crate::{Assets, Config, Limits, LinkBase, Origin, Secret, Timing, origin};

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) hall: Arc<Hall>,
    pub(crate) relays: Arc<Company>,
    pub(crate) channels: Arc<Company>,
    pub(crate) pairs: Arc<Company>,
    pub(crate) sessions: Sessions,
    pub(crate) book: Arc<Book>,
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
            hall: Arc::new(Hall::new(&config)),
            relays: Company::new("relay"),
            channels: Company::new("channels"),
            pairs: Company::new("pairs"),
            sessions: Sessions::new(limits.polling_sessions),
            book: Book::new(limits.appointments, timing.appointment),
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
