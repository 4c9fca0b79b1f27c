//! Data channels of one file each, which the sender opens.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{RtcDataChannel, RtcPeerConnection};

use crate::browser::{property, text};
use crate::event_listener::EventListener;

/// The label of the channels.
const LABEL: &str = "videocalls-file";

/// Opens a channel.
pub(crate) fn open(connection: &RtcPeerConnection) -> RtcDataChannel {
    connection.create_data_channel(LABEL)
}

/// Reports the channels that the peer opens.
pub(crate) fn listen(
    connection: &RtcPeerConnection,
    opened: Rc<dyn Fn(RtcDataChannel)>,
) -> EventListener {
    EventListener::new(connection, "datachannel", move |event| {
        let channel = property(event, "channel");
        if is_for_file(&channel) {
            opened(channel.unchecked_into());
        }
    })
}

/// Whether a channel is for a file, and not for chat.
pub(crate) fn is_for_file(channel: &wasm_bindgen::JsValue) -> bool {
    text(channel, "label") == LABEL
}
