//! Access tokens by the program, and by the examples of `docs/tokens.md`.

use std::path::PathBuf;

use tokio::process::Command;
use videocalls_server::AccessKey;

use crate::client::{Client, join};
use crate::harness::Server;

const SECRET: &str = "a secret of thirty-two bytes or more";
const DOCUMENT: &str = include_str!("../../../../docs/tokens.md");

/// What a program prints, which knows the secret.
async fn printed(command: &mut Command) -> String {
    let command = command.env("VIDEOCALLS_AUTH_SECRET", SECRET);
    let output = command.output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let token = text.strip_suffix('\n').unwrap().to_owned();
    assert!(!token.contains('\n'), "one line is all");
    token
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_videocalls-server"));
    command.arg("token");
    command
}

/// The example in the document's block of this language.
fn example(language: &str) -> String {
    let (_, section) = DOCUMENT.split_once("## Make a token").unwrap();
    let (_, block) = section.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

async fn welcome(key: AccessKey, token: &str) -> serde_json::Value {
    let server = Server::with(|config| config.server.access.keys.push(key)).await;
    let mut client = Client::open(&server, "/rooms").await;
    let mut join = join("standup", "Somebody");
    join["token"] = token.into();
    client.send(join).await;
    client.next().await
}

async fn assert_moderates(token: &str) {
    let welcome = welcome(SECRET.parse().unwrap(), token).await;
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    assert!(welcome["grants"].to_string().contains("moderate"));
    let left = welcome["tokenExpiresIn"].as_u64().unwrap();
    assert!((590_000..=600_000).contains(&left), "{left}");
}

#[tokio::test]
async fn the_command_of_the_document_makes_a_token() {
    let example = example("sh");
    let arguments = example.trim().strip_prefix("videocalls-server token ");
    let arguments = arguments.unwrap().split(' ');
    assert_moderates(&printed(program().args(arguments)).await).await;
}

#[tokio::test]
async fn the_examples_of_the_document_make_tokens() {
    let node = example("js");
    let mut node_command = Command::new("node");
    node_command.args(["--input-type=module", "--eval", &node]);
    assert_moderates(&printed(&mut node_command).await).await;

    let python = example("python");
    let mut python_command = Command::new("python3");
    assert_moderates(&printed(python_command.args(["-c", &python])).await).await;
}

#[tokio::test]
async fn a_private_key_makes_tokens_for_its_public_key() {
    let keys = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../server/tests/keys");
    for kind in ["rsa", "p256", "ed25519"] {
        let private = keys.join(kind).with_extension("pem");
        let public = std::fs::read(keys.join(kind).with_extension("pub.pem")).unwrap();
        let key = AccessKey::from_pem(&public).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_videocalls-server"));
        command.args(["token", "--room", "standup", "--sign-key"]);
        let output = command.arg(private).output().await.unwrap();
        let token = String::from_utf8(output.stdout).unwrap();
        let welcome = welcome(key, token.trim()).await;
        assert_eq!(welcome["type"], "welcome", "{kind}: {welcome}");
        assert!(!welcome["grants"].to_string().contains("moderate"));
    }
}

#[tokio::test]
async fn a_wrong_option_makes_no_token() {
    for wrong in [
        &["--room", "standup", "--grant", "fly"][..],
        &["--room", "standup", "--ttl", "0"],
        &["--room", "standup", "--name", "a\u{202e}b"],
        &["--room", "standup", "--sign-key", "/nowhere"],
        &["--identity", "ann"],
    ] {
        let mut command = program();
        if !wrong.contains(&"--sign-key") {
            command.env("VIDEOCALLS_AUTH_SECRET", SECRET);
        }
        let output = command.args(wrong).output().await.unwrap();
        assert!(!output.status.success(), "{wrong:?}");
        assert!(output.stdout.is_empty());
    }
    let short = program()
        .args(["--room", "a", "--auth-secret", "short"])
        .output();
    assert!(!short.await.unwrap().status.success());
}
