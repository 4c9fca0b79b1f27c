use std::rc::Rc;

use js_sys::Function;
use videocalls_protocol::MAX_MESSAGE_BYTES;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, WebSocket};

use crate::browser::{call_method, property, small, track, untrack};
use crate::event_listener::EventListener;

/// A WebSocket that is closed when this is dropped, and reports nothing from then on.
#[derive(Debug)]
#[must_use = "the socket is closed when this is dropped"]
pub(crate) struct Socket {
    // Dropped before the socket is closed: a transport may report its close inside `close`.
    listeners: Option<[EventListener; 3]>,
    socket: WebSocket,
}

/// What a socket reports.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    Opened,
    Text(String),
    /// A message that is longer than the protocol allows; it was not read.
    TooLarge,
    /// A message that is not text.
    Binary,
    /// The socket is closed, or never opened, with this code (RFC 6455 section 7.4).
    Closed(u16),
}

impl Socket {
    /// Starts to connect, by the browser's own `WebSocket` or by what `opener` returns.
    ///
    /// # Errors
    ///
    /// The browser does not let this page connect there, e.g. from HTTPS to a `ws:` address, or
    /// `opener` has thrown.
    pub(crate) fn open(
        url: &str,
        opener: Option<&Function>,
        on_event: Rc<dyn Fn(SocketEvent)>,
    ) -> Result<Self, JsValue> {
        let socket = match opener {
            Some(open) => open
                .call1(&JsValue::UNDEFINED, &url.into())?
                .unchecked_into(),
            None => WebSocket::new(url)?,
        };
        track(&socket);
        let listeners = listen(&socket, &on_event);
        Ok(Self {
            listeners: Some(listeners),
            socket,
        })
    }

    /// Sends a text. A text that can't be sent any more is dropped: the socket's close is reported.
    pub(crate) fn send(&self, text: &str) {
        if property(&self.socket, "readyState") == f64::from(WebSocket::OPEN) {
            call_method(&self.socket, "send", &text.into());
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.listeners.take();
        untrack(&self.socket);
        // What was sent goes out before the close frame. The code 1000 is always allowed.
        call_method(&self.socket, "close", &1000.into());
    }
}

fn listen(socket: &WebSocket, on_event: &Rc<dyn Fn(SocketEvent)>) -> [EventListener; 3] {
    let [opened, message, closed] = [on_event.clone(), on_event.clone(), on_event.clone()];
    [
        EventListener::new(socket, "open", move |_| opened(SocketEvent::Opened)),
        EventListener::new(socket, "message", move |event| {
            // An exception here is fatal, as simulated failures expect.
            message(read(&event.unchecked_ref::<MessageEvent>().data()));
        }),
        EventListener::new(socket, "close", move |event| {
            let code = property(event, "code").as_f64();
            closed(SocketEvent::Closed(code.map(small).unwrap_or_default()));
        }),
    ]
}

fn read(data: &JsValue) -> SocketEvent {
    let Some(text) = data.dyn_ref::<js_sys::JsString>() else {
        return SocketEvent::Binary;
    };
    // A JavaScript string's length is at most that of its UTF-8 text, so a text that is far too
    // long is not even copied.
    if text.length() as usize > MAX_MESSAGE_BYTES {
        return SocketEvent::TooLarge;
    }
    match String::from(text) {
        text if text.len() > MAX_MESSAGE_BYTES => SocketEvent::TooLarge,
        text => SocketEvent::Text(text),
    }
}
