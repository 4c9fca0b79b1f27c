//! Who may act on an appointment.

use serde_json::json;

use super::{
    PROFESSIONAL, SECRET, answer, call, candidate, claims_of, client, dashboard, get_ice, ice, jwt,
    offer, professional, server, signed, text,
};
use crate::harness::Server;
use crate::io::Io;

#[tokio::test]
async fn a_client_acts_on_its_own_appointment_only() {
    let server = server().await;
    let (mut alice, mut pro) = call(&server).await;
    let mut eve = client(&server, "two").await;
    eve.emit(offer("two")).await;
    pro.event().await;
    pro.event().await;
    alice.emit(ice("c1", "client", "one")).await;
    pro.event().await;
    eve.emit(offer("one")).await;
    eve.emit(answer("one", "evil")).await;
    eve.emit(ice("evil", "client", "one")).await;
    eve.emit(ice("evil", "professional", "one")).await;
    assert_eq!(get_ice(&mut eve, "one", "professional").await, json!([[]]));
    alice.expect_nothing().await;
    pro.expect_nothing().await;
}

#[tokio::test]
async fn a_professional_acts_on_appointments_in_their_name_only() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    client.emit(ice("c1", "client", "one")).await;
    pro.event().await;
    let token = jwt(&json!({ "fullName": "Eve", "proId": 1234 }));
    let mut eve = Io::with_jwt(&server, &token).await;
    assert_eq!(
        eve.event().await,
        json!(["apptData", []]),
        "and sees no others"
    );
    eve.emit(answer("one", "evil")).await;
    eve.emit(ice("evil", "professional", "one")).await;
    eve.emit(ice("evil", "client", "one")).await;
    eve.emit(offer("one")).await;
    assert_eq!(get_ice(&mut eve, "one", "professional").await, json!([[]]));
    client.expect_nothing().await;
    pro.expect_nothing().await;
    client.emit(offer("one")).await;
    assert_eq!(pro.event().await[0], "newOfferWaiting");
    eve.expect_nothing().await;
}

#[tokio::test]
async fn the_token_decides_whose_candidate_it_is() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    client.emit(ice("c1", "professional", "one")).await;
    assert_eq!(pro.event().await, json!(["iceToClient", candidate("c1")]));
    assert_eq!(
        get_ice(&mut pro, "one", "client").await,
        json!([[candidate("c1")]])
    );
    client.expect_nothing().await;
}

#[tokio::test]
async fn two_appointments_do_not_mix() {
    let server = server().await;
    let (mut pro, _) = dashboard(&server).await;
    let mut one = client(&server, "one").await;
    let mut two = client(&server, "two").await;
    one.emit(offer("one")).await;
    pro.event().await;
    pro.event().await;
    two.emit(offer("two")).await;
    pro.event().await;
    let list = pro.event().await;
    assert_eq!(
        (&list[1][0]["uuid"], &list[1][1]["uuid"]),
        (&json!("one"), &json!("two"))
    );
    pro.emit(answer("two", "v=2")).await;
    assert_eq!(two.event().await[0], "answerToClient");
    one.expect_nothing().await;
}

/// The original forwards it.
#[tokio::test]
async fn an_answer_without_an_offer_is_dropped() {
    let server = server().await;
    let (mut pro, _) = dashboard(&server).await;
    let mut client = client(&server, "one").await;
    pro.emit(answer("one", "v=1")).await;
    pro.expect_nothing().await;
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_client_with_a_bad_token_is_disconnected_and_may_retry() {
    let server = server().await;
    let header = json!({ "alg": "HS256" });
    let good = jwt(&claims_of("one"));
    for auth in [
        json!({ "jwt": "" }),
        json!({ "jwt": null }),
        json!({ "jwt": 7 }),
        json!({ "jwt": "a.b.c" }),
        json!({}),
        json!({ "jwt": &good[..good.len() - 2] }),
        json!({ "jwt": signed("another secret of thirty-two bytes", &header, &claims_of("one")) }),
        json!({ "jwt": signed(SECRET, &json!({ "alg": "none" }), &claims_of("one")) }),
        json!({ "jwt": jwt(&json!({ "uuid": 1 })) }),
        json!({ "jwt": jwt(&json!({ "proId": 1 })) }),
        json!({ "jwt": jwt(&json!({ "proId": 1, "fullName": PROFESSIONAL, "exp": 8 })) }),
    ] {
        let (mut io, _) = Io::open(&server).await;
        io.send_packet(&format!("40{auth}")).await;
        assert!(
            io.next_packet().await.starts_with("40{\"sid\":\""),
            "{auth}"
        );
        assert_eq!(io.next_packet().await, "41", "{auth}");
        io.send_packet(&format!("40{}", json!({ "jwt": good })))
            .await;
        assert!(io.next_packet().await.starts_with("40{\"sid\":\""));
        io.expect_nothing().await;
    }
}

#[tokio::test]
async fn without_a_secret_all_tokens_and_links_are_refused() {
    let server = Server::start().await;
    let mut io = Io::with_jwt(&server, &jwt(&professional())).await;
    assert_eq!(io.next_packet().await, "41");
    for path in ["/user-link", "/pro-link", "/validate-link", "/user-link/"] {
        let reply = server.get(path, &[]).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(text(&reply).contains("creates no links"), "{path}");
    }
    assert_eq!(server.post("/validate-link", "{}").await.status, 404);
}

#[tokio::test]
async fn appointments_and_rooms_of_two_are_separate() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    client.emit(json!(["join", "room1"])).await;
    client.expect_nothing().await;
    let mut guest = Io::connect(&server).await;
    guest.emit(json!(["join", "room1"])).await;
    assert_eq!(guest.event().await, json!(["created"]));
    guest.emit(offer("one")).await;
    guest.emit(answer("one", "evil")).await;
    guest.emit(ice("evil", "client", "one")).await;
    guest
        .send_packet("421[\"getIce\",\"one\",\"professional\"]")
        .await;
    guest.expect_nothing().await;
    client.expect_nothing().await;
    pro.expect_nothing().await;
}
