//! A server below a base path, behind a proxy.

use serde_json::json;
use videocalls_server::Assets;

use crate::client::{Client, join};
use crate::harness::Server;

async fn below_calls() -> Server {
    Server::with(|config| {
        config.base_path = "/calls".parse().unwrap();
        config.trusted_proxies = vec!["loopback".parse().unwrap()];
        config.assets = Assets::from_files([
            ("index.html", "<app>"),
            ("videocalls/videocalls.js", "package"),
            ("examples/plain/index.html", "<plain>"),
        ]);
    })
    .await
}

#[tokio::test]
async fn everything_is_below_the_base_path() {
    let server = below_calls().await;
    for (path, body) in [
        ("/calls/?room=a", "<app>"),
        ("/calls/videocalls/videocalls.js", "package"),
        ("/calls/examples/plain/", "<plain>"),
        ("/calls/healthz", "ok\n"),
        ("/healthz", "ok\n"),
    ] {
        let reply = server.get(path, &[]).await;
        assert_eq!((reply.status, reply.body), (200, body.into()), "{path}");
    }
    for path in ["/", "/videocalls/videocalls.js", "/rooms", "/callsrooms"] {
        assert_eq!(server.get(path, &[]).await.status, 404, "{path}");
    }
    let shared = server.get("/calls/videocalls/videocalls.js", &[]).await;
    assert_eq!(shared.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn paths_without_their_slash_are_redirected_below_the_base_path() {
    let server = below_calls().await;
    for (path, location) in [
        ("/calls?room=a", "calls/?room=a"),
        ("/calls/examples/plain", "plain/"),
    ] {
        let reply = server.get(path, &[]).await;
        assert_eq!((reply.status, reply.header("location")), (308, location));
    }
}

#[tokio::test]
async fn sockets_below_the_base_path_join() {
    let server = below_calls().await;
    let mut ann = Client::open(&server, "/calls/rooms").await;
    ann.send(join("standup", "Ann")).await;
    assert_eq!(ann.next().await["type"], "welcome");
    let mut relay = Client::open(&server, "/calls/relay/standup").await;
    relay.send(json!("echo")).await;
    assert_eq!(relay.next_text().await, "\"echo\"");
}

#[tokio::test]
async fn origin_is_compared_with_the_host_that_a_trusted_proxy_names() {
    let server = below_calls().await;
    let status = async |origin: &str, host: &str| {
        let headers = [("origin", origin), ("x-forwarded-host", host)];
        let opened = Client::try_open(&server, "/calls/rooms", &headers).await;
        opened
            .err()
            .map_or(101, |refused| refused.status().as_u16())
    };
    assert_eq!(status("https://calls.example", "calls.example").await, 101);
    assert_eq!(
        status("https://calls.example:8443", "calls.example:8443").await,
        101
    );
    assert_eq!(status("https://evil.example", "calls.example").await, 403);
    assert_eq!(
        status("https://calls.example:8443", "calls.example").await,
        403
    );
}

#[tokio::test]
async fn forwarded_host_of_others_does_not_count() {
    let server = Server::start().await;
    for name in ["x-forwarded-host", "forwarded"] {
        let value = match name {
            "forwarded" => "host=evil.example",
            _ => "evil.example",
        };
        let headers = [("origin", "https://evil.example"), (name, value)];
        let refused = Client::try_open(&server, "/rooms", &headers).await.err();
        assert_eq!(refused.unwrap().status(), 403, "{name}");
    }
}

#[tokio::test]
async fn listed_origins_may_show_the_app_in_a_frame() {
    let server = Server::with(|config| {
        config.frame_ancestors = vec![
            "self".parse().unwrap(),
            "https://Intranet.example".parse().unwrap(),
        ];
    })
    .await;
    let reply = server.get("/", &[]).await;
    let policy = reply.header("content-security-policy");
    let expected = "; frame-ancestors 'self' https://intranet.example; ";
    assert!(policy.contains(expected), "{policy}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_that_of_a_proxy() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{UnixListener, UnixStream};

    let folder = std::env::temp_dir().join(format!("videocalls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let server = tokio::spawn(crate::run(
        listener,
        crate::base_config(),
        std::future::pending(),
    ));
    let mut socket = UnixStream::connect(&path).await.unwrap();
    let upgrade = "GET /rooms HTTP/1.1\r\nHost: unix\r\nOrigin: https://calls.example\r\n\
        X-Forwarded-Host: calls.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(upgrade.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    server.abort();
    std::fs::remove_dir_all(&folder).unwrap();
}
