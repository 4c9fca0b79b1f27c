use yew::{hook, use_effect_with};

use crate::browser;

/// Names the document while the component lives, and gives it back its own name after.
#[hook]
pub fn use_title(title: String) {
    use_effect_with(title, |title| {
        let before = browser::document().map(|document| {
            let before = document.title();
            document.set_title(title);
            before
        });
        move || {
            if let (Some(document), Some(before)) = (browser::document(), before) {
                document.set_title(&before);
            }
        }
    });
}
