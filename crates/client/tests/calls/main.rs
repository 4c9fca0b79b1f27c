//! Whole calls in a browser, over a socket without a network.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod browsers;
mod reentrancy;
mod remote_stream;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
