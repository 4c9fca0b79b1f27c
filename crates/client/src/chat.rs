use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{MessageEvent, RtcDataChannel, RtcDataChannelState};

/// How many lines wait at most for a channel to open.
const MAX_WAITING: usize = 64;

/// A link's data channel for chat, from before there is one. It is silent when this is dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chat(Rc<RefCell<Line>>);

#[derive(Debug, Default)]
struct Line {
    channel: Option<RtcDataChannel>,
    waiting: Vec<String>,
    listeners: Vec<EventListener>,
}

impl Chat {
    /// Takes a channel into use, in place of any other.
    pub(crate) fn attach(&self, channel: RtcDataChannel, on_text: impl Fn(String) + 'static) {
        let line = Rc::downgrade(&self.0);
        let opened = EventListener::new(&channel, "open", move |_| {
            if let Some(line) = line.upgrade() {
                line.borrow_mut().flush();
            }
        });
        let heard = EventListener::new(&channel, "message", move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data();
            data.as_string().into_iter().for_each(&on_text);
        });
        let mut line = self.0.borrow_mut();
        line.channel = Some(channel);
        line.listeners = vec![opened, heard];
        line.flush();
    }

    /// Sends a line, or keeps it until the channel is open.
    pub(crate) fn send(&self, text: &str) {
        let mut line = self.0.borrow_mut();
        if line.waiting.len() < MAX_WAITING {
            line.waiting.push(text.to_owned());
        }
        line.flush();
    }
}

impl Line {
    fn flush(&mut self) {
        let open = |channel: &&RtcDataChannel| channel.ready_state() == RtcDataChannelState::Open;
        if let Some(channel) = self.channel.as_ref().filter(open) {
            for text in self.waiting.drain(..) {
                // A channel that closes at this moment loses the line, and the link with it.
                let _ = channel.send_with_str(&text);
            }
        }
    }
}
