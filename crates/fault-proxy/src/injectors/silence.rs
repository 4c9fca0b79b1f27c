use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{Action, Injector};
use crate::dialect::Dialect;

/// Passes nothing on from the server but its close.
pub(super) struct SilentServer(pub(super) Dialect);

impl Injector for SilentServer {
    fn handle_from_server(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        match &message {
            Message::Close(_) => vec![Action::ToClient(message)],
            _ => answer_keep_alive(self.0, &message).unwrap_or_default(),
        }
    }
}

/// Passes on no keep-alives of the server.
pub(super) struct NoKeepAlive(pub(super) Dialect);

impl Injector for NoKeepAlive {
    fn handle_from_server(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        answer_keep_alive(self.0, &message).unwrap_or_else(|| vec![Action::ToClient(message)])
    }
}

/// Answers a keep-alive in place of the client, which the server would otherwise disconnect.
fn answer_keep_alive(dialect: Dialect, message: &Message) -> Option<Vec<Action>> {
    let text = message.to_text().ok()?;
    let pong = dialect.pong().map(Message::text).map(Action::ToServer);
    (message.is_text() && dialect.is_keep_alive(text)).then(|| pong.into_iter().collect())
}

/// Resets the connection of a client that leaves.
pub(super) struct DropOnClose(pub(super) Dialect);

impl Injector for DropOnClose {
    fn handle_from_client(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        match &message {
            Message::Close(_) => vec![Action::Reset],
            Message::Text(text) if self.0.is_bye(text) => vec![Action::Reset],
            _ => vec![Action::ToServer(message)],
        }
    }
}
