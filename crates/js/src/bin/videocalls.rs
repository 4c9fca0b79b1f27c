//! The module that most pages load: what it does not name, the linker leaves out.
//!
//! `js/videocalls.js` loads it for these two dialects, and the other module for any other name.

// A `main` would bring Rust's start-up with it, which nothing here needs: 0.2 kB.
#![cfg_attr(target_family = "wasm", no_main)]

use js_sys::Function;
use videocalls_client::dialects::{self, Make};
use videocalls_js::{CallHandle, StartOptions};
use wasm_bindgen::prelude::*;

const DIALECTS: [(&str, Make); 2] = [("rooms", dialects::rooms), ("relay", dialects::relay)];

/// Starts a call, as [`videocalls_js::start`] does.
///
/// # Errors
///
/// Throws a plain description of the error; nothing was started then.
#[wasm_bindgen]
pub fn start(options: &StartOptions, emit: Function) -> Result<CallHandle, JsValue> {
    videocalls_js::start(options, emit, &DIALECTS)
}

/// For builds of the whole workspace, which link this for the host as well.
#[cfg(not(target_family = "wasm"))]
fn main() {}
