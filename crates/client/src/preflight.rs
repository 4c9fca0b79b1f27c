//! The HTTP request that some dialects send to the server while the socket opens.

use js_sys::{Object, Promise};
use videocalls_protocol::Preflight;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Url;

use crate::browser::{object, property, small, text};
use crate::task::Task;

/// Sends the request to the server at a socket's address, and passes on the HTTP status of its
/// response.
pub(crate) type Runner =
    fn(socket: &str, preflight: Preflight, answered: Box<dyn FnOnce(u16)>) -> Task;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(address: &str, init: &Object) -> Promise;
}

/// A request that fails is not reported: then the socket fails, too.
pub(crate) fn run(socket: &str, preflight: Preflight, answered: Box<dyn FnOnce(u16)>) -> Task {
    let headers = object(&[("content-type", "application/json".into())]);
    let init = object(&[
        ("method", "POST".into()),
        ("headers", headers.into()),
        ("body", preflight.body.into()),
    ]);
    let response = fetch(&http_address(socket, preflight.path), &init);
    Task::spawn(async move {
        if let Ok(response) = JsFuture::from(response).await {
            property(&response, "status")
                .as_f64()
                .map(small)
                .map(answered);
        }
    })
}

/// The HTTP address of a path on the server of a `ws:` or `wss:` address.
fn http_address(socket: &str, path: &str) -> String {
    let server = ["http", socket.strip_prefix("ws").unwrap_or(socket)].concat();
    let address = Url::new_with_base(path, &server);
    address.map_or(server, |address| text(&address, "href"))
}
