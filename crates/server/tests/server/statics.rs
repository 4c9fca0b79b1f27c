//! The files and their headers.

use videocalls_server::Assets;

use crate::harness::{Reply, Server};

async fn site() -> Server {
    Server::with(|config| {
        config.assets = Assets::from_files([
            ("index.html", "<app>"),
            ("index.html.br", "BR"),
            ("index.html.gz", "GZ"),
            ("app.js", "app"),
            ("app_bg.wasm", "\0asm"),
            ("app_bg.wasm.br", "wasm br"),
            ("app_bg.wasm.gz", "wasm gz"),
            ("videocalls/videocalls.js", "js"),
            ("videocalls/videocalls_bg.wasm", "\0asm"),
            ("examples/plain/index.html", "<plain>"),
        ]);
    })
    .await
}

fn body(reply: &Reply) -> &str {
    str::from_utf8(&reply.body).unwrap()
}

#[tokio::test]
async fn the_app_is_at_the_root_for_every_room() {
    let server = site().await;
    for path in ["/", "/?room=standup", "/index.html"] {
        let reply = server.get(path, &[]).await;
        assert_eq!((reply.status, body(&reply)), (200, "<app>"), "{path}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(reply.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn each_client_gets_the_smallest_encoding_it_accepts() {
    let server = site().await;
    for (accept, encoding, content) in [
        ("gzip, deflate, br", "br", "BR"),
        ("gzip", "gzip", "GZ"),
        ("br;q=0, gzip", "gzip", "GZ"),
        ("deflate", "", "<app>"),
        ("", "", "<app>"),
    ] {
        let reply = server.get("/", &[("accept-encoding", accept)]).await;
        assert_eq!(
            (reply.header("content-encoding"), body(&reply)),
            (encoding, content),
            "{accept}"
        );
        assert_eq!(reply.header("vary"), "accept-encoding");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    }
    let unpacked = server.get("/app.js", &[("accept-encoding", "br")]).await;
    assert_eq!(
        (unpacked.header("content-encoding"), body(&unpacked)),
        ("", "app")
    );
}

#[tokio::test]
async fn webassembly_has_its_type_in_every_encoding() {
    let server = site().await;
    for accept in ["br", "gzip", "identity"] {
        let reply = server
            .get("/app_bg.wasm", &[("accept-encoding", accept)])
            .await;
        assert_eq!(reply.header("content-type"), "application/wasm");
    }
    let script = server.get("/app.js", &[]).await;
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
}

#[tokio::test]
async fn an_unchanged_file_is_not_sent_again() {
    let server = site().await;
    let first = server.get("/", &[("accept-encoding", "br")]).await;
    let etag = first.header("etag");
    assert!(etag.starts_with('"') && etag.len() > 2, "{etag}");
    let again = server
        .get("/", &[("accept-encoding", "br"), ("if-none-match", etag)])
        .await;
    assert_eq!((again.status, body(&again)), (304, ""));
    for name in ["etag", "vary", "cache-control"] {
        assert_eq!(again.header(name), first.header(name));
    }
    let other = server
        .get("/", &[("accept-encoding", "gzip"), ("if-none-match", etag)])
        .await;
    assert_eq!(
        (other.status, body(&other)),
        (200, "GZ"),
        "another form has another tag"
    );
}

#[tokio::test]
async fn head_answers_without_the_body() {
    let server = site().await;
    let reply = server
        .http("HEAD", "/app_bg.wasm", &[("accept-encoding", "br")])
        .await;
    assert_eq!((reply.status, body(&reply)), (200, ""));
    assert_eq!(reply.header("content-length"), "7");
    assert_eq!(reply.header("content-encoding"), "br");
    assert_eq!(server.http("POST", "/", &[]).await.status, 405);
}

#[tokio::test]
async fn a_directory_redirects_to_its_index() {
    let server = site().await;
    let reply = server.get("/examples/plain?room=a", &[]).await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (308, "plain/?room=a")
    );
    assert_eq!(body(&server.get("/examples/plain/", &[]).await), "<plain>");
    for path in ["/videocalls", "/videocalls/", "/examples", "/examples/"] {
        assert_eq!(server.get(path, &[]).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let server = site().await;
    for path in [
        "/nothing",
        "/index.html.br",
        "/index.html.gz",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "//examples/plain",
        "/examples//plain/",
        "/app.js/",
    ] {
        let reply = server.get(path, &[]).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn a_server_without_files_says_how_to_build_them() {
    let server = Server::start().await;
    let reply = server.get("/", &[]).await;
    assert_eq!(reply.status, 503);
    assert!(body(&reply).contains("cargo xtask build"));
    assert_eq!(body(&reply).trim_end().lines().count(), 1);
}

#[tokio::test]
async fn the_policy_allows_only_what_a_call_needs() {
    let server = site().await;
    let reply = server.get("/", &[]).await;
    assert_eq!(
        reply.header("content-security-policy"),
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; media-src 'self' blob: mediastream:; connect-src 'self'; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
    let permissions = reply.header("permissions-policy");
    assert!(permissions.contains("camera=(self)") && permissions.contains("geolocation=()"));
}

#[tokio::test]
async fn an_example_may_connect_to_other_servers() {
    let server = site().await;
    let app = server.get("/", &[]).await;
    let example = server.get("/examples/plain/", &[]).await;
    let widened = app
        .header("content-security-policy")
        .replace("connect-src 'self';", "connect-src 'self' ws: wss:;");
    assert_eq!(example.header("content-security-policy"), widened);
    assert_ne!(app.header("content-security-policy"), widened);
}

#[tokio::test]
async fn other_sites_can_load_the_package() {
    let server = site().await;
    for path in [
        "/videocalls/videocalls.js",
        "/videocalls/videocalls_bg.wasm",
    ] {
        let reply = server
            .get(path, &[("origin", "https://other.example")])
            .await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin");
    }
}

#[tokio::test]
async fn health_is_never_cached() {
    let reply = site().await.get("/healthz", &[]).await;
    assert_eq!((reply.status, body(&reply)), (200, "ok\n"));
    assert_eq!(reply.header("cache-control"), "no-store");
}
