//! Appointments of clients with professionals, who come by links with tokens in them.
//!
//! The client offers whenever it is ready, the professional answers at any later time; descriptions
//! and candidates are stored for whoever is not connected. The token decides what its bearer may
//! act on: a client on one appointment, a professional on all that are in their name.

mod claims;
mod links;
mod session;
mod store;

use std::sync::Arc;

use videocalls_server::extend::{Context, Outbox};

use crate::{Config, Secret};
use claims::Person;
use links::Links;
use store::AppointmentStore;

pub(crate) use links::routes;
pub(crate) use session::AppointmentSession;

/// The appointments of a server, with the key of their tokens.
#[derive(Clone)]
pub(crate) struct Appointments {
    store: Arc<AppointmentStore>,
    secret: Option<Secret>,
    links: Links,
}

impl Appointments {
    pub(crate) fn new(context: &Context, config: &Config) -> Self {
        let store = AppointmentStore::new(config.limits.appointments, config.timing.appointment);
        Self {
            store: Arc::new(store),
            secret: config.appointments_secret.clone(),
            links: Links {
                base: config.appointments_base.clone(),
                base_path: config.server.base_path.clone(),
                lifetime: config.timing.link,
                body_timeout: context.timing().body,
            },
        }
    }

    /// Starts the session of a person with a token, if the token is valid and there is space for
    /// its appointment.
    pub(crate) fn start_session(&self, token: &str, outbox: Outbox) -> Option<AppointmentSession> {
        let claims = self.secret.as_ref()?.verify(token)?;
        AppointmentSession::start(&self.store, Person::read(claims)?, outbox)
    }
}
