//! The program as a whole.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::client::Client;
use crate::harness::within;

#[tokio::test]
async fn program_injects_faults_and_takes_the_timing_options() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_videocalls-fault-proxy"))
        .args(["--listen", "127.0.0.1:0", "--ping", "50", "--pong", "500"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    within("the first line", stdout.read_line(&mut line))
        .await
        .unwrap();
    let address = line.trim_end().rsplit_once('/').unwrap().1.parse().unwrap();
    let (mut ann, welcome) = Client::join(address, "fault-close_4008~1-x", "Ann").await;
    assert_eq!(welcome["ping"], 50);
    assert_eq!(ann.close_code().await, Some(4008));
    // Nobody answers the pings here, so the server gives up after 500 ms.
    let (mut bob, _) = Client::join(address, "standup", "Bob").await;
    assert_eq!(bob.close_code().await, Some(4009));
    terminate(child.id().unwrap()).await;
    assert!(within("the end", child.wait()).await.unwrap().success());
}

async fn terminate(id: u32) {
    let mut kill = Command::new("kill");
    let status = kill.args(["-TERM", &id.to_string()]).status().await;
    assert!(status.unwrap().success());
}
