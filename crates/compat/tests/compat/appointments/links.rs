//! The links to appointments.

use serde_json::json;

use super::{PROFESSIONAL, SECRET, described, jwt, server, text, token};
use crate::harness::Server;
use crate::io::Io;

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

/// The original answers with a stack trace.
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
