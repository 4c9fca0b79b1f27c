use yew::{hook, use_effect_with};

use crate::browser;

const APP: &str = "videocalls";

/// Names the document after a room while the component lives.
#[hook]
pub fn use_title(room: &str) {
    use_effect_with([room, " – ", APP].concat(), |title| {
        browser::set_title(title);
        || browser::set_title(APP)
    });
}
