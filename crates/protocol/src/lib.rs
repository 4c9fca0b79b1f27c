//! What travels between a video call and its signaling server.
//!
//! This crate is pure: it holds the vocabulary ([`Request`] up, [`Event`] down, [`Signal`] from
//! peer to peer), and the codecs that turn that vocabulary into one server's wire language and
//! back. A codec is a [`Dialect`]; it owns no socket and reads no clock.
//!
//! | dialect | server | module |
//! | --- | --- | --- |
//! | [`rooms::Rooms`] | ours, n people, the default | [`rooms`] |
//! | [`relay::Relay`] | a two-person broadcast relay, as videocalls.js expects it | [`relay`] |
//! | [`socketio_rooms::SocketIoRooms`] | Socket.IO, rooms of two | [`socketio_rooms`] |
//! | [`channels_mesh::ChannelsMesh`] | Django channels, n people | [`channels_mesh`] |
//! | [`appointments::Appointments`] | Socket.IO, a client and a professional | [`appointments`] |

pub mod appointments;
pub mod channels_mesh;
mod description;
mod dialect;
mod ids;
mod json;
mod media;
mod message;
pub mod relay;
pub mod rooms;
mod socketio;
pub mod socketio_rooms;

pub use description::{Candidate, Description, DescriptionKind};
pub use dialect::{
    Admission, Capabilities, CloseAction, DecodeError, Decoded, Departure, Dialect, EncodeError,
    GlareRule, Offerer, Preflight,
};
pub use ids::{DisplayName, InvalidName, InvalidRoom, ParticipantId, RoomName};
pub use media::{MediaState, TrackState};
pub use message::{Event, Join, LeaveReason, Peer, Refusal, Request, Resume, Signal, Welcome};

/// The longest message, in bytes, that a client or server reads: 64 KiB, as OWASP's WebSocket
/// sheet advises. A longer one is refused before it is parsed.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
