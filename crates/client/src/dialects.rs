//! The dialects of signaling servers. Each is a function for
//! [`CallBuilder::dialect`](crate::CallBuilder::dialect), so that a program contains only the
//! dialects that it names.

use videocalls_protocol::Dialect;
use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::relay::Relay;
use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::socketio_rooms::SocketIoRooms;

use crate::{chat, preflight};

/// Makes the dialect of one call, or returns a sentence about the option that it lacks.
pub type DialectFactory = fn(&DialectContext<'_>) -> Result<DialectSetup, &'static str>;

/// What a dialect may need to know of the call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DialectContext<'a> {
    /// A new UUID, for dialects whose clients choose their own id.
    pub id: String,
    /// The room.
    pub room: Option<&'a str>,
    /// The access token.
    pub token: Option<&'a str>,
}

/// The dialect of one call: its codec, and the functions of the browser that it needs.
pub struct DialectSetup {
    pub(crate) codec: Box<dyn Dialect>,
    pub(crate) preflight: Option<preflight::Runner>,
    pub(crate) chat: Option<chat::Open>,
}

impl DialectSetup {
    /// Uses a codec, which may be your own.
    pub fn new(codec: impl Dialect + 'static) -> Self {
        Self {
            codec: Box::new(codec),
            preflight: None,
            chat: None,
        }
    }

    /// Carries chat by the data channel that the codec's
    /// [capabilities](videocalls_protocol::Capabilities::chat) name.
    #[must_use]
    pub fn with_chat(self) -> Self {
        Self {
            chat: Some(chat::open),
            ..self
        }
    }

    /// Sends the codec's [preflight](Dialect::preflight) request.
    #[must_use]
    pub fn with_preflight(self) -> Self {
        Self {
            preflight: Some(preflight::run),
            ..self
        }
    }
}

/// The dialect of this project's server: rooms of any size, with names and a roster.
///
/// # Errors
///
/// No room is set.
pub fn rooms(context: &DialectContext<'_>) -> Result<DialectSetup, &'static str> {
    in_a_room(context, || DialectSetup::new(Rooms::default()))
}

/// The dialect of videocalls.js: two participants over a relay that broadcasts.
///
/// # Errors
///
/// None.
pub fn relay(context: &DialectContext<'_>) -> Result<DialectSetup, &'static str> {
    Ok(DialectSetup::new(Relay::new(context.id.as_str())))
}

/// Two participants in a room of a Socket.IO server.
///
/// # Errors
///
/// No room is set.
pub fn socketio_rooms(context: &DialectContext<'_>) -> Result<DialectSetup, &'static str> {
    in_a_room(context, || DialectSetup::new(SocketIoRooms::new()))
}

/// Any number of participants on a Django Channels server, with chat.
///
/// # Errors
///
/// None.
pub fn channels_mesh(context: &DialectContext<'_>) -> Result<DialectSetup, &'static str> {
    Ok(DialectSetup::new(ChannelsMesh::new(&context.id)).with_chat())
}

/// A client and a professional with an appointment; the token identifies the participant.
///
/// # Errors
///
/// No token is set, or it is not the token of an appointment.
pub fn appointments(context: &DialectContext<'_>) -> Result<DialectSetup, &'static str> {
    let codec = context.token.and_then(Appointments::new);
    let codec = codec.ok_or("this dialect needs the token of an appointment's link")?;
    Ok(DialectSetup::new(codec).with_preflight())
}

fn in_a_room(
    context: &DialectContext<'_>,
    make: impl FnOnce() -> DialectSetup,
) -> Result<DialectSetup, &'static str> {
    match context.room {
        Some(_) => Ok(make()),
        None => Err("this dialect needs a room"),
    }
}

impl std::fmt::Debug for DialectSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DialectSetup")
    }
}
