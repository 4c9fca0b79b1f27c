use std::time::Duration;

use js_sys::{Function, Object, Promise};
use videocalls_protocol::{DisplayName, RoomName};
use videocalls_session::{Config, Muted, Source};
use wasm_bindgen::JsValue;
use web_sys::{RtcConfiguration, Url};

use crate::devices::MediaRequests;
use crate::dialects::{self, DialectContext, Make};
use crate::driver::Settings;
use crate::memory::{Memory, Remembered};
use crate::peer::Peer;
use crate::random::{random, random_id};
use crate::servers::Servers;
use crate::{CallError, CallEvent, ErrorCode, VideoCall};

/// A call in the making. What is wrong with it, [`start`](Self::start) says, all at once.
#[derive(Debug)]
#[must_use = "nothing happens before `start`"]
pub struct CallBuilder {
    url: String,
    dialect: Make,
    socket: Option<Function>,
    room: Option<String>,
    name: Option<String>,
    token: Option<String>,
    audio: MediaRequest,
    video: MediaRequest,
    rtc: Option<RtcConfiguration>,
    servers: Option<Function>,
    patience: Duration,
}

/// How long a lost server is sought, unless the page says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is wanted of a device.
#[derive(Clone, Debug)]
pub enum MediaRequest {
    /// Nothing: it is not asked for.
    Nothing,
    /// Any will do.
    Any,
    /// One with these `MediaTrackConstraints`
    /// (<https://www.w3.org/TR/mediacapture-streams/#media-track-constraints>).
    Like(Object),
    /// What the page brings itself, instead of a device: a promise of a `MediaStreamTrack` of this
    /// kind, or of null for none. The call turns the track off and on by its `enabled`, and never
    /// stops it: who made it does.
    Given(Promise),
}

impl CallBuilder {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            dialect: dialects::rooms,
            socket: None,
            room: None,
            name: None,
            token: None,
            audio: MediaRequest::Any,
            video: MediaRequest::Any,
            rtc: None,
            servers: None,
            patience: PATIENCE,
        }
    }

    /// Says which wire language the server speaks: one of [`dialects`](crate::dialects), by
    /// default [`rooms`](crate::dialects::rooms), or one of your own.
    pub fn dialect(self, dialect: Make) -> Self {
        Self { dialect, ..self }
    }

    /// Sets who opens the signaling socket, instead of the browser: a JavaScript function that
    /// takes the address and returns what behaves like a `WebSocket`
    /// (<https://websockets.spec.whatwg.org/#the-websocket-interface>).
    pub fn socket(self, open: Function) -> Self {
        Self {
            socket: Some(open),
            ..self
        }
    }

    /// Names the room, which most dialects need.
    pub fn room(self, room: impl Into<String>) -> Self {
        Self {
            room: Some(room.into()),
            ..self
        }
    }

    /// Says what this participant is called.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// Hands the server an access token.
    pub fn token(self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self
        }
    }

    /// Says what is wanted of the microphone.
    pub fn audio(self, audio: MediaRequest) -> Self {
        Self { audio, ..self }
    }

    /// Says what is wanted of the camera.
    pub fn video(self, video: MediaRequest) -> Self {
        Self { video, ..self }
    }

    /// Sets the `RTCConfiguration` of every connection, such as its ICE servers
    /// (<https://www.w3.org/TR/webrtc/#rtcconfiguration-dictionary>). Unless it says otherwise, all
    /// tracks share one way (`bundlePolicy: "max-bundle"`).
    pub fn rtc_configuration(self, configuration: &Object) -> Self {
        let rtc: &JsValue = configuration.as_ref();
        Self {
            rtc: Some(rtc.clone().into()),
            ..self
        }
    }

    /// Has the page asked for `iceServers`, whose credentials may run out: a JavaScript function
    /// that returns an array of `RTCIceServer`, or a promise of one
    /// (<https://www.w3.org/TR/webrtc/#rtciceserver-dictionary>). It is asked when a connection is
    /// made and when one is mended; the call starts without waiting for it.
    pub fn ice_servers(self, ask: Function) -> Self {
        Self {
            servers: Some(ask),
            ..self
        }
    }

    /// Sets how long the server is sought when the connection to it is lost: by default 60 s, or longer
    /// as long as somebody can be heard or seen. With zero the call ends at once.
    pub fn reconnect_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Starts the call: the socket, the devices and the first connection, all at once. Tells
    /// `on_event` what happens from then on.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOptions`], naming every wrong option, or
    /// [`ErrorCode::UnsupportedBrowser`]. Nothing was started then.
    pub fn start_with(
        self,
        on_event: impl Fn(&CallEvent) + 'static,
    ) -> Result<VideoCall, CallError> {
        let settings = self.check()?;
        VideoCall::start(settings, on_event)
    }

    /// Starts the call like [`start_with`](Self::start_with); listeners may
    /// [`subscribe`](VideoCall::subscribe) later.
    ///
    /// # Errors
    ///
    /// As [`start_with`](Self::start_with).
    pub fn start(self) -> Result<VideoCall, CallError> {
        self.start_with(|_| {})
    }

    fn check(self) -> Result<Settings, CallError> {
        let mut complaints: Vec<String> = Vec::new();
        let url = complain(socket_url(&self.url), &mut complaints);
        let room = complain(
            self.room.as_deref().map(RoomName::new).transpose(),
            &mut complaints,
        );
        let name = complain(
            self.name.as_deref().map(DisplayName::new).transpose(),
            &mut complaints,
        );
        let dialect = (self.dialect)(&DialectContext {
            id: random_id(),
            room: self.room.as_deref(),
            token: self.token.as_deref(),
        });
        let dialect = complain(dialect, &mut complaints);
        if let Some(Err(refusal)) = self.rtc.as_ref().map(Peer::check_configuration) {
            complaints.push(["the browser refuses this rtcConfig: ", &refusal].concat());
        }
        let (Some(url), Some(room), Some(name), Some(mut dialect), true) =
            (url, room, name, dialect, complaints.is_empty())
        else {
            return Err(CallError::new(
                ErrorCode::InvalidOptions,
                complaints.join("; "),
            ));
        };
        let memory = Memory::new(&url, self.room.as_deref());
        let before = memory.recall();
        let muted = muted(before.as_ref());
        if let Some(Remembered { seat, .. }) = before {
            dialect.codec.take_seat(seat);
        }
        Ok(Settings {
            memory,
            url: dialect.codec.address(&url),
            socket: self.socket,
            config: Config {
                capabilities: dialect.codec.capabilities(),
                room,
                name,
                token: self.token,
                own_id: dialect.codec.own_id(),
                audio: self.audio.source(),
                video: self.video.source(),
                muted,
                patience: self.patience,
                seed: random(),
                measures: true,
            },
            dialect,
            requests: MediaRequests {
                audio: self.audio,
                video: self.video,
            },
            servers: Servers::new(Peer::configuration(self.rtc.as_ref()), self.servers),
        })
    }
}

impl MediaRequest {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Nothing => Source::Nothing,
            Self::Any | Self::Like(_) => Source::Device,
            Self::Given(_) => Source::Page,
        }
    }

    pub(crate) fn to_js(&self) -> JsValue {
        match self {
            Self::Nothing | Self::Given(_) => false.into(),
            Self::Any => true.into(),
            Self::Like(constraints) => constraints.clone().into(),
        }
    }
}

/// What was off before the page was loaded anew.
fn muted(before: Option<&Remembered>) -> Muted {
    before.map_or_else(Muted::default, |before| Muted {
        audio: before.audio_muted,
        video: before.video_muted,
    })
}

fn complain<T>(outcome: Result<T, impl Into<String>>, complaints: &mut Vec<String>) -> Option<T> {
    outcome.map_err(|error| complaints.push(error.into())).ok()
}

/// Makes the absolute `ws:` or `wss:` address out of an address that may be relative to the page,
/// or begin with `http`.
fn socket_url(url: &str) -> Result<String, String> {
    let page = web_sys::window().and_then(|window| window.location().href().ok());
    let wrong = |what| Err(["'", url, what].concat());
    let Ok(parsed) = Url::new_with_base(url, &page.unwrap_or_default()) else {
        return wrong("' is not an address of a signaling server");
    };
    let href = parsed.href();
    let href = href.split_once('#').map_or(href.as_str(), |(href, _)| href);
    let address = match href.strip_prefix("http") {
        Some(rest) => ["ws", rest].concat(),
        None => href.to_owned(),
    };
    if address.starts_with("ws:") || address.starts_with("wss:") {
        return Ok(address);
    }
    wrong("' is not an address by ws, wss, http or https")
}
