//! Access to the page: address, storage, clipboard, focus. A refusal of the browser is not an error.

use videocalls_client::RoomName;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, HtmlElement, Location, Storage, UrlSearchParams, Window};

use crate::rooms::RANDOM_BYTES;

const ROOM_PARAMETER: &str = "room";
const NAME_KEY: &str = "videocalls-name";
const SIGNALING_META: &str = "meta[name=videocalls-signaling]";

/// The address of another signaling server than our own, from the page's `<meta>` tag.
pub(crate) fn other_signaling_url() -> Option<String> {
    document()
        .and_then(|document| document.query_selector(SIGNALING_META).ok()?)
        .and_then(|meta| meta.get_attribute("content"))
}

/// The room in the page's address.
pub(crate) fn room_in_address() -> Option<String> {
    let search = location()?.search().ok()?;
    UrlSearchParams::new_with_str(&search)
        .ok()?
        .get(ROOM_PARAMETER)
}

/// The link to a room.
pub(crate) fn room_link(room: &RoomName) -> String {
    let page = location().and_then(|page| Some((page.origin().ok()?, page.pathname().ok()?)));
    let (origin, path) = page.unwrap_or_default();
    let room = js_sys::encode_uri_component(room.as_str());
    [
        &origin,
        &path,
        "?",
        ROOM_PARAMETER,
        "=",
        &String::from(room),
    ]
    .concat()
}

/// Shows the link to a room in the address bar.
pub(crate) fn show_room_link(room: &RoomName) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        let state = wasm_bindgen::JsValue::NULL;
        // Fails in a sandboxed frame, which has no address bar of its own.
        let _ = history.replace_state_with_url(&state, "", Some(&room_link(room)));
    }
}

/// The stored display name.
pub(crate) fn stored_name() -> Option<String> {
    storage()?.get_item(NAME_KEY).ok()?
}

/// Stores the display name for the next call.
pub(crate) fn store_name(name: &str) {
    if let Some(storage) = storage() {
        // Storage may be full or forbidden; the person then types the name again.
        let _ = storage.set_item(NAME_KEY, name);
    }
}

/// Cryptographically random bytes; zeros if the browser has none.
pub(crate) fn random_bytes() -> [u8; RANDOM_BYTES] {
    let mut bytes = [0; RANDOM_BYTES];
    if let Some(crypto) = window().and_then(|window| window.crypto().ok()) {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// Copies a text to the clipboard and returns whether that worked.
pub(crate) async fn copy(text: &str) -> bool {
    // Undefined in an insecure context, although the type says otherwise.
    let clipboard = window().map(|window| window.navigator().clipboard());
    match clipboard.filter(|clipboard| clipboard.is_object()) {
        Some(clipboard) => JsFuture::from(clipboard.write_text(text)).await.is_ok(),
        None => false,
    }
}

/// Moves the focus to the element with this id.
pub(crate) fn focus(id: &str) {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot be focused leaves the focus where it is.
        let _ = element.focus();
    }
}

/// Sets the title of the document.
pub(crate) fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

pub(crate) fn document() -> Option<Document> {
    window()?.document()
}

fn location() -> Option<Location> {
    window().map(|window| window.location())
}

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

fn window() -> Option<Window> {
    web_sys::window()
}
