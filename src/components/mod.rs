//! What is drawn: one component a file.

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
pub use controls::Controls;
pub use copy_link::CopyLink;
pub use farewell::Farewell;
pub use field::Field;
pub use icon::{Icon, Sign};
pub use lobby::Lobby;
pub use notices::Notices;
pub use tile::Tile;
pub use tiles::Tiles;
pub use toggle_button::ToggleButton;
