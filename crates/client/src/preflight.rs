//! A question to the server by HTTP, for the dialects that have one.

use js_sys::{Object, Promise};
use videocalls_protocol::Preflight;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::browser::{object, property, small};
use crate::task::Task;

/// Asks the server at a socket's address, and hands on the HTTP status of its answer.
pub(crate) type Runner = fn(socket: &str, preflight: Preflight, tell: Box<dyn FnOnce(u16)>) -> Task;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(address: &str, init: &Object) -> Promise;
}

/// Without an answer nothing is told: the socket will show that the server is away.
pub(crate) fn run(socket: &str, preflight: Preflight, tell: Box<dyn FnOnce(u16)>) -> Task {
    let headers = object(&[("content-type", "application/json".into())]);
    let init = object(&[
        ("method", "POST".into()),
        ("headers", headers.into()),
        ("body", preflight.body.into()),
    ]);
    let answer = fetch(&beside(socket, preflight.path), &init);
    Task::spawn(async move {
        if let Ok(answer) = JsFuture::from(answer).await {
            property(&answer, "status").as_f64().map(small).map(tell);
        }
    })
}

/// The address of a path on the server of a `ws:` or `wss:` address.
fn beside(socket: &str, path: &str) -> String {
    let (scheme, rest) = socket.split_once(':').unwrap_or_default();
    let rest = rest.trim_start_matches('/');
    let authority = rest
        .split_once('/')
        .map_or(rest, |(authority, _)| authority);
    let http = if scheme == "wss" {
        "https://"
    } else {
        "http://"
    };
    [http, authority, path].concat()
}
