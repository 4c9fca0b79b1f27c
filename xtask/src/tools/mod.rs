//! The tools that the other commands need. A missing tool is installed, with a message.

mod browsers;
mod debian;
mod link;
mod media;
mod network;
mod node;
mod proxies;
mod python;
mod rust;

use anyhow::Result;

pub(crate) use self::browsers::{Browsers, browsers};
pub(crate) use self::media::ffmpeg;
pub(crate) use self::network::{coturn, iproute};
pub(crate) use self::node::{NodeTools, e2e_modules, node_tools};
pub(crate) use self::proxies::{Proxies, proxies};
pub(crate) use self::python::e2e_python;
pub(crate) use self::rust::{test_runner, wasm_target};

use crate::workspace::Workspace;

/// Installs all tools.
pub(crate) fn everything(workspace: &Workspace) -> Result<()> {
    wasm_target(workspace)?;
    node_tools(workspace)?;
    browsers()?;
    proxies()?;
    coturn()?;
    ffmpeg()?;
    if cfg!(target_os = "linux") {
        iproute()?;
    }
    e2e_modules(workspace)?;
    e2e_python(workspace)?;
    test_runner(workspace)?;
    Ok(())
}
