use std::cell::RefCell;
use std::rc::Rc;

use videocalls_session::LinkRole;
use wasm_bindgen::JsCast;
use web_sys::{RtcDataChannel, RtcPeerConnection};

use crate::browser::{call_method, property};
use crate::event_listener::EventListener;
use crate::file_channel::is_for_file;

/// How many lines at most wait for a channel to open.
const MAX_WAITING: usize = 64;

/// The chat of one link.
pub(crate) trait Chat {
    /// Sends a line, or keeps it until a channel is open.
    fn send(&self, line: &str);
}

/// Opens the data channel of a connection with this label, or waits for the peer to open it.
pub(crate) type Open = fn(
    connection: &RtcPeerConnection,
    role: LinkRole,
    label: &str,
    on_line: Rc<dyn Fn(String)>,
) -> Box<dyn Chat>;

/// The data channel of a connection, before and after it opens. It reports nothing once this is
/// dropped.
struct Channel {
    line: Rc<RefCell<Line>>,
    _listener: Option<EventListener>,
}

#[derive(Default)]
struct Line {
    channel: Option<RtcDataChannel>,
    waiting: Vec<String>,
    listeners: Vec<EventListener>,
}

pub(crate) fn open(
    connection: &RtcPeerConnection,
    role: LinkRole,
    label: &str,
    on_line: Rc<dyn Fn(String)>,
) -> Box<dyn Chat> {
    let line = Rc::new(RefCell::new(Line::default()));
    let listener = if role == LinkRole::Offerer {
        attach(&line, connection.create_data_channel(label), on_line);
        None
    } else {
        let line = line.clone();
        Some(EventListener::new(
            connection,
            "datachannel",
            move |event| {
                let channel = property(event, "channel");
                if !is_for_file(&channel) {
                    attach(&line, channel.unchecked_into(), on_line.clone());
                }
            },
        ))
    };
    Box::new(Channel {
        line,
        _listener: listener,
    })
}

/// Uses a channel in place of any other.
fn attach(line: &Rc<RefCell<Line>>, channel: RtcDataChannel, on_line: Rc<dyn Fn(String)>) {
    let opening = Rc::downgrade(line);
    let opened = EventListener::new(&channel, "open", move |_| {
        if let Some(line) = opening.upgrade() {
            line.borrow_mut().flush();
        }
    });
    let heard = EventListener::new(&channel, "message", move |event| {
        if let Some(line) = property(event, "data").as_string() {
            on_line(line);
        }
    });
    let mut line = line.borrow_mut();
    line.channel = Some(channel);
    line.listeners = vec![opened, heard];
    line.flush();
}

impl Chat for Channel {
    fn send(&self, text: &str) {
        let mut line = self.line.borrow_mut();
        if line.waiting.len() < MAX_WAITING {
            line.waiting.push(text.to_owned());
        }
        line.flush();
    }
}

impl Line {
    fn flush(&mut self) {
        let open = |channel: &&RtcDataChannel| property(channel, "readyState") == *"open";
        if let Some(channel) = self.channel.as_ref().filter(open) {
            for text in self.waiting.drain(..) {
                // A channel that closes now loses the line; its link is lost as well.
                call_method(channel, "send", &text.into());
            }
        }
    }
}
