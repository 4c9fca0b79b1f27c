//! `docs/compatibility.md` names what there is.

use crate::harness::Server;

const COMPATIBILITY: &str = include_str!("../../../../docs/compatibility.md");

#[tokio::test]
async fn documents_each_path_and_switch() {
    let server = Server::with(|config| {
        config.appointments_secret = Some("s".repeat(32).parse().unwrap());
    })
    .await;
    for path in [
        "/socket.io/",
        "/user-link",
        "/pro-link",
        "/validate-link",
        "/channels/",
        "/get_token/",
        "/create_member/",
        "/get_member/",
        "/delete_member/",
        "/relay/",
    ] {
        assert!(COMPATIBILITY.contains(&format!("`{path}")), "{path}");
        let path = if path == "/relay/" { "/relay/x" } else { path };
        assert_ne!(server.get(path, &[]).await.status, 404, "{path}");
    }
    for name in ["SECRET", "BASE"] {
        assert!(COMPATIBILITY.contains(&format!("VIDEOCALLS_APPOINTMENTS_{name}")));
    }
    assert!(COMPATIBILITY.contains("--channels-anywhere"));
}
