//! Appointments: links, tokens, and what is said by those who came with them.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Reply, Server};
use crate::io::{Io, Polling};

const SECRET: &str = "a secret of thirty-two bytes or more";
const PROFESSIONAL: &str = "Dr. Who";

async fn server() -> Server {
    Server::with(|config| config.appointments_secret = Some(SECRET.parse().unwrap())).await
}

fn jwt(claims: &Value) -> String {
    signed(SECRET, &json!({ "alg": "HS256", "typ": "JWT" }), claims)
}

fn signed(secret: &str, header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(header), encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let signature = mac.chain_update(&text).finalize().into_bytes();
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn claims_of(uuid: impl Into<Value>) -> Value {
    json!({
        "professionalsFullName": PROFESSIONAL, "apptDate": 1_700_000_000_000_u64,
        "uuid": uuid.into(), "clientName": "Jim", "iat": 7,
    })
}

fn professional() -> Value {
    json!({ "fullName": PROFESSIONAL, "proId": 1234, "iat": 7 })
}

async fn client(server: &Server, uuid: impl Into<Value>) -> Io {
    Io::with_jwt(server, &jwt(&claims_of(uuid))).await
}

/// The professional, and the list that was told at once.
async fn dashboard(server: &Server) -> (Io, Value) {
    let mut io = Io::with_jwt(server, &jwt(&professional())).await;
    let list = io.event().await;
    assert_eq!(list[0], "apptData");
    (io, list[1].clone())
}

fn described(kind: &str, sdp: &str) -> Value {
    json!({ "type": kind, "sdp": sdp })
}

fn offer(uuid: impl Into<Value>) -> Value {
    json!(["newOffer", { "offer": described("offer", "v=0"), "apptInfo": claims_of(uuid) }])
}

fn answer(uuid: impl Into<Value>, sdp: &str) -> Value {
    json!(["newAnswer", { "answer": described("answer", sdp), "uuid": uuid.into() }])
}

fn candidate(text: &str) -> Value {
    json!({ "candidate": text, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "ab" })
}

fn ice(text: &str, who: &str, uuid: impl Into<Value>) -> Value {
    json!(["iceToServer", { "iceC": candidate(text), "who": who, "uuid": uuid.into() }])
}

async fn get_ice(io: &mut Io, uuid: impl Into<Value>, who: &str) -> Value {
    io.send_packet(&format!("4217{}", json!(["getIce", uuid.into(), who])))
        .await;
    let answer = io.next_packet().await;
    let answer = answer
        .strip_prefix("4317")
        .unwrap_or_else(|| panic!("{answer}"));
    serde_json::from_str::<Value>(answer).unwrap()
}

/// A client who has offered, and the professional who was told.
async fn call(server: &Server) -> (Io, Io) {
    let (mut pro, _) = dashboard(server).await;
    let mut client = client(server, "one").await;
    client.emit(offer("one")).await;
    assert_eq!(pro.event().await[0], "newOfferWaiting");
    assert_eq!(pro.event().await[0], "apptData");
    (client, pro)
}

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
    let told = json!(["answerToClient", described("answer", "v=1")]);
    assert_eq!(client_.event().await, told);
    pro.expect_nothing().await;
    drop(client_);
    let mut client_ = client(&server, "one").await;
    assert_eq!(client_.event().await, told);
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

/// A client's page sends its first candidates before it knows which appointment it has.
#[tokio::test]
async fn a_clients_candidate_needs_no_uuid() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    client.emit(ice("c1", "client", json!(null))).await;
    assert_eq!(pro.event().await, json!(["iceToClient", candidate("c1")]));
    pro.emit(ice("p1", "professional", json!(null))).await;
    client.expect_nothing().await;
}

/// As with the original: there is nobody yet for whom it could be kept.
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

/// The original has an answer for nobody; here an answer needs an offer.
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

fn text(reply: &Reply) -> &str {
    str::from_utf8(&reply.body).unwrap()
}

/// The token in a link.
fn token(link: &str) -> &str {
    let token = link.split_once("?token=").unwrap().1;
    token.split('"').next().unwrap()
}

#[tokio::test]
async fn two_links_start_one_call() {
    let server = server().await;
    let reply = server.get("/user-link", &[]).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("text/html"));
    let address = server.address;
    let link = text(&reply);
    assert!(
        link.starts_with(&format!("http://{address}/join-video?token=")),
        "{link}"
    );
    let validated = server
        .post(
            "/validate-link",
            json!({ "token": token(link) }).to_string(),
        )
        .await;
    assert_eq!(validated.status, 200);
    let info = validated.json();
    for name in ["professionalsFullName", "clientName", "uuid"] {
        assert!(info[name].is_string(), "{info}");
    }
    assert!(info["apptDate"].as_u64().unwrap() > 1_000 * info["iat"].as_u64().unwrap());
    let reply = server.get("/pro-link", &[]).await;
    let anchor = text(&reply);
    let start = format!("<a href=\"http://{address}/dashboard?token=");
    assert!(anchor.starts_with(&start), "{anchor}");
    assert!(
        anchor.ends_with("\" target=\"_blank\">Link Here</a>"),
        "{anchor}"
    );
    let path = format!("/validate-link?token={}", token(anchor));
    let professional = server.get(&path, &[]).await.json();
    assert_eq!(professional["fullName"], info["professionalsFullName"]);
    assert!(professional["proId"].is_number());
    let mut pro = Io::with_jwt(&server, token(anchor)).await;
    let list = pro.event().await;
    assert_eq!(
        list[1][0]["uuid"], info["uuid"],
        "before the client has come"
    );
    assert_eq!(list[1][0].get("waiting"), None);
    let mut client = Io::with_jwt(&server, token(link)).await;
    let offer = json!({ "offer": described("offer", "v=0"), "apptInfo": info });
    client.emit(json!(["newOffer", offer])).await;
    assert_eq!(pro.event().await[1]["clientName"], info["clientName"]);
    assert_eq!(pro.event().await[1][0]["waiting"], true);
    let other = server.get("/user-link", &[]).await;
    let other = server
        .post(
            "/validate-link",
            json!({ "token": token(text(&other)) }).to_string(),
        )
        .await;
    assert_ne!(
        other.json()["uuid"],
        info["uuid"],
        "each link is an appointment of its own"
    );
}

#[tokio::test]
async fn links_use_the_configured_base_or_the_requests_host() {
    let server = Server::with(|config| {
        config.appointments_secret = Some(SECRET.parse().unwrap());
        config.appointments_base = Some("https://page.example/app/".parse().unwrap());
    })
    .await;
    let reply = server.get("/user-link", &[]).await;
    assert!(text(&reply).starts_with("https://page.example/app/join-video?token="));
    let server = self::server().await;
    let hosted = async |host: &str| {
        let request =
            format!("GET /pro-link HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        server.raw(request.as_bytes()).await
    };
    let reply = hosted("call.example:8443").await;
    assert!(text(&reply).starts_with("<a href=\"https://call.example:8443/dashboard?"));
    for evil in ["x\"><script>", "x'", "a@b", "<b>", "&amp;"] {
        let reply = hosted(evil).await;
        assert!(
            text(&reply).starts_with("<a href=\"/dashboard?token="),
            "{evil}"
        );
    }
}

/// The original answers with a page about its insides.
#[tokio::test]
async fn invalid_tokens_are_client_errors() {
    let server = server().await;
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("{}", 400),
        ("[]", 400),
        (r#"{"token":7}"#, 400),
        (r#"{"token":null}"#, 400),
        (r#"{"token":""}"#, 401),
        (r#"{"token":"a.b.c"}"#, 401),
    ] {
        let reply = server.post("/validate-link", body).await;
        assert_eq!(reply.status, status, "{body}");
        assert!(reply.json()["error"].is_string());
    }
    assert_eq!(
        server
            .post("/validate-link", "x".repeat(10_000))
            .await
            .status,
        413
    );
    let old = jwt(&json!({ "proId": 1, "fullName": PROFESSIONAL, "exp": 8 }));
    let reply = server
        .post("/validate-link", json!({ "token": old }).to_string())
        .await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn links_allow_other_ports_and_refuse_other_sites() {
    let server = server().await;
    let local = [("origin", "https://localhost:3000")];
    let evil = [("origin", "https://evil.example")];
    for path in ["/user-link", "/pro-link", "/validate-link"] {
        let reply = server.http("OPTIONS", path, &local).await;
        assert_eq!(reply.status, 204);
        assert_eq!(
            reply.header("access-control-allow-origin"),
            "https://localhost:3000"
        );
        assert_eq!(reply.header("access-control-allow-headers"), "content-type");
        assert_eq!(server.get(path, &evil).await.status, 403, "{path}");
    }
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

/// Each offer is told to the professional with a list, which would make a flood of a trickle.
#[tokio::test]
async fn too_many_offers_are_dropped() {
    let server = server().await;
    let (mut client, mut pro) = call(&server).await;
    for _ in 0..50 {
        client.emit(offer("one")).await;
    }
    client.expect_nothing().await;
    pro.send_packet("40/mark,").await;
    let mut told = 0;
    while pro.next_packet().await.starts_with("42[\"") {
        told += 1;
    }
    assert!((18..24).contains(&told), "{told}");
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
        "the newest is among those that are told, and the last"
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
