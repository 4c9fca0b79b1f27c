//! ffmpeg, which reads recordings outside of the browsers.

use anyhow::Result;

use super::debian;
use crate::process;

/// Finds ffmpeg, or installs it on Debian.
pub(crate) fn ffmpeg() -> Result<()> {
    debian::program("ffprobe", "ffmpeg", || process::find(&["ffprobe"])).map(drop)
}
