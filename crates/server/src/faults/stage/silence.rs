use tokio::time::Instant;
use tungstenite::Message;

use super::{Act, Stage};
use crate::faults::words::Dialect;

/// The server says nothing; that it ends is all that is heard.
pub(super) struct Mute(pub(super) Dialect);

impl Stage for Mute {
    fn down(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        match &message {
            Message::Close(_) => vec![Act::ToClient(message)],
            _ => answer(self.0, &message).unwrap_or_default(),
        }
    }
}

/// The server gives no sign of life and asks for none.
pub(super) struct Lifeless(pub(super) Dialect);

impl Stage for Lifeless {
    fn down(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        answer(self.0, &message).unwrap_or_else(|| vec![Act::ToClient(message)])
    }
}

/// Answers a sign of life in the client's stead, or the server would give the client up.
fn answer(dialect: Dialect, message: &Message) -> Option<Vec<Act>> {
    let text = message.to_text().ok()?;
    let pong = dialect.pong().map(Message::text).map(Act::ToServer);
    (message.is_text() && dialect.is_sign_of_life(text)).then(|| pong.into_iter().collect())
}

/// Who says goodbye is cut off in the middle of it.
pub(super) struct DropOnClose(pub(super) Dialect);

impl Stage for DropOnClose {
    fn up(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        match &message {
            Message::Close(_) => vec![Act::Cut],
            Message::Text(text) if self.0.says_bye(text) => vec![Act::Cut],
            _ => vec![Act::ToServer(message)],
        }
    }
}
