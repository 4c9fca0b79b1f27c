//! Hooks: each owns what it registers with the browser, and gives it back in its teardown.

mod use_call;
mod use_focus;
mod use_shortcuts;
mod use_stream;
mod use_tile_size;
mod use_title;

pub use use_call::{CallHandle, use_call};
pub use use_focus::use_focus;
pub use use_shortcuts::use_shortcuts;
pub use use_stream::{Playback, use_stream};
pub use use_tile_size::use_tile_size;
pub use use_title::use_title;
