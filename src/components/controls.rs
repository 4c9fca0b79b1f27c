use videocalls_client::{TrackKind, TrackState};
use yew::{Callback, Html, html};

use super::{Sign, ToggleButton, icon, toggle_button};
use crate::state::CallView;
use crate::words;

/// Draws the own microphone and camera, and the way out. What is missing can be tried again.
pub fn controls(view: &CallView, on_toggle: Callback<TrackKind>, on_leave: Callback<()>) -> Html {
    let (microphone, camera) = (view.device(TrackKind::Audio), view.device(TrackKind::Video));
    let (is_muted, is_hidden) = (view.is_off(TrackKind::Audio), view.is_off(TrackKind::Video));
    let (no_sound, no_picture) = (is_missing(microphone), is_missing(camera));
    let mute = ToggleButton {
        id: "toggle-audio",
        label: if no_sound {
            "Retry microphone"
        } else {
            "Mute microphone"
        },
        text: if no_sound { "Retry" } else { "Mute" },
        shortcut: "M",
        sign: sign(microphone, is_muted, Sign::Microphone, Sign::MicrophoneOff),
        is_pressed: is_muted,
        obstacle: words::why_no_sound(microphone).filter(|_| no_sound),
    };
    let hide = ToggleButton {
        id: "toggle-video",
        label: if no_picture {
            "Retry camera"
        } else {
            "Turn camera off"
        },
        text: if no_picture { "Retry" } else { "Camera off" },
        shortcut: "V",
        sign: sign(camera, is_hidden, Sign::Camera, Sign::CameraOff),
        is_pressed: is_hidden,
        obstacle: words::why_no_camera(camera).filter(|_| no_picture),
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

/// Whether there is nothing to turn off; while the browser is asked, there may be.
fn is_missing(device: TrackState) -> bool {
    !device.has_device() && device != TrackState::Pending
}
