use yew::{hook, use_effect_with};

use crate::browser;

/// Moves the focus to the element of this id, at first and whenever it is another one.
#[hook]
pub fn use_focus(id: &'static str) {
    use_effect_with(id, |id| browser::focus(id));
}
