//! What is drawn, one thing a file.
//!
//! What has a state of its own, or is not to be drawn anew with its neighbours, is a component;
//! the rest are functions. The components are structs and not functions with hooks: for these five
//! the machinery of hooks weighed at least 4 kB of what a visitor downloads, and a field that is
//! dropped with its struct is as good an owner of a listener or a task.

mod app;
mod call_page;
mod controls;
mod copy_link;
mod farewell;
mod field;
mod icon;
mod lobby;
mod notices;
mod standing;
mod tile;
mod tiles;
mod toggle_button;

pub use app::{App, Place};
pub use call_page::{CallPage, CallPageProps};
pub use controls::controls;
pub use copy_link::{CopyLink, CopyLinkMessage, CopyLinkProps};
pub use farewell::farewell;
pub use field::{Field, field};
pub use icon::{Sign, icon};
pub use lobby::{Lobby, LobbyMessage, LobbyProps};
pub use notices::notices;
pub use standing::standing;
pub use tile::{Tile, TileProps};
pub(crate) use tiles::tiles;
pub use toggle_button::{ToggleButton, toggle_button};
