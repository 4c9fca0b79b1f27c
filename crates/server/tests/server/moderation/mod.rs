//! Moderation of rooms.

mod acts;
mod lobby;

use serde_json::{Value, json};

use crate::access::admitted;
use crate::client::Client;
use crate::harness::Server;

/// A moderator and their welcome.
async fn moderator(server: &Server, name: &str) -> (Client, Value) {
    let grants = json!(["join", "publish", "moderate"]);
    admitted(
        server,
        json!({ "sub": name, "name": name, "grants": grants }),
    )
    .await
}

/// A participant who may not moderate, and their welcome.
async fn participant(server: &Server, name: &str) -> (Client, Value) {
    admitted(server, json!({ "sub": name, "name": name })).await
}

fn act(act: &str, to: &Value) -> Value {
    json!({ "type": "moderate", "act": act, "to": to })
}

fn set(act: &str, on: bool) -> Value {
    json!({ "type": "moderate", "act": act, "on": on })
}
