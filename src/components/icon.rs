use yew::{Html, html};

/// The icons of the app.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Icon {
    /// A camera.
    Camera,
    /// A crossed-out camera.
    CameraOff,
    /// A cross.
    Dismiss,
    /// A handset, for leaving.
    Leave,
    /// Two links of a chain.
    Link,
    /// A microphone.
    Microphone,
    /// A crossed-out microphone.
    MicrophoneOff,
}

/// Draws an icon beside a text; screen readers skip it.
pub fn icon(icon: Icon) -> Html {
    html! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d={icon.path()} />
        </svg>
    }
}

impl Icon {
    /// The strokes, in a view box of 24 by 24.
    fn path(self) -> &'static str {
        match self {
            Self::Camera => "M3 7h11v10H3zM14 10.5l7-3.5v10l-7-3.5",
            Self::CameraOff => "M3 7h11v10H3zM14 10.5l7-3.5v10l-7-3.5M3 2l18 20",
            Self::Dismiss => "M6 6l12 12M18 6l-12 12",
            Self::Leave => "M3 15c-1-5 4-8 9-8s10 3 9 8l-5-1v-3a12 12 0 0 0-8 0v3z",
            Self::Link => {
                "M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1-1"
            }
            Self::Microphone => "M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5 11a7 7 0 0 0 14 0M12 18v3",
            Self::MicrophoneOff => {
                "M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5 11a7 7 0 0 0 14 0M12 18v3M3 2l18 20"
            }
        }
    }
}
