//! The wire languages that this crate speaks, each a function to be handed to
//! [`CallBuilder::dialect`](crate::CallBuilder::dialect): what a page does not name is not in its
//! bundle.

use videocalls_protocol::Dialect;
use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::relay::Relay;
use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::socketio_rooms::SocketIoRooms;

use crate::{chat, preflight};

/// Makes the codec for one call, or says in a sentence what it lacks.
pub type Make = fn(&DialectContext<'_>) -> Result<DialectFactory, &'static str>;

/// What a dialect may want to know of who speaks it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DialectContext<'a> {
    /// A fresh UUID, for dialects whose clients make up their id.
    pub id: String,
    /// The room.
    pub room: Option<&'a str>,
    /// The access token.
    pub token: Option<&'a str>,
}

/// A codec, and what only some of them need of the browser.
pub struct DialectFactory {
    pub(crate) codec: Box<dyn Dialect>,
    pub(crate) preflight: Option<preflight::Runner>,
    pub(crate) chat: Option<chat::Open>,
}

impl DialectFactory {
    /// Speaks by a codec, which may be one of your own.
    pub fn new(codec: impl Dialect + 'static) -> Self {
        Self {
            codec: Box::new(codec),
            preflight: None,
            chat: None,
        }
    }

    /// Opens the data channel that the codec's
    /// [capabilities](videocalls_protocol::Capabilities::chat) name.
    #[must_use]
    pub fn with_chat(self) -> Self {
        Self {
            chat: Some(chat::open),
            ..self
        }
    }

    /// Has the codec's [preflight](Dialect::preflight) run.
    #[must_use]
    pub fn with_preflight(self) -> Self {
        Self {
            preflight: Some(preflight::run),
            ..self
        }
    }
}

/// Our own: rooms of n people, with names and a roster.
///
/// # Errors
///
/// There is no room.
pub fn rooms(context: &DialectContext<'_>) -> Result<DialectFactory, &'static str> {
    in_a_room(context, || DialectFactory::new(Rooms::default()))
}

/// That of videocalls.js: two people over a relay that broadcasts.
///
/// # Errors
///
/// None.
pub fn relay(context: &DialectContext<'_>) -> Result<DialectFactory, &'static str> {
    Ok(DialectFactory::new(Relay::new(context.id.as_str())))
}

/// Two people in a room of a Socket.IO server.
///
/// # Errors
///
/// There is no room.
pub fn socketio_rooms(context: &DialectContext<'_>) -> Result<DialectFactory, &'static str> {
    in_a_room(context, || DialectFactory::new(SocketIoRooms::new()))
}

/// Any number of people on a Django channels server, with chat.
///
/// # Errors
///
/// None.
pub fn channels_mesh(context: &DialectContext<'_>) -> Result<DialectFactory, &'static str> {
    Ok(DialectFactory::new(ChannelsMesh::new(&context.id)).with_chat())
}

/// A client and a professional with an appointment; the token says who one is.
///
/// # Errors
///
/// There is no token, or it is none of an appointment.
pub fn appointments(context: &DialectContext<'_>) -> Result<DialectFactory, &'static str> {
    let codec = context.token.and_then(Appointments::new);
    let codec = codec.ok_or("this dialect needs the token of an appointment's link")?;
    Ok(DialectFactory::new(codec).with_preflight())
}

fn in_a_room(
    context: &DialectContext<'_>,
    speak: impl FnOnce() -> DialectFactory,
) -> Result<DialectFactory, &'static str> {
    match context.room {
        Some(_) => Ok(speak()),
        None => Err("this dialect needs a room"),
    }
}

impl std::fmt::Debug for DialectFactory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DialectFactory")
    }
}
