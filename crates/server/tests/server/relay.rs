//! The relay for two.

use std::time::Duration;

use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::harness::Server;

const SDP: &str = r#"{"sdp": {"type": "offer", "sdp": "v=0\r\n"}, "id": "7c1e"}"#;

#[tokio::test]
async fn a_text_goes_to_everyone_in_the_room() {
    let server = Server::start().await;
    let mut one = Client::open(&server, "/relay/standup").await;
    one.send_text(SDP).await;
    assert_eq!(one.next_text().await, SDP);
    let mut two = Client::open(&server, "/relay/standup").await;
    let mut other = Client::open(&server, "/relay/other").await;
    for text in ["", "not json", SDP] {
        two.send_text(text).await;
        assert_eq!(two.next_text().await, text);
        assert_eq!(
            one.next_text().await,
            text,
            "earlier messages are not stored"
        );
    }
    other.send_text("alone").await;
    assert_eq!(other.next_text().await, "alone");
}

#[tokio::test]
async fn a_third_member_is_refused_until_one_leaves() {
    let server = Server::start().await;
    let mut one = Client::open(&server, "/relay/standup").await;
    one.send_text("a").await;
    one.next_text().await;
    let mut two = Client::open(&server, "/relay/standup").await;
    two.send_text("b").await;
    two.next_text().await;
    assert_eq!(one.next_text().await, "b");
    let mut three = Client::open(&server, "/relay/standup").await;
    three.send_text("c").await;
    assert_eq!(three.closed().await, 4504);
    one.send_text("d").await;
    assert_eq!(two.next_text().await, "d");
    two.close().await;
    let mut four = Client::open(&server, "/relay/standup").await;
    four.send_text("e").await;
    assert_eq!(four.next_text().await, "e");
    assert_eq!(one.next_text().await, "d");
    assert_eq!(one.next_text().await, "e");
}

#[tokio::test]
async fn binary_messages_are_refused() {
    let server = Server::start().await;
    for path in ["/relay/standup", "/rooms"] {
        let mut client = Client::open(&server, path).await;
        client.send_frame(Message::binary(vec![1, 2, 3])).await;
        assert_eq!(client.closed().await, 1003);
    }
}

#[tokio::test]
async fn room_names_are_checked() {
    let server = Server::start().await;
    let long = format!("/relay/{}", "x".repeat(129));
    for path in ["/relay/a%20b", "/relay/a%2Fb", "/relay/%FF", &long] {
        let refused = Client::try_open(&server, path, &[]).await.err();
        assert_eq!(
            refused.map(|response| response.status().as_u16()),
            Some(400),
            "{path}"
        );
    }
    assert_eq!(server.get("/relay/", &[]).await.status, 404);
    Client::open(&server, "/relay/%E4%BC%9A%E8%AD%B0").await;
}

#[tokio::test]
async fn a_silent_socket_is_pinged_then_closed() {
    let server = Server::with(|config| {
        config.timing.relay_ping = Duration::from_millis(100);
        config.timing.relay_silence = Duration::from_millis(800);
    })
    .await;
    let mut one = Client::open(&server, "/relay/standup").await;
    for _ in 0..10 {
        // Reading is what makes the client answer the pings.
        assert!(matches!(one.next_raw().await, Message::Ping(_)));
    }
    let two = Client::open(&server, "/relay/standup").await;
    one.send_text("a").await;
    assert_eq!(one.next_text().await, "a");
    // From here on `two` answers nothing, so that its place becomes free.
    loop {
        let mut three = Client::open(&server, "/relay/standup").await;
        three.send_text("hello").await;
        if !matches!(three.next_raw().await, Message::Close(_)) {
            break;
        }
        one.next_raw().await;
    }
    drop(two);
}
