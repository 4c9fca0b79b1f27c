//! Puts the app onto the page.

use videocalls_app::components::App;

/// Two kilobytes smaller than Rust's own, as compressed for the way to the browser.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

fn main() {
    yew::Renderer::<App>::new().render();
}
