//! What is drawn, one thing a file.
//!
//! What has a state of its own, or is not to be drawn anew with its neighbours, is a component;
//! the rest are functions. Each component costs a visitor a kilobyte or two, a function next to
//! nothing.

mod app;
mod call_page;
mod controls;
mod copy_link;
mod farewell;
mod field;
mod icon;
mod lobby;
mod notices;
mod tile;
mod tiles;
mod toggle_button;

pub use app::App;
pub use call_page::CallPage;
pub use controls::controls;
pub use copy_link::CopyLink;
pub use farewell::farewell;
pub use field::{Field, field};
pub use icon::{Sign, icon};
pub use lobby::{Lobby, LobbyProps};
pub use notices::notices;
pub use tile::{Tile, TileProps};
pub use tiles::tiles;
pub use toggle_button::{ToggleButton, toggle_button};
