use videocalls_client::{Source, TrackState};
use yew::{Callback, Html, html};

use super::{Icon, ToggleButton, icon, toggle_button};
use crate::messages;
use crate::state::CallView;

/// Draws the buttons for microphone, camera and leaving. A missing device can be retried.
pub fn controls(view: &CallView, on_toggle: Callback<Source>, on_leave: Callback<()>) -> Html {
    let (microphone, camera) = (view.device(Source::Microphone), view.device(Source::Camera));
    let (is_muted, is_hidden) = (view.is_off(Source::Microphone), view.is_off(Source::Camera));
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
        icon: icon_kind(microphone, is_muted, Icon::Microphone, Icon::MicrophoneOff),
        is_pressed: is_muted,
        unavailable: messages::why_no_sound(microphone).filter(|_| no_sound),
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
        icon: icon_kind(camera, is_hidden, Icon::Camera, Icon::CameraOff),
        is_pressed: is_hidden,
        unavailable: messages::why_no_camera(camera).filter(|_| no_picture),
    };
    html! {
        <div class="controls" role="group" aria-label="Call controls">
            { toggle_button(mute, on_toggle.reform(|()| Source::Microphone)) }
            { toggle_button(hide, on_toggle.reform(|()| Source::Camera)) }
            <button
                id="leave"
                class="button control button-danger"
                type="button"
                onclick={on_leave.reform(|_| ())}
            >
                { icon(Icon::Leave) }
                <span>{ "Leave" }</span>
            </button>
        </div>
    }
}

fn icon_kind(device: TrackState, is_off: bool, on: Icon, off: Icon) -> Icon {
    if is_off || is_missing(device) {
        off
    } else {
        on
    }
}

/// Whether there is no device to turn off, and none may come from an open permission prompt.
fn is_missing(device: TrackState) -> bool {
    matches!(device, TrackState::Unavailable(_))
}
