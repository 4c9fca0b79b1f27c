//! Puts the app onto the page.

use videocalls_app::components::App;

fn main() {
    yew::Renderer::<App>::new().render();
}
