//! Access tokens.

mod keys;
mod publishing;
mod renewal;
mod tokens;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use videocalls_server::{AccessKey, Config};

use crate::client::{Client, join};
use crate::harness::Server;

pub(super) const SECRET: &str = "a secret of thirty-two bytes or more";

/// A server whose rooms need a token that was made with [`SECRET`].
pub(super) async fn server() -> Server {
    server_with(|_| ()).await
}

pub(super) async fn server_with(change: impl FnOnce(&mut Config)) -> Server {
    Server::with(|config| {
        config
            .access
            .keys
            .push(SECRET.parse::<AccessKey>().unwrap());
        change(config);
    })
    .await
}

pub(super) fn now() -> u64 {
    get_current_timestamp()
}

/// Claims for the room `standup` that are valid for a minute, with some changed.
pub(super) fn claims(change: Value) -> Value {
    let mut claims = json!({ "room": "standup", "exp": now() + 60 });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

pub(super) fn token(change: Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes()).unwrap();
    encode(&Header::new(Algorithm::HS256), &claims(change), &key).unwrap()
}

pub(super) fn join_with(token: &str) -> Value {
    let mut join = join("standup", "Somebody");
    join["token"] = token.into();
    join
}

/// Opens a socket and joins with a token; returns the first answer too.
pub(super) async fn answer(server: &Server, join: Value) -> (Client, Value) {
    let mut client = Client::open(server, "/rooms").await;
    client.send(join).await;
    let answer = client.next().await;
    (client, answer)
}

pub(super) async fn admitted(server: &Server, change: Value) -> (Client, Value) {
    let (client, welcome) = answer(server, join_with(&token(change))).await;
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    (client, welcome)
}

/// The code of the refusal that a token gets, and the close code.
pub(super) async fn refused(server: &Server, token: &str) -> (String, u16) {
    let (mut client, refused) = answer(server, join_with(token)).await;
    assert_eq!(refused["type"], "refused", "{refused}");
    let code = refused["code"].as_str().unwrap().to_owned();
    (code, client.closed().await)
}
