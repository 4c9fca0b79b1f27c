//! What the app draws, one item per file.
//!
//! An item with state of its own, or one that must not be redrawn with its neighbours, is a
//! component; the others are functions. Components are structs: a field that is dropped with its
//! struct owns a listener or a task, and hooks cost at least 4 kB of download for these five.

mod app;
mod call_ended;
mod call_page;
mod connection_status;
mod controls;
mod copy_link;
mod field;
mod icon;
mod join_page;
mod tile;
mod tiles;
mod toasts;
mod toggle_button;

pub use app::{App, Page};
pub use call_ended::call_ended;
pub use call_page::{CallPage, CallPageProps};
pub use connection_status::connection_status;
pub use controls::controls;
pub use copy_link::{CopyLink, CopyLinkMessage, CopyLinkProps};
pub use field::{Field, field};
pub use icon::{Icon, icon};
pub use join_page::{JoinPage, JoinPageMessage, JoinPageProps};
pub use tile::{Tile, TileProps};
pub(crate) use tiles::tiles;
pub use toasts::toasts;
pub use toggle_button::{ToggleButton, toggle_button};
