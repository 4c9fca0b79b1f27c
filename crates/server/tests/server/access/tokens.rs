//! Which tokens let their bearer join.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::{
    SECRET, admitted, answer, claims, join_with, now, refused, server, server_with, token,
};
use crate::client::{Client, join, resume};
use crate::harness::Server;

const INVALID: (&str, u16) = ("invalid-token", 4500);
const FORBIDDEN: (&str, u16) = ("forbidden", 4507);
const EXPIRED: (&str, u16) = ("token-expired", 4505);

async fn assert_refused(server: &Server, token: &str, (code, close): (&str, u16)) {
    let refusal = refused(server, token).await;
    assert_eq!(refusal, (code.to_owned(), close), "{token}");
}

/// A token with any header, which is signed with the server's secret.
fn with_header(header: &Value) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(header), encode(&claims(json!({}))));
    let key = EncodingKey::from_secret(SECRET.as_bytes()).unwrap();
    let signature = sign(text.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{text}.{signature}")
}

#[tokio::test]
async fn needs_no_token_without_a_key() {
    let server = Server::start().await;
    let (_ann, welcome) = Client::join(&server, "standup", "Ann").await;
    let grants = welcome["grants"].to_string();
    assert!(grants.contains("join") && grants.contains("publish-camera"));
    assert!(!grants.contains("moderate"), "{grants}");
    assert_eq!(welcome["tokenExpiresIn"], Value::Null);
}

#[tokio::test]
async fn needs_a_token_with_a_key() {
    let server = server().await;
    let (mut client, refused) = answer(&server, join("standup", "Ann")).await;
    assert_eq!(refused["code"], "invalid-token");
    assert_eq!(client.closed().await, 4500);
    let (_ann, welcome) = admitted(&server, json!({})).await;
    let left = welcome["tokenExpiresIn"].as_u64().unwrap();
    assert!((50_000..=60_000).contains(&left), "{left}");
}

#[tokio::test]
async fn refuses_other_algorithms() {
    let server = server().await;
    let good = json!({ "alg": "HS256" });
    let (_client, welcome) = answer(&server, join_with(&with_header(&good))).await;
    assert_eq!(welcome["type"], "welcome");
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "HS384" }),
        json!({ "alg": "RS256" }),
        json!({}),
    ] {
        assert_refused(&server, &with_header(&header), INVALID).await;
    }
    let unsigned = with_header(&json!({ "alg": "none" }));
    let (unsigned, _) = unsigned.rsplit_once('.').unwrap();
    assert_refused(&server, &format!("{unsigned}."), INVALID).await;
}

#[tokio::test]
async fn refuses_what_is_no_token() {
    let server = server().await;
    let good = token(json!({}));
    for wrong in [
        "",
        ".",
        "..",
        "a.b.c",
        &good[1..],
        &format!("{good}x"),
        &"x".repeat(5000),
    ] {
        assert_refused(&server, wrong, INVALID).await;
    }
}

#[tokio::test]
async fn refuses_wrong_claims() {
    let server = server().await;
    for (change, expected) in [
        (json!({ "room": "other" }), FORBIDDEN),
        (json!({ "room": "stand" }), FORBIDDEN),
        (json!({ "room": "team-*" }), FORBIDDEN),
        (json!({ "grants": ["publish"] }), FORBIDDEN),
        (json!({ "grants": [] }), FORBIDDEN),
        (json!({ "exp": null }), INVALID),
        (json!({ "room": null }), INVALID),
        (json!({ "exp": now() - 60 }), EXPIRED),
        (json!({ "nbf": now() + 60 }), INVALID),
    ] {
        assert_refused(&server, &token(change), expected).await;
    }
}

#[tokio::test]
async fn allows_for_a_clock_that_is_wrong() {
    let server = server().await;
    for change in [json!({ "exp": now() - 4 }), json!({ "nbf": now() + 6 })] {
        admitted(&server, change).await;
    }
    let strict = server_with(|config| config.access.leeway = Default::default()).await;
    assert_refused(&strict, &token(json!({ "exp": now() - 2 })), EXPIRED).await;
    assert_refused(&strict, &token(json!({ "nbf": now() + 6 })), INVALID).await;
}

#[tokio::test]
async fn checks_the_audience_if_there_is_one() {
    let named = server_with(|config| config.access.audience = Some("calls".into())).await;
    admitted(&named, json!({ "aud": "calls" })).await;
    admitted(&named, json!({ "aud": ["mail", "calls"] })).await;
    for change in [json!({}), json!({ "aud": "mail" })] {
        assert_refused(&named, &token(change), INVALID).await;
    }
    admitted(&server().await, json!({ "aud": "any" })).await;
}

#[tokio::test]
async fn a_pattern_is_for_many_rooms() {
    let server = server().await;
    admitted(&server, json!({ "room": "stand*" })).await;
    admitted(&server, json!({ "room": "*" })).await;
}

#[tokio::test]
async fn the_name_in_a_token_counts_more_than_that_of_the_client() {
    let server = server().await;
    let (mut ann, _) = admitted(&server, json!({})).await;
    admitted(&server, json!({ "name": "Bob" })).await;
    assert_eq!(ann.next().await["name"], "Bob");
}

#[tokio::test]
async fn a_token_for_once_admits_one_participant() {
    let server = server().await;
    let once = token(json!({ "jti": "1", "once": true }));
    let (ann, welcome) = answer(&server, join_with(&once)).await;
    assert_eq!(welcome["type"], "welcome");
    assert_refused(&server, &once, ("token-used", 4518)).await;
    // Their own seat is theirs, with the same token.
    drop(ann);
    let mut again = resume("standup", &welcome, Some(0));
    again["token"] = once.clone().into();
    let (ann, back) = answer(&server, again).await;
    assert_eq!(back["id"], welcome["id"]);
    // Another token of this kind is another one.
    admitted(&server, json!({ "jti": "2", "once": true })).await;
    ann.close().await;
    assert_refused(&server, &once, ("token-used", 4518)).await;
}

#[tokio::test]
async fn a_full_room_uses_no_token_up() {
    let server = server_with(|config| config.room_capacity = 1.try_into().unwrap()).await;
    let (mut ann, _) = admitted(&server, json!({})).await;
    let once = token(json!({ "jti": "1", "once": true }));
    assert_refused(&server, &once, ("room-full", 4504)).await;
    ann.send(json!({ "type": "bye" })).await;
    assert_eq!(ann.closed().await, 1000);
    let (_bob, welcome) = answer(&server, join_with(&once)).await;
    assert_eq!(welcome["type"], "welcome");
}

#[tokio::test]
async fn nobody_takes_the_seat_of_another_identity() {
    let server = server().await;
    let (ann, welcome) = admitted(&server, json!({ "sub": "ann" })).await;
    drop(ann);
    for thief in [json!({ "sub": "bob" }), json!({})] {
        let mut theft = resume("standup", &welcome, None);
        theft["token"] = token(thief).into();
        let (_client, refused) = answer(&server, theft).await;
        assert_eq!(refused["code"], "forbidden");
    }
    let mut own = resume("standup", &welcome, None);
    own["token"] = token(json!({ "sub": "ann", "jti": "another" })).into();
    let (_ann, back) = answer(&server, own).await;
    assert_eq!(back["id"], welcome["id"]);
}
