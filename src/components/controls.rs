use videocalls_client::{TrackKind, TrackState};
use yew::{Callback, Html, html};

use super::{Sign, ToggleButton, icon, toggle_button};
use crate::state::CallView;
use crate::words;

/// Draws the own microphone and camera, and the way out.
pub fn controls(view: &CallView, on_toggle: Callback<TrackKind>, on_leave: Callback<()>) -> Html {
    let (microphone, camera) = (view.device(TrackKind::Audio), view.device(TrackKind::Video));
    let (is_muted, is_hidden) = (view.is_off(TrackKind::Audio), view.is_off(TrackKind::Video));
    let mute = ToggleButton {
        id: "toggle-audio",
        label: "Mute microphone",
        text: "Mute",
        shortcut: "M",
        sign: sign(microphone, is_muted, Sign::Microphone, Sign::MicrophoneOff),
        is_pressed: is_muted,
        obstacle: words::why_no_sound(microphone).filter(|_| is_missing(microphone)),
    };
    let hide = ToggleButton {
        id: "toggle-video",
        label: "Turn camera off",
        text: "Camera off",
        shortcut: "V",
        sign: sign(camera, is_hidden, Sign::Camera, Sign::CameraOff),
        is_pressed: is_hidden,
        obstacle: words::why_no_camera(camera).filter(|_| is_missing(camera)),
    };
    html! {
        <div class="controls" role="group" aria-label="Call controls">
            { toggle_button(mute, on_toggle.reform(|()| TrackKind::Audio)) }
            { toggle_button(hide, on_toggle.reform(|()| TrackKind::Video)) }
            <button
                id="leave"
                class="button control button-danger"
                type="button"
                onclick={on_leave.reform(|_| ())}
            >
                { icon(Sign::Leave) }
                <span>{ "Leave" }</span>
            </button>
        </div>
    }
}

fn sign(device: TrackState, is_off: bool, on: Sign, off: Sign) -> Sign {
    if is_off || is_missing(device) {
        off
    } else {
        on
    }
}

/// Whether there is nothing to turn on or off; while the browser is asked, there may be.
fn is_missing(device: TrackState) -> bool {
    !device.has_device() && device != TrackState::Pending
}
