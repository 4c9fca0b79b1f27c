use videocalls_client::{TrackKind, TrackState};
use yew::{Callback, Html, Properties, component, html, use_context};

use super::{Icon, Sign, ToggleButton};
use crate::hooks::CallHandle;
use crate::words;

/// What [`Controls`] take.
#[derive(PartialEq, Properties)]
pub struct ControlsProps {
    /// How the own microphone is.
    pub microphone: TrackState,
    /// How the own camera is.
    pub camera: TrackState,
    /// Whether the microphone is turned off.
    pub is_muted: bool,
    /// Whether the camera is turned off.
    pub is_hidden: bool,
}

/// The own microphone and camera, and the way out.
#[component]
pub fn Controls(props: &ControlsProps) -> Html {
    let call = use_context::<CallHandle>();
    let toggle = |kind| {
        let call = call.clone();
        Callback::from(move |()| call.iter().for_each(|call| call.toggle(kind)))
    };
    let on_leave = {
        let call = call.clone();
        move |_| call.iter().for_each(CallHandle::leave)
    };
    html! {
        <div class="controls" role="group" aria-label="Call controls">
            <ToggleButton
                id="toggle-audio"
                label="Mute microphone"
                text="Mute"
                shortcut="M"
                sign={if sends(props.microphone, props.is_muted) { Sign::Microphone } else { Sign::MicrophoneOff }}
                is_pressed={props.is_muted}
                obstacle={obstacle(props.microphone, words::why_no_sound)}
                on_toggle={toggle(TrackKind::Audio)}
            />
            <ToggleButton
                id="toggle-video"
                label="Turn camera off"
                text="Camera off"
                shortcut="V"
                sign={if sends(props.camera, props.is_hidden) { Sign::Camera } else { Sign::CameraOff }}
                is_pressed={props.is_hidden}
                obstacle={obstacle(props.camera, words::why_no_camera)}
                on_toggle={toggle(TrackKind::Video)}
            />
            <button id="leave" class="button control button-danger" type="button" onclick={on_leave}>
                <Icon sign={Sign::Leave} />
                <span>{ "Leave" }</span>
            </button>
        </div>
    }
}

fn sends(device: TrackState, is_off: bool) -> bool {
    !is_off && matches!(device, TrackState::Live | TrackState::Pending)
}

/// Why a device can't be turned on or off; while the browser is asked for it, it can.
fn obstacle(
    device: TrackState,
    why: impl Fn(TrackState) -> Option<&'static str>,
) -> Option<&'static str> {
    why(device).filter(|_| !device.has_device() && device != TrackState::Pending)
}
