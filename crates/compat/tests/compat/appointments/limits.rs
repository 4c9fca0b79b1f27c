//! The limits of appointments.

use std::time::Duration;

use serde_json::json;

use super::{SECRET, call, claims_of, client, dashboard, described, offer, server};
use crate::harness::Server;

#[tokio::test]
async fn wrong_arguments_are_dropped_until_there_are_too_many() {
    let server = Server::with(|config| {
        config.appointments_secret = Some(SECRET.parse().unwrap());
        config.server.limits.malformed = 14;
    })
    .await;
    let (mut client_, mut pro) = call(&server).await;
    for event in [
        json!(["newOffer"]),
        json!(["newOffer", null]),
        json!(["newOffer", []]),
        json!(["newOffer", {}]),
        json!(["newOffer", { "offer": null }]),
        json!(["newOffer", { "offer": "v=0", "apptInfo": claims_of("one") }]),
        json!(["iceToServer"]),
        json!(["iceToServer", 7]),
        json!(["iceToServer", {}]),
        json!(["iceToServer", { "iceC": "text", "uuid": "one" }]),
        json!(["iceToServer", { "iceC": { "candidate": "c".repeat(3000) }, "uuid": "one" }]),
        json!(["getIce"]),
    ] {
        client_.emit(event).await;
    }
    client_
        .send_packet(&format!(
            "42[\"newOffer\",{}]",
            "[".repeat(300) + &"]".repeat(300)
        ))
        .await;
    client_
        .emit(json!(["iceToServer", { "iceC": null, "who": "client", "uuid": "one" }]))
        .await;
    client_.expect_nothing().await;
    pro.expect_nothing().await;
    client_.emit(json!(["newOffer", 1])).await;
    assert_eq!(client_.closed().await, 4509);
    for event in [
        json!(["newAnswer"]),
        json!(["newAnswer", {}]),
        json!(["newAnswer", { "uuid": "one" }]),
        json!(["newAnswer", { "uuid": "one", "answer": null }]),
        json!(["newAnswer", { "uuid": {}, "answer": {} }]),
    ] {
        pro.emit(event).await;
    }
    pro.expect_nothing().await;
    client(&server, "one").await.expect_nothing().await;
}

/// The professional receives a whole list with each offer, so a few offers would be many bytes.
#[tokio::test]
async fn too_many_offers_are_dropped() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    for _ in 0..50 {
        client.emit(offer("one")).await;
    }
    client.expect_nothing().await;
    pro.send_packet("40/mark,").await;
    let mut received = 0;
    while pro.next_packet().await.starts_with("42[\"") {
        received += 1;
    }
    assert!((18..24).contains(&received), "{received}");
}

#[tokio::test]
async fn a_professional_can_connect_despite_many_long_offers() {
    let server = server().await;
    for uuid in 0..30 {
        let mut client = client(&server, uuid).await;
        let sdp = format!("v={uuid} {}", "s".repeat(40 * 1024));
        let offer = json!({ "offer": described("offer", &sdp), "apptInfo": claims_of(uuid) });
        client.emit(json!(["newOffer", offer])).await;
        client.expect_nothing().await;
    }
    let (mut pro, list) = dashboard(&server).await;
    assert_eq!(list.as_array().unwrap().len(), 30);
    pro.send_packet("40/mark,").await;
    let mut last = String::new();
    loop {
        let packet = pro.next_packet().await;
        if packet.starts_with("44") {
            break;
        }
        last = packet;
    }
    assert!(
        last.contains("v=29 "),
        "the newest is among those that are received, and the last"
    );
}

#[tokio::test]
async fn at_capacity_connected_clients_keep_their_appointments() {
    let server = Server::with(|config| {
        config.appointments_secret = Some(SECRET.parse().unwrap());
        config.limits.appointments = 3;
    })
    .await;
    let _first = client(&server, "first").await;
    for _ in 0..10 {
        assert_eq!(server.get("/user-link", &[]).await.status, 200);
    }
    let _second = client(&server, "second").await;
    let _third = client(&server, "third").await;
    let (_pro, list) = dashboard(&server).await;
    assert_eq!(list.as_array().unwrap().len(), 3);
    let mut fourth = client(&server, "fourth").await;
    assert_eq!(fourth.next_packet().await, "41");
}

#[tokio::test]
async fn appointments_expire() {
    let server = Server::with(|config| {
        config.appointments_secret = Some(SECRET.parse().unwrap());
        config.timing.appointment = Duration::ZERO;
    })
    .await;
    let mut one = client(&server, "one").await;
    one.emit(offer("one")).await;
    one.expect_nothing().await;
    one.close().await;
    let _two = client(&server, "two").await;
    let (mut pro, list) = dashboard(&server).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    pro.expect_nothing().await;
}
