//! Appointments of clients with professionals.

mod access;
mod calls;
mod limits;
mod links;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Reply, Server};
use crate::io::Io;

pub(super) const SECRET: &str = "a secret of thirty-two bytes or more";

pub(super) const PROFESSIONAL: &str = "Dr. Who";

pub(super) async fn server() -> Server {
    Server::with(|config| config.appointments_secret = Some(SECRET.parse().unwrap())).await
}

pub(super) fn jwt(claims: &Value) -> String {
    signed(SECRET, &json!({ "alg": "HS256", "typ": "JWT" }), claims)
}

pub(super) fn signed(secret: &str, header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(header), encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let signature = mac.chain_update(&text).finalize().into_bytes();
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

pub(super) fn claims_of(uuid: impl Into<Value>) -> Value {
    json!({
        "professionalsFullName": PROFESSIONAL, "apptDate": 1_700_000_000_000_u64,
        "uuid": uuid.into(), "clientName": "Jim", "iat": 7,
    })
}

pub(super) fn professional() -> Value {
    json!({ "fullName": PROFESSIONAL, "proId": 1234, "iat": 7 })
}

pub(super) async fn client(server: &Server, uuid: impl Into<Value>) -> Io {
    Io::with_jwt(server, &jwt(&claims_of(uuid))).await
}

/// The professional, and the list that they receive on connecting.
pub(super) async fn dashboard(server: &Server) -> (Io, Value) {
    let mut io = Io::with_jwt(server, &jwt(&professional())).await;
    let list = io.event().await;
    assert_eq!(list[0], "apptData");
    (io, list[1].clone())
}

pub(super) fn described(kind: &str, sdp: &str) -> Value {
    json!({ "type": kind, "sdp": sdp })
}

pub(super) fn offer(uuid: impl Into<Value>) -> Value {
    json!(["newOffer", { "offer": described("offer", "v=0"), "apptInfo": claims_of(uuid) }])
}

pub(super) fn answer(uuid: impl Into<Value>, sdp: &str) -> Value {
    json!(["newAnswer", { "answer": described("answer", sdp), "uuid": uuid.into() }])
}

pub(super) fn candidate(text: &str) -> Value {
    json!({ "candidate": text, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "ab" })
}

pub(super) fn ice(text: &str, who: &str, uuid: impl Into<Value>) -> Value {
    json!(["iceToServer", { "iceC": candidate(text), "who": who, "uuid": uuid.into() }])
}

pub(super) async fn get_ice(io: &mut Io, uuid: impl Into<Value>, who: &str) -> Value {
    io.send_packet(&format!("4217{}", json!(["getIce", uuid.into(), who])))
        .await;
    let answer = io.next_packet().await;
    let answer = answer
        .strip_prefix("4317")
        .unwrap_or_else(|| panic!("{answer}"));
    serde_json::from_str::<Value>(answer).unwrap()
}

/// A client that has offered, and the professional who has received the offer.
pub(super) async fn call(server: &Server) -> (Io, Io) {
    let (mut pro, _) = dashboard(server).await;
    let mut client = client(server, "one").await;
    client.emit(offer("one")).await;
    assert_eq!(pro.event().await[0], "newOfferWaiting");
    assert_eq!(pro.event().await[0], "apptData");
    (client, pro)
}

pub(super) fn text(reply: &Reply) -> &str {
    str::from_utf8(&reply.body).unwrap()
}

/// The token in a link.
pub(super) fn token(link: &str) -> &str {
    let token = link.split_once("?token=").unwrap().1;
    token.split('"').next().unwrap()
}
