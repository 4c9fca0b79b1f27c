//! The stream of another participant, judged at the `<video>` that plays it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::support::{FakeSocket, WELCOME_WITH_PEER, call_over};
use js_sys::Promise;
use videocalls_client::{CallEvent, VideoCall, dialects};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{MediaStream, MediaStreamTrack, RtcRtpSender};

#[wasm_bindgen(module = "/tests/calls/support/foreign_peer.js")]
extern "C" {
    type ForeignPeer;

    #[wasm_bindgen(constructor)]
    fn new(socket: &FakeSocket) -> ForeignPeer;

    #[wasm_bindgen(method)]
    fn add(this: &ForeignPeer, track: &MediaStreamTrack) -> RtcRtpSender;

    #[wasm_bindgen(method)]
    fn remove(this: &ForeignPeer, sender: &RtcRtpSender);

    #[wasm_bindgen(method)]
    fn close(this: &ForeignPeer);

    fn tone() -> MediaStreamTrack;

    fn picture(color: &str, width: u32) -> MediaStreamTrack;

    type Player;

    #[wasm_bindgen(constructor)]
    fn new(stream: &MediaStream) -> Player;

    #[wasm_bindgen(method)]
    fn plays(this: &Player, seconds: f64) -> Promise;

    #[wasm_bindgen(method)]
    fn shows(this: &Player, width: u32) -> Promise;
}

#[wasm_bindgen_test]
async fn a_participant_without_a_camera_is_heard() {
    let (call, peer) = call_with(&[tone()]).await;
    let player = Player::new(&stream(&call));
    JsFuture::from(player.plays(0.5)).await.unwrap();
    peer.close();
}

/// Chromium does not play the sound that is added to a stream which was empty when a `<video>` got it.
#[wasm_bindgen_test]
fn a_stream_is_not_given_to_the_page_before_it_has_a_track() {
    let socket = FakeSocket::new();
    let call = call_over(&socket).start().unwrap();
    socket.open();
    socket.receive(WELCOME_WITH_PEER);
    let participant = &call.snapshot().participants[0];
    assert!(call.remote_stream(&participant.id).is_none());
}

#[wasm_bindgen_test]
async fn a_participant_without_a_microphone_is_seen() {
    let (call, peer) = call_with(&[picture("green", 160)]).await;
    let player = Player::new(&stream(&call));
    JsFuture::from(player.shows(160)).await.unwrap();
    JsFuture::from(player.plays(0.5)).await.unwrap();
    peer.close();
}

#[wasm_bindgen_test]
async fn a_camera_that_comes_later_is_seen_in_the_same_stream() {
    let (call, peer) = call_with(&[tone()]).await;
    let before = stream(&call);
    let player = Player::new(&before);
    JsFuture::from(player.plays(0.3)).await.unwrap();
    peer.add(&picture("green", 160));
    JsFuture::from(player.shows(160)).await.unwrap();
    JsFuture::from(player.plays(0.3)).await.unwrap();
    assert!(js_sys::Object::is(&before, &stream(&call)));
    peer.close();
}

#[wasm_bindgen_test]
async fn a_track_that_is_replaced_by_remove_and_add_is_seen_each_time() {
    let (call, peer) = call_with(&[tone()]).await;
    let player = Player::new(&stream(&call));
    let mut shown = peer.add(&picture("green", 160));
    JsFuture::from(player.shows(160)).await.unwrap();
    for width in [320, 160, 320] {
        peer.remove(&shown);
        shown = peer.add(&picture("blue", width));
        JsFuture::from(player.shows(width)).await.unwrap();
    }
    JsFuture::from(player.plays(0.3)).await.unwrap();
    peer.close();
}

/// A call with a peer that sends these tracks from the start.
async fn call_with(tracks: &[MediaStreamTrack]) -> (VideoCall, ForeignPeer) {
    let socket = FakeSocket::new();
    let peer = ForeignPeer::new(&socket);
    for track in tracks {
        peer.add(track);
    }
    let (connected, resolve) = promise();
    let resolve = RefCell::new(Some(resolve));
    let call = call_over(&socket)
        .dialect(dialects::relay)
        .start_with(move |event| {
            let CallEvent::ParticipantChanged(participant) = event else {
                return;
            };
            if participant.connection == videocalls_client::Connection::Connected
                && let Some(resolve) = resolve.take()
            {
                resolve.call0(&JsValue::UNDEFINED).unwrap();
            }
        })
        .unwrap();
    socket.open();
    JsFuture::from(connected).await.unwrap();
    (call, peer)
}

fn stream(call: &VideoCall) -> MediaStream {
    let participant = &call.snapshot().participants[0];
    call.remote_stream(&participant.id).unwrap()
}

fn promise() -> (Promise, js_sys::Function) {
    let function: Rc<RefCell<Option<js_sys::Function>>> = Rc::default();
    let kept = function.clone();
    let promise = Promise::new(&mut |resolve, _| *kept.borrow_mut() = Some(resolve));
    (promise, function.take().unwrap())
}
