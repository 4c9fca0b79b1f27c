//! Appointments of clients with professionals, who come by links with tokens in them.
//!
//! The client offers whenever it is ready, the professional answers however much later; what one
//! of them said is kept until the other is there. Whoever has a token may act on what the token
//! names and on nothing else: a client on one appointment, a professional on those in their name.

mod links;
mod person;
mod store;
mod token;
mod visit;

pub use links::{InvalidBase, LinkBase};
pub(crate) use links::{professional_link, user_link, validate_link};
pub(crate) use person::Person;
pub(crate) use store::AppointmentStore;
pub(crate) use token::now;
pub use token::{InvalidSecret, Secret};
pub(crate) use visit::Visit;
