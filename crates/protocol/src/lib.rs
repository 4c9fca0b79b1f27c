//! What travels between a video call and its signaling server.
//!
//! This crate is pure. It defines the messages that a session works with ([`Request`] to the
//! server, [`Event`] from the server, [`Signal`] between participants) and the codecs that
//! translate them to and from the wire format of one kind of server. A codec implements
//! [`Dialect`]; it owns no socket and reads no clock.
//!
//! | dialect | server | module |
//! | --- | --- | --- |
//! | [`rooms::Rooms`] | `videocalls-server`, any number of people, the default | [`rooms`] |
//! | [`relay::Relay`] | a relay that broadcasts to two people, as videocalls.js expects it | [`relay`] |
//! | [`socketio_rooms::SocketIoRooms`] | Socket.IO, rooms of two | [`socketio_rooms`] |
//! | [`channels_mesh::ChannelsMesh`] | Django channels, any number of people | [`channels_mesh`] |
//! | [`appointments::Appointments`] | Socket.IO, a client and a professional | [`appointments`] |

pub mod appointments;
pub mod channels_mesh;
pub mod data;
mod description;
mod dialect;
mod error;
mod grants;
mod ids;
mod json;
mod media;
mod message;
mod moderation;
pub mod relay;
pub mod rooms;
mod socketio;
pub mod socketio_rooms;

pub use description::{Candidate, Description, DescriptionKind};
pub use dialect::{
    Admission, Capabilities, CloseAction, Decoded, Departure, Dialect, GlareRule, Offerer,
    Preflight,
};
pub use error::{DecodeError, EncodeError};
pub use grants::{Grant, Grants};
pub use ids::{DisplayName, InvalidName, InvalidRoom, ParticipantId, RoomName};
pub use media::{MediaState, TrackState};
pub use message::{
    Event, IceServer, IceServers, Join, LeaveReason, Peer, Refusal, Request, Resume, Signal,
    Welcome,
};
pub use moderation::{Ask, Knock, Moderation, RoomState, Terms};

/// The longest message, in bytes, that a client or server reads: 64 KiB, the limit that OWASP's
/// WebSocket cheat sheet recommends. A longer one is rejected before it is parsed.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
