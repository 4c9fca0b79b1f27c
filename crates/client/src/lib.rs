//! A video call in the browser, over any signaling endpoint.
//!
//! [`VideoCall::builder`] takes the options of a call and [starts](CallBuilder::start) it:
//! signaling, microphone, camera and the first connection at the same time. The handle then gives
//! [events](VideoCall::subscribe), a [`Snapshot`] of plain data to draw after each of them, and
//! commands such as [`toggle`](VideoCall::toggle) and [`end`](VideoCall::end).
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
//! The call itself is `videocalls-session`, a pure state machine; this crate carries out its outputs
//! in the browser. `web_sys::MediaStream`, and the `RtcDataChannel` of a file, are the only browser types in
//! its API, apart from the options.
//!
//! # Modules
//!
//! | module | responsibility |
//! | --- | --- |
//! | `driver` | gives the session its inputs and carries out its outputs |
//! | `signaling`, `socket`, `preflight`, `token` | the connection to the server, its dialect and access tokens |
//! | `local_media`, `devices`, `media_devices`, `device_watch`, `local_tracks` | the microphone and the camera |
//! | `links`, `peer`, `transceivers`, `candidates`, `ice_servers`, `turn`, `stats` | the connections to the peers |
//! | `messages`, `data_channel`, `file_channel`, `chat` | chat and other messages between participants |
//! | `remote_tracks` | the stream of a participant |
//! | `page`, `seat_storage`, `frame` | the page that the call runs in |
//! | `alarm`, `clock`, `task`, `listeners`, `event_listener`, `random`, `browser` | tools |

/// Compiles the example of the guide.
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
mod data_channel;
mod device_watch;
mod devices;
pub mod dialects;
mod driver;
mod error;
mod event;
mod event_listener;
mod file_channel;
mod first_frame;
mod frame;
mod ice_servers;
mod links;
mod listeners;
mod local_media;
mod local_tracks;
mod media_devices;
mod media_request;
mod messages;
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
mod token;
mod transceivers;
mod turn;

pub use builder::CallBuilder;
pub use call::{Joined, Subscription, VideoCall};
pub use error::{CallError, Category, ErrorCode};
pub use event::{CallEvent, MEDIA_PENDING_HELP};
pub use media_request::MediaRequest;
pub use task::Task;
pub use videocalls_protocol::data::{LineId, Payload};
pub use videocalls_protocol::{
    Ask, DisplayName, Grant, Grants, InvalidName, InvalidRoom, Knock, LeaveReason, MediaState,
    Moderation, ParticipantId, RoomName, RoomState, TrackState,
};
pub use videocalls_session::{
    CallState, ChatLine, Connection, EndReason, LineOrigin, ParticipantView, Problem, SendError,
    Snapshot, TrackKind,
};
