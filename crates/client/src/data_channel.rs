//! The data channels of a connection to another of our clients.

use std::rc::Rc;

use js_sys::Uint8Array;
use videocalls_protocol::data::Channel;
use videocalls_session::LinkReport;
use wasm_bindgen::JsCast;
use web_sys::{RtcDataChannel, RtcPeerConnection};

use crate::browser::{object, property, set_property};
use crate::event_listener::EventListener;

/// How many bytes may wait on the channel whose messages may be lost. What comes on top is dropped.
const MAX_UNRELIABLE_BYTES: f64 = 256.0 * 1024.0;

/// The channels, which are closed when this is dropped, and report nothing from then on.
#[must_use = "the channels are closed when this is dropped"]
pub(crate) struct DataChannels {
    channels: [RtcDataChannel; 2],
    _listeners: Vec<EventListener>,
}

impl DataChannels {
    /// Makes the channels, which open with the connection if the peer makes them as well: their ids
    /// are fixed (webrtc-pc section 6.2, `negotiated`).
    pub(crate) fn open(connection: &RtcPeerConnection, report: &Rc<dyn Fn(LinkReport)>) -> Self {
        let channels = Channel::ALL.map(|channel| make(connection, channel));
        let [reliable, unreliable] = &channels;
        let (opened, closed) = (report.clone(), report.clone());
        let mut listeners = vec![
            EventListener::new(reliable, "open", move |_| opened(LinkReport::DataOpened)),
            EventListener::new(reliable, "close", move |_| closed(LinkReport::DataClosed)),
        ];
        listeners.extend([reliable, unreliable].map(|channel| receive(channel, report.clone())));
        Self {
            channels,
            _listeners: listeners,
        }
    }

    /// Sends a message; only one that may be lost is dropped where too much waits.
    pub(crate) fn send(&self, channel: Channel, message: &[u8]) {
        let [reliable, unreliable] = &self.channels;
        // A channel that closes now reports it, and what has to arrive is sent again by another one.
        let _ = match channel {
            Channel::Reliable => reliable.send_with_u8_array(message),
            Channel::Unreliable if is_congested(unreliable) => return,
            Channel::Unreliable => unreliable.send_with_u8_array(message),
        };
    }

    pub(crate) fn close(&self) {
        self.channels.iter().for_each(RtcDataChannel::close);
    }
}

impl Drop for DataChannels {
    fn drop(&mut self) {
        self.close();
    }
}

fn make(connection: &RtcPeerConnection, channel: Channel) -> RtcDataChannel {
    let init = object(&[
        ("negotiated", true.into()),
        ("id", channel.id().into()),
        ("protocol", Channel::LABEL.into()),
    ]);
    if channel == Channel::Unreliable {
        set_property(&init, "ordered", &false.into());
        set_property(&init, "maxRetransmits", &0.into());
    }
    let made =
        connection.create_data_channel_with_data_channel_dict(Channel::LABEL, init.unchecked_ref());
    set_property(&made, "binaryType", &"arraybuffer".into());
    made
}

/// Reports what arrives. Our clients send no texts, so a text becomes an empty message, which is
/// malformed.
fn receive(channel: &RtcDataChannel, report: Rc<dyn Fn(LinkReport)>) -> EventListener {
    EventListener::new(channel, "message", move |event| {
        let data = property(event, "data");
        let bytes = match data.is_object() {
            true => Uint8Array::new(&data).to_vec(),
            false => Vec::new(),
        };
        report(LinkReport::Data(bytes));
    })
}

fn is_congested(channel: &RtcDataChannel) -> bool {
    let waiting = property(channel, "bufferedAmount").as_f64();
    waiting.is_some_and(|bytes| bytes > MAX_UNRELIABLE_BYTES)
}
