use std::fmt;

use videocalls_protocol::ParticipantId;
use videocalls_session::{EndReason, Problem, SendError, TrackKind};
use wasm_bindgen::JsValue;

/// What went wrong: a stable code, a message for developers, and [`help`](Self::help) for the person
/// in the call.
#[derive(Clone, Debug)]
pub struct CallError {
    /// What went wrong.
    pub code: ErrorCode,
    /// A message for developers.
    pub message: String,
    /// The device that failed, if the error is about one.
    pub device: Option<TrackKind>,
    /// The participant whose link failed, if the error is about one.
    pub participant: Option<ParticipantId>,
    /// The error of the browser, or of the page's code, that caused this one.
    pub cause: Option<JsValue>,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The user, the browser or the system refused a device.
    PermissionDenied,
    /// There is no such device.
    DeviceNotFound,
    /// Another program holds the device.
    DeviceInUse,
    /// No device satisfies the constraints.
    ConstraintsNotSatisfied,
    /// The page is not served by HTTPS, so the browser gives no devices.
    InsecureContext,
    /// The browser lacks WebRTC or another API, or it is switched off.
    UnsupportedBrowser,
    /// The device, or the browser's access to it, failed for another reason.
    DeviceFailed,
    /// An option is missing or wrong.
    InvalidOptions,
    /// The server's dialect does not support it.
    NotSupported,
    /// A message was not sent.
    NotSent(SendError),
    /// The page's function for ICE servers threw, rejected, or took too long.
    IceServersFailed,
    /// The page's function for access tokens threw, rejected, took too long, or gave no string.
    TokenFailed,
    /// The participant's access token does not permit it.
    NotPermitted,
    /// A TURN server refused the credentials, or can't be reached.
    TurnFailed,
    /// Something went wrong in a call that goes on.
    Call(Problem),
    /// The call has ended.
    Ended(EndReason),
}

/// Which subsystem failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Category {
    /// The options of the call.
    Configuration,
    /// Microphone and camera.
    Device,
    /// A bug in this library.
    Internal,
    /// The connections between participants.
    Media,
    /// The signaling server, or the connection to it.
    Signaling,
}

impl CallError {
    /// Makes an error with a message for developers.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            device: None,
            participant: None,
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

impl From<SendError> for CallError {
    fn from(error: SendError) -> Self {
        Self::new(ErrorCode::NotSent(error), error.to_string())
    }
}

impl From<Problem> for CallError {
    fn from(problem: Problem) -> Self {
        Self::new(ErrorCode::Call(problem), problem.help())
    }
}

impl ErrorCode {
    /// The stable name in the JavaScript API.
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
            Self::NotSent(SendError::TooLong) => "message-too-large",
            Self::NotSent(SendError::UnknownRecipient) => "unknown-recipient",
            Self::NotSent(_) => "send-queue-full",
            Self::IceServersFailed => "ice-servers-failed",
            Self::TokenFailed => "token-failed",
            Self::NotPermitted => "not-permitted",
            Self::TurnFailed => "turn-failed",
            Self::Call(problem) => problem.code(),
            Self::Ended(reason) => reason.code(),
        }
    }

    /// Which subsystem failed.
    pub fn category(self) -> Category {
        match self {
            Self::InvalidOptions
            | Self::NotSupported
            | Self::IceServersFailed
            | Self::TokenFailed
            | Self::TurnFailed => Category::Configuration,
            Self::NotSent(_) | Self::Call(Problem::NegotiationFailed | Problem::NoRoute) => {
                Category::Media
            }
            Self::Ended(EndReason::Internal) => Category::Internal,
            Self::NotPermitted | Self::Call(_) | Self::Ended(_) => Category::Signaling,
            _ => Category::Device,
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::ConstraintsNotSatisfied => {
                "No camera or microphone offers what this page needs. Try another device."
            }
            Self::InsecureContext => {
                "This page is not secure, so the browser gives it no camera or microphone. \
                 Open it with https."
            }
            Self::UnsupportedBrowser => {
                "This browser can't make video calls. Use a current Chrome, Firefox, Edge or \
                 Safari."
            }
            Self::InvalidOptions => {
                "This page has set up the call wrongly. Tell the people who run it."
            }
            Self::NotSupported => "This call can't do that.",
            Self::NotSent(SendError::TooLong) => "The message is too long.",
            Self::NotSent(_) => "The message could not be sent.",
            Self::IceServersFailed | Self::TurnFailed => {
                "The call goes on, but may not get through every network."
            }
            Self::TokenFailed => EndReason::TokenFailed.help(),
            Self::NotPermitted => Problem::NotPermitted.help(),
            Self::Call(problem) => problem.help(),
            Self::Ended(reason) => reason.help(),
            _ => "The camera or microphone does not work. Unplug it and plug it in again.",
        }
    }
}

impl Category {
    /// The stable name in the JavaScript API.
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
