//! Which pages may open a socket.

use videocalls_server::Origin;

use crate::client::Client;
use crate::harness::Server;

async fn status(server: &Server, path: &str, origins: &[&str]) -> u16 {
    let headers = origins
        .iter()
        .map(|origin| ("origin", *origin))
        .collect::<Vec<_>>();
    let opened = Client::try_open(server, path, &headers).await;
    opened
        .err()
        .map_or(101, |response| response.status().as_u16())
}

#[tokio::test]
async fn admits_this_server_localhost_and_listed_origins_only() {
    let server = Server::with(|config| {
        config.allow_origins = vec!["https://Friend.example".parse().unwrap()];
    })
    .await;
    let port = server.address.port();
    let same = format!("http://127.0.0.1:{port}");
    for path in ["/rooms", "/relay/standup"] {
        assert_eq!(status(&server, path, &[]).await, 101);
        for origin in [
            same.as_str(),
            "http://localhost:3000",
            "https://localhost",
            "http://LocalHost:3000",
            "http://127.0.0.1:9",
            "http://[::1]:9",
            "https://friend.example",
            "https://FRIEND.example:443",
        ] {
            assert_eq!(status(&server, path, &[origin]).await, 101, "{origin}");
        }
        for origin in [
            "https://evil.example",
            "null",
            "",
            "file://",
            "http://friend.example",
            "https://friend.example:8443",
            "https://friend.example.evil.example",
            "https://evil.example/https://friend.example",
            "https://evilfriend.example",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example",
        ] {
            assert_eq!(status(&server, path, &[origin]).await, 403, "{origin}");
        }
        let twice = ["http://localhost", "https://evil.example"];
        assert_eq!(status(&server, path, &twice).await, 403);
    }
}

#[tokio::test]
async fn admits_the_requested_host_at_its_port_only() {
    let server = Server::start().await;
    let port = server.address.port();
    let request = async |origin: &str| {
        let tcp = server.tcp().await;
        let url = format!("ws://call.example:{port}/rooms");
        let opened = Client::over(tcp, &url, &[("origin", origin)]).await;
        opened
            .err()
            .map_or(101, |response| response.status().as_u16())
    };
    assert_eq!(request(&format!("http://call.example:{port}")).await, 101);
    assert_eq!(request(&format!("https://CALL.example:{port}")).await, 101);
    assert_eq!(request("http://call.example").await, 403);
    assert_eq!(
        request(&format!("http://call.example:{}", port ^ 1)).await,
        403
    );
    assert_eq!(
        request(&format!("http://call.example.evil.example:{port}")).await,
        403
    );
}

#[test]
fn parses_exact_origins_only() {
    for text in [
        "null",
        "*",
        "example.org",
        "https://example.org/",
        "https://*.example.org:x",
    ] {
        assert!(text.parse::<Origin>().is_err(), "{text}");
    }
    let plain = "https://example.org".parse::<Origin>();
    assert_eq!(plain, "HTTPS://EXAMPLE.ORG:443".parse());
    assert!(plain.is_ok());
}
