//! The few things asked of the page itself. What the browser refuses is done without.

use videocalls_client::RoomName;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, HtmlElement, Location, Storage, UrlSearchParams, Window};

use crate::rooms::RANDOM_BYTES;

const ROOM_PARAMETER: &str = "room";
const NAME_KEY: &str = "videocalls-name";
const SIGNALING: &str = "/rooms";
const SIGNALING_META: &str = "meta[name=videocalls-signaling]";

/// The signaling server's address: what the page says, or that of our own server.
pub(crate) fn signaling_url() -> String {
    document()
        .and_then(|document| document.query_selector(SIGNALING_META).ok()?)
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_else(|| SIGNALING.to_owned())
}

/// The room that the page's address invites to.
pub(crate) fn invited_room() -> Option<String> {
    let search = location()?.search().ok()?;
    UrlSearchParams::new_with_str(&search)
        .ok()?
        .get(ROOM_PARAMETER)
}

/// The address that invites to a room.
pub(crate) fn invitation(room: &RoomName) -> String {
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

/// Makes the address bar the invitation to a room.
pub(crate) fn show_invitation(room: &RoomName) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        let state = wasm_bindgen::JsValue::NULL;
        // Refused in a sandbox, where the address bar is somebody else's.
        let _ = history.replace_state_with_url(&state, "", Some(&invitation(room)));
    }
}

/// The name that was remembered here.
pub(crate) fn remembered_name() -> Option<String> {
    storage()?.get_item(NAME_KEY).ok()?
}

/// Remembers the name for the next call.
pub(crate) fn remember_name(name: &str) {
    if let Some(storage) = storage() {
        // Full, or forbidden: then it is asked for again.
        let _ = storage.set_item(NAME_KEY, name);
    }
}

/// Random bytes that nobody can guess; zeros where the browser has none.
pub(crate) fn random_bytes() -> [u8; RANDOM_BYTES] {
    let mut bytes = [0; RANDOM_BYTES];
    if let Some(crypto) = window().and_then(|window| window.crypto().ok()) {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// Copies a text, and says whether that worked.
pub(crate) async fn copy(text: &str) -> bool {
    // Undefined on pages that are not secure, whatever the type says.
    let clipboard = window().map(|window| window.navigator().clipboard());
    match clipboard.filter(|clipboard| clipboard.is_object()) {
        Some(clipboard) => JsFuture::from(clipboard.write_text(text)).await.is_ok(),
        None => false,
    }
}

/// Moves the focus to the element of this id.
pub(crate) fn focus(id: &str) {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that can't take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// Names the document.
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
