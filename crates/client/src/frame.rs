//! What a page in an `<iframe>` is allowed by the page around it.

use wasm_bindgen::JsValue;

use crate::browser::{call_method, global, property};

const NOT_ALLOWED: &str = "; the <iframe> that holds this page needs allow=\"camera; microphone\"";
const MAYBE_NOT_ALLOWED: &str = "; if the person was not asked: the <iframe> that holds this page \
                                 needs allow=\"camera; microphone\"";

/// What to add to the message of a permission error.
pub(crate) fn permission_hint() -> &'static str {
    match is_allowed_by_policy() {
        Some(false) if is_in_frame() => NOT_ALLOWED,
        None if is_in_foreign_frame() => MAYBE_NOT_ALLOWED,
        _ => "",
    }
}

/// Whether the permissions policy allows both devices; `None` where the browser does not reveal it
/// (<https://www.w3.org/TR/permissions-policy/>).
fn is_allowed_by_policy() -> Option<bool> {
    let document = global("document");
    let policy = ["permissionsPolicy", "featurePolicy"]
        .map(|name| property(&document, name))
        .into_iter()
        .find(JsValue::is_object)?;
    let allows = |feature: &str| {
        call_method(&policy, "allowsFeature", &feature.into()).is_none_or(|it| it.is_truthy())
    };
    Some(allows("camera") && allows("microphone"))
}

fn is_in_frame() -> bool {
    global("parent") != global("window")
}

/// Whether the page is in a frame of a page of another origin, whose document can't be read.
fn is_in_foreign_frame() -> bool {
    property(&global("top"), "document").is_undefined()
}
