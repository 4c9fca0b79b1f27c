//! The module with all dialects, which `js/videocalls.js` loads for those of the servers of others,
//! and for a name that there is not: so the error can list them all.

// A `main` would bring Rust's start-up with it, which nothing here needs: 0.2 kB.
#![cfg_attr(target_family = "wasm", no_main)]

use js_sys::Function;
use videocalls_client::dialects::{self, Make};
use videocalls_js::{CallHandle, StartOptions};
use wasm_bindgen::prelude::*;

const DIALECTS: [(&str, Make); 5] = [
    ("rooms", dialects::rooms),
    ("relay", dialects::relay),
    ("socketio-rooms", dialects::socketio_rooms),
    ("channels-mesh", dialects::channels_mesh),
    ("appointments", dialects::appointments),
];

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
