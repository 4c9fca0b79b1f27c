//! A video call as a pure state machine: no clock, no socket, no browser.
//!
//! # Two doors
//!
//! Everything that happens comes in by [`Session::handle`]: what the user wants, what the signaling
//! server said, what the browser reports, that time has passed. Everything to be done comes out by
//! [`Session::poll`]: open a socket, send a request, apply a description, tell the app.
//!
//! **The draining law**: after each `handle`, call `poll` until it returns `None`, then arrange for
//! an [`Input::Timeout`] at [`Session::next_timeout`]. Never call `handle` between two `poll`s of
//! the same drain; queue the input instead.
//!
//! # What is where
//!
//! | module | what it holds |
//! | --- | --- |
//! | `session` | the call as a whole: joining, being in, the end |
//! | `mesh` | which participant is reached by which link, when everyone is linked to everyone |
//! | `link` | one `RTCPeerConnection`: its negotiation and its candidates |
//! | `signal_queue` | outgoing signals of a link, held until there is a recipient |
//! | `negotiation` | perfect negotiation as a table |
//! | `devices` | when the browser is asked for microphone and camera, and asked again |
//! | `track` | the microphone and the camera, as transitions |
//! | `snapshot` | what the app shows, as plain data |
//!
//! A participant is not a link. The app sees participants only; with a media server, two links
//! would carry everyone, and `mesh` is the one module that would get a sibling.

mod context;
mod devices;
mod end;
mod input;
mod link;
mod mesh;
mod negotiation;
mod output;
mod receive_monitor;
mod reconnect;
mod roster;
mod sdp;
mod server_problems;
mod session;
mod signal_history;
mod signal_queue;
mod signaling;
mod snapshot;
mod time;
mod topology;
mod track;

pub use devices::{Muted, Source};
pub use end::EndReason;
pub use input::{Input, LinkReport, Transport};
pub use output::{LinkId, LinkOp, LinkRole, Notice, Output, Problem, Token};
pub use session::{Config, Session};
pub use snapshot::{CallState, Connection, ParticipantView, Snapshot};
pub use time::Timestamp;
pub use track::TrackKind;
