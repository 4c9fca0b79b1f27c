//! Participants who may not send everything.

use serde_json::json;

use super::{admitted, server};
use crate::client::offer;

const SDP: &str = "v=0\r\nm=audio 9 UDP 0\r\na=sendrecv\r\nm=video 9 UDP 0\r\na=sendrecv\r\n";

#[tokio::test]
async fn others_are_told_of_no_media_that_may_not_be_sent() {
    let server = server().await;
    let (mut ann, welcome) = admitted(&server, json!({})).await;
    let grants = json!(["join", "publish-microphone"]);
    let (mut bob, _) = admitted(&server, json!({ "grants": grants })).await;
    let joined = ann.next().await;
    assert_eq!(joined["audio"], "live");
    assert_eq!(joined["video"], "not-requested");

    bob.send(json!({ "type": "media", "audio": "muted", "video": "live" }))
        .await;
    let media = ann.next().await;
    assert_eq!(
        (&media["audio"], &media["video"]),
        (&json!("muted"), &json!("not-requested"))
    );

    bob.send(offer(&welcome["id"], SDP)).await;
    let sdp = ann.next().await["description"]["sdp"].clone();
    let expected = "v=0\r\nm=audio 9 UDP 0\r\na=sendrecv\r\nm=video 9 UDP 0\r\na=recvonly\r\n";
    assert_eq!(sdp, expected);
}

#[tokio::test]
async fn descriptions_of_others_are_passed_on_as_they_are() {
    let server = server().await;
    let (mut ann, welcome) = admitted(&server, json!({})).await;
    let (mut bob, _) = admitted(&server, json!({ "grants": ["join", "publish"] })).await;
    ann.next().await;
    bob.send(offer(&welcome["id"], SDP)).await;
    assert_eq!(ann.next().await["description"]["sdp"], SDP);
}
