//! A video call as a pure state machine: no clock, no socket, no browser.
//!
//! # Two doors
//!
//! Everything that happens goes in through [`Session::handle`]: commands of the user, messages of the
//! signaling server, reports of the browser, expired timers. Everything to be done comes out of
//! [`Session::poll`]: open a socket, send a request, apply a description, notify the app.
//!
//! **The draining law**: after each `handle`, call `poll` until it returns `None`, then arrange for
//! an [`Input::Timeout`] at [`Session::next_timeout`]. Never call `handle` between two `poll`s of
//! the same drain; queue the input instead.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `session` | the call as a whole: what concerns more than one of the following |
//! | `signaling` | the connection to the server: opening, joining, keep-alive, reconnecting |
//! | `access` | the access token: when another one is fetched |
//! | `reconnect` | when to try to reconnect: a policy without effects |
//! | `server_problems` | when a server makes so little sense that the call ends |
//! | `roster` | who is in the room |
//! | `room` | what we may do in it, and what moderators have set |
//! | `topology` | the interface through which the session uses the links |
//! | `mesh` | a topology with one link per participant |
//! | `link` | one `RTCPeerConnection`: its negotiation, its candidates and its outgoing signals |
//! | `negotiation` | perfect negotiation as a table |
//! | `devices` | microphone and camera: when the browser is asked for them, what is announced to the room |
//! | `track` | the state of a local track |
//! | `data` | chat, reactions, raised hands and the page's own messages, by data channels |
//! | `snapshot` | the state of the call as plain data |
//! | `timers` | the timers that run, each with one meaning |
//!
//! A participant is not a link: the app sees participants only. With a media server, two links would
//! carry everyone; that would be another implementation of `topology::Topology` beside `mesh`.

mod access;
mod context;
mod data;
mod devices;
mod end;
mod ids;
mod input;
mod link;
mod mesh;
mod negotiation;
mod output;
mod receive_monitor;
mod reconnect;
mod room;
mod roster;
mod sdp;
mod server_problems;
mod session;
mod signal_history;
mod signaling;
mod snapshot;
mod time;
mod timers;
mod topology;
mod topology_event;
mod track;

pub use devices::{Muted, Source};
pub use end::EndReason;
pub use ids::{LinkId, Token};
pub use input::{Input, LinkReport, Transport};
pub use output::{ChatLine, LineOrigin, LinkOp, LinkRole, Notice, Output, Problem};
pub use session::{Config, SendError, Session};
pub use snapshot::{CallState, Connection, ParticipantView, Snapshot};
pub use time::Timestamp;
pub use track::TrackKind;
