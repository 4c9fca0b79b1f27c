//! A video call in the browser, over any signaling endpoint.
//!
//! [`VideoCall::builder`] takes what the call is to be and [starts](CallBuilder::start) it:
//! signaling, microphone, camera and the first connection at the same moment. The handle then
//! gives a [`Snapshot`] of plain data to draw, [events](VideoCall::subscribe) that say when to draw
//! anew, and the verbs: [`toggle`](VideoCall::toggle), [`end`](VideoCall::end).
//!
//! ```no_run
//! # async fn example() -> Result<(), videocalls_client::CallError> {
//! use videocalls_client::VideoCall;
//!
//! let call = VideoCall::builder("wss://example.org/rooms").room("standup").name("Ann").start()?;
//! call.joined().await?;
//! for participant in call.snapshot().participants {
//!     let stream = call.remote_stream(&participant.id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The call itself is `videocalls-session`, a pure machine; this crate carries out in the browser
//! what that machine asks for. `web_sys::MediaStream` is the only browser type that crosses.

/// The example there, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/your-own-dialect.md")]
mod your_own_dialect {}

mod alarm;
mod browser;
mod builder;
mod call;
mod candidates;
mod chat;
mod clock;
mod device_watch;
mod devices;
pub mod dialects;
mod driver;
mod error;
mod event;
mod frame;
mod ice_servers;
mod links;
mod listeners;
mod local_media;
mod local_tracks;
mod media_devices;
mod media_request;
mod page;
mod peer;
mod preflight;
mod random;
mod remote_tracks;
mod seat_storage;
mod signaling;
mod socket;
mod stats;
mod task;
mod transceivers;
mod turn;

pub use builder::CallBuilder;
pub use call::{Joined, Subscription, VideoCall};
pub use error::{CallError, Category, ErrorCode};
pub use event::{CallEvent, MEDIA_PENDING_HELP};
pub use media_request::MediaRequest;
pub use task::Task;
pub use videocalls_protocol::{
    DisplayName, InvalidName, InvalidRoom, LeaveReason, MediaState, ParticipantId, RoomName,
    TrackState,
};
pub use videocalls_session::{
    CallState, Connection, EndReason, ParticipantView, Problem, Snapshot, TrackKind,
};
