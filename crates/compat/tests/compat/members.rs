//! The registry of names.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{Reply, Server, within};

fn member(name: &str, room: &str, uid: impl Into<Value>) -> String {
    json!({ "name": name, "room_name": room, "UID": uid.into() }).to_string()
}

/// Asserts that a request was refused, in JSON and by the client's fault.
fn refused(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert!(reply.json()["error"].is_string());
}

#[tokio::test]
async fn a_token_comes_with_a_free_uid() {
    let server = Server::start().await;
    let mut uids = std::collections::HashSet::new();
    for path in ["/get_token/?channel=MAIN", "/get_token?channel=MAIN"] {
        for _ in 0..50 {
            let reply = server.get(path, &[]).await;
            assert_eq!(
                (reply.status, reply.header("cache-control")),
                (200, "no-store")
            );
            let reply = reply.json();
            assert!(reply["token"].as_str().unwrap().len() >= 32, "{reply}");
            let uid = reply["uid"].as_u64().unwrap();
            assert!((1..1 << 31).contains(&uid) && uids.insert(uid), "{uid}");
        }
    }
    assert_eq!(server.get("/get_token/?channel=", &[]).await.status, 200);
}

#[tokio::test]
async fn members_are_created_found_and_deleted() {
    let server = Server::start().await;
    for slash in ["/", ""] {
        let ann = member("Ann", "MAIN", 17);
        let reply = server.post(&format!("/create_member{slash}"), &ann).await;
        assert_eq!(
            (reply.status, reply.json()),
            (200, json!({ "name": "Ann" }))
        );
        let path = format!("/get_member{slash}?UID=17&room_name=MAIN");
        let reply = server.get(&path, &[]).await;
        assert_eq!(
            (reply.status, reply.json()),
            (200, json!({ "name": "Ann" }))
        );
        let reply = server.post(&format!("/delete_member{slash}"), &ann).await;
        assert_eq!((reply.status, reply.json()), (200, json!("Member deleted")));
        refused(&server.get(&path, &[]).await, 404);
    }
}

#[tokio::test]
async fn uids_are_numbers_or_texts_and_rooms_have_any_name() {
    let server = Server::start().await;
    let room = "CAFÉ & 100% +1";
    server
        .post("/create_member/", member("<b>Ü\"", room, "17"))
        .await;
    let path = "/get_member/?UID=17&room_name=CAF%C3%89+%26%20100%25%20%2B1";
    assert_eq!(server.get(path, &[]).await.json()["name"], "<b>Ü\"");
    let reply = server
        .post("/delete_member/", member("<b>Ü\"", room, 17))
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn python_spacing_and_escapes_are_read() {
    let server = Server::start().await;
    let body = "{\"name\": \"J\\u00fcrgen\", \"room_name\": \"MAIN\", \"UID\": 5}\n";
    let reply = server.post("/create_member/", body).await;
    assert_eq!(reply.json()["name"], "Jürgen");
}

#[tokio::test]
async fn rooms_are_separate() {
    let server = Server::start().await;
    server
        .post("/create_member/", member("Ann", "ONE", 5))
        .await;
    server
        .post("/create_member/", member("Bob", "TWO", 5))
        .await;
    let name = async |room: &str| {
        let path = format!("/get_member/?UID=5&room_name={room}");
        server.get(&path, &[]).await.json()["name"].clone()
    };
    assert_eq!(
        (name("ONE").await, name("TWO").await),
        (json!("Ann"), json!("Bob"))
    );
    server
        .post("/delete_member/", member("Ann", "ONE", 5))
        .await;
    assert_eq!(name("TWO").await, "Bob");
}

/// Two rows for one uid make the original fail for everybody.
#[tokio::test]
async fn a_uid_in_use_is_refused_except_to_the_same_name() {
    let server = Server::start().await;
    for _ in 0..2 {
        let reply = server
            .post("/create_member/", member("Ann", "MAIN", 5))
            .await;
        assert_eq!(reply.status, 200);
    }
    let reply = server
        .post("/create_member/", member("Eve", "MAIN", 5))
        .await;
    refused(&reply, 409);
    let reply = server
        .post("/delete_member/", member("Eve", "MAIN", 5))
        .await;
    refused(&reply, 404);
    let reply = server.get("/get_member/?UID=5&room_name=MAIN", &[]).await;
    assert_eq!(reply.json()["name"], "Ann");
}

/// A page deletes on leaving and again on unloading.
#[tokio::test]
async fn a_second_delete_is_a_client_error() {
    let server = Server::start().await;
    server
        .post("/create_member/", member("Ann", "MAIN", 5))
        .await;
    let delete = async || {
        server
            .post("/delete_member/", member("Ann", "MAIN", 5))
            .await
    };
    assert_eq!(delete().await.status, 200);
    refused(&delete().await, 404);
}

#[tokio::test]
async fn invalid_requests_are_client_errors() {
    let server = Server::start().await;
    refused(&server.get("/get_token/", &[]).await, 400);
    refused(&server.get("/get_token/?room=MAIN", &[]).await, 400);
    let long = format!("/get_token/?channel={}", "x".repeat(201));
    refused(&server.get(&long, &[]).await, 400);
    refused(&server.get("/get_member/?UID=1", &[]).await, 400);
    refused(
        &server.get("/get_member/?UID=1&room_name=NO", &[]).await,
        404,
    );
    refused(
        &server.get("/get_member/?UID=%FF&room_name=%00", &[]).await,
        404,
    );
    refused(&server.get("/create_member/", &[]).await, 405);
    refused(&server.post("/get_token/?channel=MAIN", "").await, 405);
    for path in ["/create_member/", "/delete_member/"] {
        for body in [
            "",
            "{",
            "null",
            "[]",
            "7",
            r#"{"name":"Ann","room_name":"MAIN"}"#,
            r#"{"name":"Ann","UID":1}"#,
            r#"{"room_name":"MAIN","UID":1}"#,
            r#"{"name":["Ann"],"room_name":"MAIN","UID":1}"#,
            r#"{"name":"Ann","room_name":{},"UID":1}"#,
            r#"{"name":"Ann","room_name":"MAIN","UID":null}"#,
            &member(&"x".repeat(201), "MAIN", 1),
            &"[".repeat(4000),
        ] {
            refused(&server.post(path, body).await, 400);
        }
        refused(&server.post(path, b"\xff\xfe").await, 400);
        refused(&server.post(path, "x".repeat(5000)).await, 413);
    }
}

#[tokio::test]
async fn names_are_limited_and_expire() {
    let server = Server::with(|config| {
        config.limits.members = 2;
        config.timing.member = Duration::from_millis(300);
    })
    .await;
    for uid in 1..=3 {
        server
            .post("/create_member/", member("Ann", "MAIN", uid))
            .await;
    }
    let status = async |uid: u32| {
        let path = format!("/get_member/?UID={uid}&room_name=MAIN");
        server.get(&path, &[]).await.status
    };
    assert_eq!(status(1).await, 404);
    within("the end of its time", async {
        while status(3).await == 200 {}
    })
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_times_out() {
    let server =
        Server::with(|config| config.server.timing.body = Duration::from_millis(100)).await;
    let mut tcp = server.tcp().await;
    let head = b"POST /create_member/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{";
    tcp.write_all(head).await.unwrap();
    let mut answer = Vec::new();
    within("the answer", tcp.read_to_end(&mut answer))
        .await
        .unwrap();
    refused(&Reply::read(&answer), 408);
}

#[tokio::test]
async fn the_origin_check_applies_with_cors() {
    let server = Server::start().await;
    let path = "/get_token/?channel=MAIN";
    let ask =
        async |method: &str, origin: &str| server.http(method, path, &[("origin", origin)]).await;
    refused(&ask("GET", "https://evil.example").await, 403);
    refused(&ask("OPTIONS", "https://evil.example").await, 403);
    let local = "http://localhost:3000";
    let reply = ask("GET", local).await;
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (200, local)
    );
    assert_eq!(reply.header("vary"), "origin");
    assert!(
        reply
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
    let reply = ask("OPTIONS", local).await;
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (204, local)
    );
    assert_eq!(reply.header("access-control-allow-headers"), "content-type");
    assert!(
        reply
            .header("access-control-allow-methods")
            .contains("POST")
    );
}
