//! The program `videocalls-server`.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::harness::within;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_videocalls-server"));
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn interrupt(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    let mut kill = Command::new("kill");
    assert!(kill.args([signal, &id]).status().await.unwrap().success());
}

#[tokio::test]
async fn prints_its_address_and_stops_on_signals() {
    for signal in ["-INT", "-TERM"] {
        let mut child = program().args(["--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        within("the first line", stdout.read_line(&mut line))
            .await
            .unwrap();
        let address = line
            .strip_prefix("videocalls-server listening on http://")
            .unwrap();
        let port = address.trim_end().strip_prefix("127.0.0.1:").unwrap();
        assert_ne!(port.parse::<u16>().unwrap(), 0);
        tokio::net::TcpStream::connect(address.trim_end())
            .await
            .unwrap();
        interrupt(&child, signal).await;
        let mut rest = String::new();
        within("the end", stdout.read_to_string(&mut rest))
            .await
            .unwrap();
        assert_eq!(rest, "", "one line is all");
        assert!(within("the end", child.wait()).await.unwrap().success());
    }
}

#[tokio::test]
async fn a_wrong_setting_is_an_error_and_help_lists_the_settings() {
    for wrong in [
        ["--allow-origin", "null"],
        ["--allow-origin", "*"],
        ["--frame-ancestors", "none"],
        ["--trust-proxy", "everyone"],
        ["--base-path", "calls"],
        ["--room-capacity", "0"],
        ["--turn-relay-ports", "50000"],
        ["--turn-relay-ports", "50001-50000"],
        ["--turn-external-ip", "example.org"],
        ["--turn-url", "turn:without.a.secret"],
        ["--turn-ttl", "0"],
        ["--seat-grace", "-1"],
        ["--auth-secret", "too short"],
        ["--auth-key", "/nowhere"],
        ["--auth-key", "/dev/null"],
        ["--auth-jwks", "/nowhere"],
        ["--auth-jwks", "/dev/null"],
        ["--auth-leeway", "301"],
        ["--lobby", "--open"],
        ["--appointments-secret", "too short"],
        ["--appointments-base", "example.org"],
    ] {
        let output = program().args(wrong).output().await.unwrap();
        assert!(!output.status.success(), "{wrong:?}");
    }
    let help = program().arg("--help").output().await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for name in [
        "--listen",
        "--allow-origin",
        "--frame-ancestors",
        "--trust-proxy",
        "--base-path",
        "--room-capacity",
        "--seat-grace",
        "--channels-anywhere",
        "--turn",
        "--turn-external-ip",
        "--turn-relay-ports",
        "--turn-allow-private",
        "--turn-url",
        "--turn-secret",
        "--turn-ttl",
        "--stun",
        "--auth-secret",
        "--auth-key",
        "--auth-jwks",
        "--lobby",
        "--appointments-secret",
        "--appointments-base",
        "localhost:8080",
    ] {
        assert!(help.contains(name), "{name}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program()
        .args(["--listen", &address])
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot start")
    );
}

#[tokio::test]
async fn help_does_not_show_the_secret() {
    let secret = "a secret of thirty-two bytes or more";
    let help = program()
        .arg("--help")
        .env("VIDEOCALLS_APPOINTMENTS_SECRET", secret)
        .env("VIDEOCALLS_AUTH_SECRET", secret)
        .output()
        .await
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("VIDEOCALLS_APPOINTMENTS_SECRET"));
    assert!(help.contains("VIDEOCALLS_AUTH_SECRET"));
    assert!(!help.contains(secret));
}

#[cfg(unix)]
#[tokio::test]
async fn listens_at_a_unix_socket_also_where_a_killed_server_has_left_one() {
    use tokio::io::AsyncWriteExt;

    let folder = std::env::temp_dir().join(format!("videocalls-unix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("socket");
    let address = format!("unix:{}", path.display());
    for _ in 0..2 {
        let mut child = program().args(["--listen", &address]).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        within("the first line", stdout.read_line(&mut line))
            .await
            .unwrap();
        assert_eq!(line, format!("videocalls-server listening on {address}\n"));
        let second = program().args(["--listen", &address]).output();
        assert!(!second.await.unwrap().status.success(), "it is in use");
        let mut socket = tokio::net::UnixStream::connect(&path).await.unwrap();
        socket
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        child.kill().await.unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Starts the program, joins a room with it and returns the welcome.
async fn welcome(arguments: &[&str]) -> serde_json::Value {
    use futures_util::{SinkExt as _, StreamExt as _};

    let mut program = program();
    let mut child = program
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .env_remove("VIDEOCALLS_STUN")
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    within("the first line", stdout.read_line(&mut line))
        .await
        .unwrap();
    let (_, address) = line.trim_end().split_once("http://").unwrap();
    let rooms = format!("ws://{address}/rooms");
    let (mut socket, _) = tokio_tungstenite::connect_async(rooms).await.unwrap();
    let join = r#"{"type":"join","v":1,"room":"standup"}"#;
    socket.send(join.into()).await.unwrap();
    let welcome = within("the welcome", socket.next()).await;
    serde_json::from_str(welcome.unwrap().unwrap().to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn offers_the_ice_servers_of_its_options() {
    let urls = |welcome: &serde_json::Value| {
        let servers = welcome["iceServers"].as_array().cloned();
        let urls = servers.unwrap_or_default().into_iter();
        urls.map(|server| server["urls"].to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(urls(&welcome(&[]).await).contains("stun:stun.l.google.com"));
    assert_eq!(urls(&welcome(&["--stun", "none"]).await), "");
    let own = welcome(&["--turn", "0", "--turn-ttl", "60"]).await;
    assert!(urls(&own).starts_with("[\"stun:127.0.0.1:"), "{own}");
    assert!(!urls(&own).contains("google"), "{own}");
    assert_eq!(own["iceLifetime"], 60);
    let other = [
        "--turn-url",
        "turn:a",
        "--turn-secret",
        "s",
        "--stun",
        "stun:b",
    ];
    let other = welcome(&other).await;
    assert_eq!(urls(&other), r#"["stun:b"] ["turn:a"]"#);
}

#[tokio::test]
async fn warns_if_others_can_reach_a_server_without_a_key() {
    let secret = "--auth-secret=a secret of thirty-two bytes or more";
    for (arguments, warns) in [
        (&["--listen", "0.0.0.0:0"][..], true),
        (&["--listen", "[::]:0"], true),
        (&["--listen", "0.0.0.0:0", "--open"], false),
        (&["--listen", "0.0.0.0:0", secret], false),
        (&["--listen", "127.0.0.1:0"], false),
        (&["--listen", "localhost:0"], false),
    ] {
        let mut child = program().args(arguments).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        within("the first line", stdout.read_line(&mut line))
            .await
            .unwrap();
        child.kill().await.unwrap();
        let mut errors = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut errors).await.unwrap();
        assert_eq!(errors.contains("WARNING"), warns, "{arguments:?} {errors}");
    }
}
