//! Guards: each registers something with the browser and undoes it when dropped.

mod playback;
mod resizes;
mod shortcuts;
mod title;

pub(crate) use playback::Playback;
pub(crate) use resizes::Resizes;
pub(crate) use shortcuts::Shortcuts;
pub(crate) use title::Title;
