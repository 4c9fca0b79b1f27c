use std::fmt;

use videocalls_session::{EndReason, Problem, TrackKind};
use wasm_bindgen::JsValue;

/// What went wrong, with a stable code, words for the developer and words for the person.
#[derive(Clone, Debug)]
pub struct CallError {
    /// What it is.
    pub code: ErrorCode,
    /// What it is, in the developer's words.
    pub message: String,
    /// The device that it is about, if it is about one.
    pub device: Option<TrackKind>,
    /// The browser's own error, if it comes from there.
    pub cause: Option<JsValue>,
}

/// The closed set of things that can go wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The user, the browser or the system refused a device.
    PermissionDenied,
    /// There is no such device.
    DeviceNotFound,
    /// Another program holds the device.
    DeviceInUse,
    /// No device does what was asked of it.
    ConstraintsNotSatisfied,
    /// The page is not served by HTTPS, so the browser gives no devices.
    InsecureContext,
    /// The browser can't do video calls.
    UnsupportedBrowser,
    /// The browser gave up, or failed in a way of its own.
    DeviceFailed,
    /// The options make no sense.
    InvalidOptions,
    /// The server's dialect has no words for it.
    NotSupported,
    /// Something went wrong in a call that goes on.
    Call(Problem),
    /// The call is over.
    Ended(EndReason),
}

/// The part of the house that an error belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Category {
    /// What the developer passed in.
    Configuration,
    /// Microphone and camera.
    Device,
    /// A bug of ours.
    Internal,
    /// The connections between participants.
    Media,
    /// The server, or the way to it.
    Signaling,
}

impl CallError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            device: None,
            cause: None,
        }
    }

    pub(crate) fn about(self, device: TrackKind) -> Self {
        Self {
            device: Some(device),
            ..self
        }
    }

    /// What happened and what to do, in a sentence or two for the person in the call.
    pub fn help(&self) -> &'static str {
        match (self.code, self.device) {
            (ErrorCode::PermissionDenied, Some(TrackKind::Audio)) => {
                "The microphone is blocked. Allow it in the browser's address bar, then turn it on."
            }
            (ErrorCode::PermissionDenied, _) => {
                "The camera is blocked. Allow it in the browser's address bar, then turn it on."
            }
            (ErrorCode::DeviceNotFound, Some(TrackKind::Audio)) => {
                "No microphone was found. Plug one in."
            }
            (ErrorCode::DeviceNotFound, _) => "No camera was found. Plug one in.",
            (ErrorCode::DeviceInUse, Some(TrackKind::Audio)) => {
                "The microphone is in use by another program. Close that program, then turn it on."
            }
            (ErrorCode::DeviceInUse, _) => {
                "The camera is in use by another program. Close that program, then turn it on."
            }
            (code, _) => code.help(),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CallError {}

impl From<EndReason> for CallError {
    fn from(reason: EndReason) -> Self {
        Self::new(ErrorCode::Ended(reason), reason.help())
    }
}

impl From<Problem> for CallError {
    fn from(problem: Problem) -> Self {
        Self::new(ErrorCode::Call(problem), problem.help())
    }
}

impl ErrorCode {
    /// The stable word for it in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PermissionDenied => "permission-denied",
            Self::DeviceNotFound => "device-not-found",
            Self::DeviceInUse => "device-in-use",
            Self::ConstraintsNotSatisfied => "constraints-not-satisfied",
            Self::InsecureContext => "insecure-context",
            Self::UnsupportedBrowser => "unsupported-browser",
            Self::DeviceFailed => "device-failed",
            Self::InvalidOptions => "invalid-options",
            Self::NotSupported => "not-supported",
            Self::Call(problem) => problem.code(),
            Self::Ended(reason) => reason.code(),
        }
    }

    /// The part of the house that it belongs to.
    pub fn category(self) -> Category {
        match self {
            Self::InvalidOptions | Self::NotSupported => Category::Configuration,
            Self::Call(Problem::NegotiationFailed) => Category::Media,
            Self::Ended(EndReason::Internal) => Category::Internal,
            Self::Call(_) | Self::Ended(_) => Category::Signaling,
            _ => Category::Device,
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::ConstraintsNotSatisfied => {
                "No camera or microphone does what this page asks for. Try another device."
            }
            Self::InsecureContext => {
                "This page is not secure, so the browser gives no camera or microphone. \
                 Open it by https."
            }
            Self::UnsupportedBrowser => {
                "This browser can't make video calls. Use a current Chrome, Firefox, Edge or \
                 Safari."
            }
            Self::InvalidOptions => "This page asks for a call that can't be. Tell its makers.",
            Self::NotSupported => "This can't be done in this call.",
            Self::Call(problem) => problem.help(),
            Self::Ended(reason) => reason.help(),
            _ => "The camera or microphone does not work. Unplug it and plug it in again.",
        }
    }
}

impl Category {
    /// The stable word for it in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Device => "device",
            Self::Internal => "internal",
            Self::Media => "media",
            Self::Signaling => "signaling",
        }
    }
}
