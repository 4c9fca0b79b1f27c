//! Tokens that expire during a call.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{admitted, now, server_with, token};
use crate::client::Client;
use crate::harness::Server;

/// A server that waits for a second after a token has expired.
async fn server() -> Server {
    server_with(|config| config.timing.token = Duration::from_secs(1)).await
}

async fn renew(client: &mut Client, change: Value) -> Value {
    client
        .send(json!({ "type": "token", "token": token(change) }))
        .await;
    client.next().await
}

#[tokio::test]
async fn a_seat_ends_some_time_after_its_token() {
    let server = server().await;
    let started = Instant::now();
    let (mut ann, _) = admitted(&server, json!({ "exp": now() + 2 })).await;
    let (mut bob, _) = admitted(&server, json!({})).await;
    ann.next().await;
    assert_eq!(ann.next().await, json!({ "type": "token-expired" }));
    let expired = started.elapsed();
    let refused = ann.next().await;
    assert_eq!(
        refused,
        json!({ "type": "refused", "code": "token-expired" })
    );
    assert_eq!(ann.closed().await, 4505);
    assert!(expired > Duration::from_millis(900), "{expired:?}");
    assert!(started.elapsed() >= expired + Duration::from_millis(900));
    assert_eq!(bob.next().await["type"], "left");
}

#[tokio::test]
async fn a_call_goes_on_for_several_lifetimes() {
    let server = server().await;
    let (mut bob, _) = admitted(&server, json!({})).await;
    let ann = json!({ "sub": "ann", "exp": now() + 2 });
    let (mut ann, _) = admitted(&server, ann).await;
    assert_eq!(bob.next().await["type"], "joined");
    for _ in 0..2 {
        assert_eq!(ann.next().await["type"], "token-expired");
        let accepted = renew(&mut ann, json!({ "sub": "ann", "exp": now() + 2 })).await;
        assert_eq!(accepted["type"], "token-accepted");
        let left = accepted["tokenExpiresIn"].as_u64().unwrap();
        assert!((1_000..=2_000).contains(&left), "{left}");
    }
    ann.expect_nothing().await;
    bob.expect_nothing().await;
}

#[tokio::test]
async fn a_token_that_is_renewed_early_never_expires() {
    let server = server().await;
    let (mut ann, _) = admitted(&server, json!({ "exp": now() + 2 })).await;
    let accepted = renew(&mut ann, json!({ "exp": now() + 60, "grants": ["join"] })).await;
    assert_eq!(accepted["grants"], json!(["join"]));
    let wait = tokio::time::sleep(Duration::from_millis(3_200));
    wait.await;
    ann.expect_nothing().await;
}

#[tokio::test]
async fn a_token_that_is_no_good_leaves_the_seat_as_it_is() {
    let server = server().await;
    let (mut ann, _) = admitted(&server, json!({ "sub": "ann" })).await;
    for (change, code) in [
        (json!({ "sub": "bob" }), "forbidden"),
        (json!({ "sub": "ann", "room": "other" }), "forbidden"),
        (json!({ "sub": "ann", "exp": now() - 60 }), "token-expired"),
        (json!({ "sub": "ann", "nbf": now() + 60 }), "invalid-token"),
    ] {
        let rejected = renew(&mut ann, change).await;
        assert_eq!(rejected, json!({ "type": "rejected", "code": code }));
    }
    ann.expect_nothing().await;
}
