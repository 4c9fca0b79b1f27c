//! Offers, answers and candidates of appointments.

use serde_json::json;

use super::{
    PROFESSIONAL, answer, call, candidate, claims_of, client, dashboard, described, get_ice, ice,
    jwt, offer, server,
};
use crate::io::{Io, Polling};

#[tokio::test]
async fn an_offer_is_stored_for_the_professional_with_its_candidates() {
    let server = server().await;
    let (mut pro, list) = dashboard(&server).await;
    assert_eq!(list, json!([]));
    let mut client = client(&server, "one").await;
    client.emit(offer("one")).await;
    let mut waiting = claims_of("one");
    waiting["offer"] = described("offer", "v=0");
    waiting["offererIceCandidates"] = json!([]);
    waiting["answer"] = json!(null);
    waiting["answerIceCandidates"] = json!([]);
    assert_eq!(pro.event().await, json!(["newOfferWaiting", waiting]));
    let mut entry = claims_of("one");
    entry.as_object_mut().unwrap().remove("iat");
    entry["waiting"] = json!(true);
    assert_eq!(pro.event().await, json!(["apptData", [entry]]));
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_person_who_connects_later_receives_what_happened_before() {
    let server = server().await;
    let mut client = client(&server, "one").await;
    client.emit(offer("one")).await;
    client.emit(ice("c1", "client", "one")).await;
    client.expect_nothing().await;
    let (mut pro, list) = dashboard(&server).await;
    assert_eq!(list[0]["waiting"], true);
    let waiting = pro.event().await;
    assert_eq!(waiting[0], "newOfferWaiting");
    assert_eq!(waiting[1]["offererIceCandidates"], json!([candidate("c1")]));
    pro.expect_nothing().await;
}

#[tokio::test]
async fn the_client_receives_the_answer_and_again_after_reconnecting() {
    let server = server().await;
    let (mut client_, mut pro) = call(&server).await;
    pro.emit(answer("one", "v=1")).await;
    let received = json!(["answerToClient", described("answer", "v=1")]);
    assert_eq!(client_.event().await, received);
    pro.expect_nothing().await;
    drop(client_);
    let mut client_ = client(&server, "one").await;
    assert_eq!(client_.event().await, received);
    // The last offer is the one that counts.
    client_.emit(offer("one")).await;
    let waiting = pro.event().await;
    assert_eq!(waiting[1]["answer"], json!(null));
    let mut again = client(&server, "one").await;
    again.expect_nothing().await;
}

#[tokio::test]
async fn candidates_are_forwarded_and_stored() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    client.emit(ice("c1", "client", "one")).await;
    assert_eq!(pro.event().await, json!(["iceToClient", candidate("c1")]));
    pro.emit(ice("p1", "professional", "one")).await;
    assert_eq!(
        client.event().await,
        json!(["iceToClient", candidate("p1")])
    );
    assert_eq!(
        get_ice(&mut pro, "one", "professional").await,
        json!([[candidate("c1")]])
    );
    assert_eq!(
        get_ice(&mut client, "one", "client").await,
        json!([[candidate("p1")]])
    );
    client.expect_nothing().await;
    pro.expect_nothing().await;
}

#[tokio::test]
async fn number_and_text_uuids_are_equal() {
    let server = server().await;
    let (mut pro, _) = dashboard(&server).await;
    let mut client = client(&server, 1).await;
    client.emit(offer(1)).await;
    let waiting = pro.event().await;
    assert_eq!(waiting[1]["uuid"], 1, "as it came");
    pro.event().await;
    pro.emit(answer("1", "v=1")).await;
    assert_eq!(client.event().await[0], "answerToClient");
    client.emit(ice("c1", "client", "1")).await;
    assert_eq!(pro.event().await[0], "iceToClient");
    assert_eq!(
        get_ice(&mut pro, "1", "professional").await,
        json!([[candidate("c1")]])
    );
}

/// A client's page sends its first candidates before it knows the uuid of its appointment.
#[tokio::test]
async fn a_clients_candidate_needs_no_uuid() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    client.emit(ice("c1", "client", json!(null))).await;
    assert_eq!(pro.event().await, json!(["iceToClient", candidate("c1")]));
    pro.emit(ice("p1", "professional", json!(null))).await;
    client.expect_nothing().await;
}

/// As with the original, candidates are stored only with an offer.
#[tokio::test]
async fn a_candidate_before_the_offer_is_dropped() {
    let server = server().await;
    let (mut pro, _) = dashboard(&server).await;
    let mut client = client(&server, "one").await;
    client.emit(ice("c1", "client", "one")).await;
    client.emit(offer("one")).await;
    assert_eq!(pro.event().await[1]["offererIceCandidates"], json!([]));
}

/// The original's whole process ends.
#[tokio::test]
async fn get_ice_without_acknowledgement_is_ignored() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    pro.emit(json!(["getIce", "one", "professional"])).await;
    pro.expect_nothing().await;
    client.expect_nothing().await;
}

/// The original never answers.
#[tokio::test]
async fn get_ice_of_an_unknown_appointment_returns_an_empty_list() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    for uuid in [json!("two"), json!(null), json!({}), json!(7)] {
        assert_eq!(get_ice(&mut pro, uuid, "professional").await, json!([[]]));
    }
    assert_eq!(get_ice(&mut client, "two", "client").await, json!([[]]));
}

#[tokio::test]
async fn other_spellings_of_fields_are_read() {
    let server = server().await;
    let (mut pro, _) = dashboard(&server).await;
    for (number, name) in [
        "proffessionalsFullName",
        "professionalFullName",
        "professionFullName",
    ]
    .iter()
    .enumerate()
    {
        let uuid = format!("u{number}");
        let claims =
            json!({ "uuid": uuid, *name: PROFESSIONAL, "appDate": 7, "clientName": "Jim" });
        let mut client = Io::with_jwt(&server, &jwt(&claims)).await;
        let offer = json!({ "offer": described("offer", "v=0"), "aaptInfo": claims });
        client.emit(json!(["newOffer", offer])).await;
        let waiting = pro.event().await;
        assert_eq!(waiting[1]["professionalsFullName"], PROFESSIONAL);
        assert_eq!(
            (&waiting[1][*name], &waiting[1]["apptDate"]),
            (&json!(PROFESSIONAL), &json!(7))
        );
        pro.event().await;
        let answer = json!({ "Answer": described("answer", "v=1"), "uuid": uuid });
        pro.emit(json!(["newAnswer", answer])).await;
        assert_eq!(client.event().await[0], "answerToClient");
    }
}

#[tokio::test]
async fn the_last_socket_of_a_person_receives_events() {
    let server = server().await;
    let (mut client, mut first) = call(&server).await;
    let (mut second, _) = dashboard(&server).await;
    second.event().await;
    client.emit(ice("c1", "client", "one")).await;
    assert_eq!(second.event().await[0], "iceToClient");
    first.expect_nothing().await;
    second.close().await;
    // The end of a socket is seen soon, but not at once.
    for _ in 0..100 {
        client.emit(ice("c2", "client", "one")).await;
        client.expect_nothing().await;
        first.send_packet("40/mark,").await;
        if first.next_packet().await.starts_with("42[\"iceToClient\"") {
            return;
        }
    }
    panic!("nobody was spoken to");
}

#[tokio::test]
async fn appointments_work_by_polling() {
    let server = server().await;
    let (mut pro, _) = dashboard(&server).await;
    let (page, _) = Polling::open(&server).await;
    let connect = format!("40{}", json!({ "jwt": jwt(&claims_of("one")) }));
    page.send_packet(&format!(
        "{connect}\u{1e}42{}\u{1e}421[\"getIce\",\"one\",\"client\"]",
        offer("one")
    ))
    .await;
    assert_eq!(pro.event().await[0], "newOfferWaiting");
    let heard = page.next_packet().await;
    assert!(heard.ends_with("\u{1e}431[[]]"), "{heard}");
    pro.event().await;
    pro.emit(answer("one", "v=1")).await;
    assert!(
        page.next_packet()
            .await
            .starts_with("42[\"answerToClient\",")
    );
}
