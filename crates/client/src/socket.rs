use gloo_events::EventListener;
use js_sys::Function;
use videocalls_protocol::MAX_MESSAGE_BYTES;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use crate::browser::{track, untrack};

/// A WebSocket that is closed, and silent, when this is dropped.
#[derive(Debug)]
#[must_use = "the socket is closed when this is dropped"]
pub(crate) struct Socket {
    socket: WebSocket,
    _listeners: [EventListener; 3],
}

/// What a socket has to say.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    Opened,
    Text(String),
    /// A message longer than anyone may send; it was not read.
    TooLarge,
    /// A message that is not text.
    Binary,
    /// It is closed, or never opened, with this code (RFC 6455 section 7.4).
    Closed(u16),
}

impl Socket {
    /// Starts to connect, by the browser's own means or by those that were given.
    ///
    /// # Errors
    ///
    /// The browser does not let this page connect there, e.g. from HTTPS to a `ws:` address.
    pub(crate) fn open(
        url: &str,
        means: Option<&Function>,
        on_event: impl Fn(SocketEvent) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let socket = match means {
            Some(open) => open
                .call1(&JsValue::UNDEFINED, &url.into())?
                .unchecked_into(),
            None => WebSocket::new(url)?,
        };
        track(&socket);
        let [opened, message, closed] = [on_event.clone(), on_event.clone(), on_event];
        let listeners = [
            EventListener::new(&socket, "open", move |_| opened(SocketEvent::Opened)),
            EventListener::new(&socket, "message", move |event| {
                let data = event.unchecked_ref::<MessageEvent>().data();
                message(read(&data));
            }),
            EventListener::new(&socket, "close", move |event| {
                closed(SocketEvent::Closed(
                    event.unchecked_ref::<CloseEvent>().code(),
                ));
            }),
        ];
        Ok(Self {
            socket,
            _listeners: listeners,
        })
    }

    /// Sends a text. What can't be sent any more is dropped: the close that follows says so.
    pub(crate) fn send(&self, text: &str) {
        if self.socket.ready_state() == WebSocket::OPEN {
            let _ = self.socket.send_with_str(text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        untrack(&self.socket);
        // What was sent goes out before the close frame. The code 1000 is always allowed.
        let _ = self.socket.close_with_code(1000);
    }
}

fn read(data: &JsValue) -> SocketEvent {
    let Some(text) = data.dyn_ref::<js_sys::JsString>() else {
        return SocketEvent::Binary;
    };
    // A JavaScript string's length is at most that of its UTF-8 text: cheap, and before any copy.
    if text.length() as usize > MAX_MESSAGE_BYTES {
        return SocketEvent::TooLarge;
    }
    match String::from(text) {
        text if text.len() > MAX_MESSAGE_BYTES => SocketEvent::TooLarge,
        text => SocketEvent::Text(text),
    }
}
