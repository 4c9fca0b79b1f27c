//! What a connection has received, by its statistics
//! (<https://www.w3.org/TR/webrtc-stats/>).

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

use crate::browser::{property, text};

/// The bytes that a connection has received so far.
#[derive(Default)]
pub(crate) struct Received {
    total: f64,
    tracks: Vec<(String, f64)>,
    at: f64,
}

impl Received {
    /// Reads the result of `getStats`.
    pub(crate) fn read(stats: &JsValue) -> Self {
        let mut received = Self::default();
        // A map, as an array of pairs.
        for pair in Array::from(stats).iter() {
            received.add(&pair.unchecked_ref::<Array>().get(1));
        }
        received
    }

    /// The bytes received by all parts of the connection. It falls when the browser forgets a
    /// transport.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of bytes is not negative, and is compared only"
    )]
    pub(crate) fn total(&self) -> u64 {
        self.total as u64
    }

    /// The bytes received for the track of this id.
    pub(crate) fn bytes_of(&self, track: &str) -> Option<f64> {
        let (_, bytes) = self.tracks.iter().find(|(id, _)| id == track)?;
        Some(*bytes)
    }

    /// When the statistics were made, in milliseconds.
    pub(crate) fn at(&self) -> f64 {
        self.at
    }

    fn add(&mut self, entry: &JsValue) {
        let Some(bytes) = property(entry, "bytesReceived").as_f64() else {
            return;
        };
        self.total += bytes;
        let track = text(entry, "trackIdentifier");
        if !track.is_empty() {
            self.tracks.push((track, bytes));
            self.at = property(entry, "timestamp").as_f64().unwrap_or_default();
        }
    }
}
