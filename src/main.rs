//! Mounts the app on the page.

use videocalls_app::components::App;

/// 2 kB smaller (brotli) than Rust's default allocator.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

fn main() {
    yew::Renderer::<App>::new().render();
}
