use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Object};
use videocalls_protocol::{DisplayName, RoomName};
use videocalls_session::{Config, Muted};
use wasm_bindgen::JsValue;
use web_sys::{RtcConfiguration, Url};

use crate::browser::{global, set_property, text};
use crate::clock::Clock;
use crate::dialects::{self, DialectContext, DialectFactory, DialectSetup};
use crate::driver::Parts;
use crate::ice_servers::IceServers;
use crate::links::{ChatChannel, Links};
use crate::local_media::LocalMedia;
use crate::local_tracks::LocalTracks;
use crate::media_request::MediaRequests;
use crate::page::Page;
use crate::peer::Peer;
use crate::random::{random, random_id};
use crate::seat_storage::SeatStorage;
use crate::signaling::Signaling;
use crate::token::TokenSource;
use crate::{CallError, CallEvent, ErrorCode, MediaRequest, VideoCall};

/// The default of [`CallBuilder::reconnect_for`].
const RECONNECT_FOR: Duration = Duration::from_secs(60);

/// The options of a call. [`start`](Self::start) checks all of them at once.
#[derive(Debug)]
#[must_use = "nothing happens before `start`"]
pub struct CallBuilder {
    url: String,
    dialect: DialectFactory,
    socket: Option<Function>,
    room: Option<String>,
    name: Option<String>,
    token: Option<String>,
    fetch_token: Option<Function>,
    audio: MediaRequest,
    video: MediaRequest,
    rtc: Option<RtcConfiguration>,
    ice_servers: Option<Function>,
    reconnect_for: Duration,
}

impl VideoCall {
    /// Starts to describe a call over the signaling server at this address: `ws:`, `wss:`,
    /// `http:`, `https:`, or relative to the page.
    pub fn builder(signaling: &str) -> CallBuilder {
        CallBuilder {
            url: signaling.to_owned(),
            dialect: dialects::rooms,
            socket: None,
            room: None,
            name: None,
            token: None,
            fetch_token: None,
            audio: MediaRequest::Any,
            video: MediaRequest::Any,
            rtc: None,
            ice_servers: None,
            reconnect_for: RECONNECT_FOR,
        }
    }
}

impl CallBuilder {
    /// Sets the dialect of the server: one of [`dialects`](crate::dialects), by default
    /// [`rooms`](crate::dialects::rooms), or your own.
    pub fn dialect(mut self, dialect: DialectFactory) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sets the function that opens the signaling socket in place of the browser: a JavaScript
    /// function that takes the address and returns an object that behaves like a `WebSocket`
    /// (<https://websockets.spec.whatwg.org/#the-websocket-interface>). It may dispatch events
    /// before its methods return.
    pub fn socket(mut self, open: Function) -> Self {
        self.socket = Some(open);
        self
    }

    /// Sets the room, which most dialects need.
    pub fn room(mut self, room: impl Into<String>) -> Self {
        self.room = Some(room.into());
        self
    }

    /// Sets the name that the other participants see.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the access token for the server.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the function that supplies access tokens, for tokens that expire: a JavaScript function that
    /// returns a string, or a promise of one, within 10 s. It is called before the call connects, at
    /// 80 % of each token's life, and when a token has expired.
    pub fn token_function(self, function: Function) -> Self {
        Self {
            fetch_token: Some(function),
            ..self
        }
    }

    /// Sets where the sound comes from; by default any microphone.
    pub fn audio(mut self, audio: MediaRequest) -> Self {
        self.audio = audio;
        self
    }

    /// Sets where the picture comes from; by default any camera.
    pub fn video(mut self, video: MediaRequest) -> Self {
        self.video = video;
        self
    }

    /// Sets the `RTCConfiguration` of every connection, such as its ICE servers
    /// (<https://www.w3.org/TR/webrtc/#rtcconfiguration-dictionary>). By default all
    /// tracks share one transport (`bundlePolicy: "max-bundle"`), and a public STUN server is used;
    /// `iceServers: []` is none. ICE servers that the signaling server offers come after those.
    pub fn rtc_configuration(mut self, configuration: &Object) -> Self {
        let rtc: &JsValue = configuration.as_ref();
        self.rtc = Some(rtc.clone().into());
        self
    }

    /// Sets the function that returns the `iceServers`, for servers whose credentials expire: a
    /// JavaScript function that returns an array of `RTCIceServer`, or a promise of one
    /// (<https://www.w3.org/TR/webrtc/#rtciceserver-dictionary>). It is called when a connection is
    /// made and when ICE is restarted, and has 5 s to answer. The call does not wait for it to
    /// start; if it fails, this call reports [`ErrorCode::IceServersFailed`].
    pub fn ice_servers(mut self, function: Function) -> Self {
        self.ice_servers = Some(function);
        self
    }

    /// Sets for how long a lost connection to the server is retried: by default 60 s, and longer
    /// while media of another participant is still received. With zero the call ends at once.
    pub fn reconnect_for(mut self, duration: Duration) -> Self {
        self.reconnect_for = duration;
        self
    }

    /// Starts the call: the socket, the devices and the first connection at the same time. Calls
    /// `on_event` with each event from the first on.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOptions`], whose message names every wrong option, or
    /// [`ErrorCode::UnsupportedBrowser`]. Then nothing has been started.
    pub fn start_with(
        self,
        on_event: impl Fn(&CallEvent) + 'static,
    ) -> Result<VideoCall, CallError> {
        let parts = self.parts()?;
        Ok(VideoCall::start(parts, Rc::new(on_event)))
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

    fn parts(self) -> Result<Parts, CallError> {
        check_browser()?;
        let clock = Clock::new().ok_or_else(|| unsupported("performance"))?;
        let tracks = LocalTracks::new().map_err(|_| unsupported("MediaStream"))?;
        let checked = self.check()?;
        let seats = SeatStorage::new(&checked.url, self.room.as_deref());
        Ok(self.assemble(checked, clock, Rc::new(tracks), seats))
    }

    /// Checks the options, and names all that are wrong in one error.
    fn check(&self) -> Result<Checked, CallError> {
        let mut wrong: Vec<String> = Vec::new();
        let url = note_error(socket_url(&self.url), &mut wrong);
        let name = note_error(DisplayName::optional(self.name.as_deref()), &mut wrong);
        let dialect = (self.dialect)(&DialectContext {
            id: random_id(),
            room: self.room.as_deref(),
            token: self.token.as_deref(),
        });
        let dialect = note_error(dialect, &mut wrong);
        // Which names are allowed depends on the dialect; without one, any name is.
        let room = self.room.as_deref().map(|room| match &dialect {
            Some(dialect) => dialect.codec.room_name(room),
            None => RoomName::verbatim(room),
        });
        let room = note_error(room.transpose(), &mut wrong);
        if let Some(Err(refusal)) = self.rtc.as_ref().map(Peer::check_configuration) {
            wrong.push(["the browser refuses this rtcConfig: ", &refusal].concat());
        }
        match (url, room, name, dialect) {
            (Some(url), Some(room), Some(name), Some(dialect)) if wrong.is_empty() => Ok(Checked {
                url,
                room,
                name,
                dialect,
            }),
            _ => Err(CallError::new(ErrorCode::InvalidOptions, wrong.join("; "))),
        }
    }

    fn assemble(
        self,
        mut checked: Checked,
        clock: Clock,
        tracks: Rc<LocalTracks>,
        seats: SeatStorage,
    ) -> Parts {
        let muted = take_seat(&seats, &mut checked.dialect);
        let config = self.config(&checked, muted);
        let chat = checked.dialect.chat.zip(config.capabilities.chat);
        let ice_servers = IceServers::new(Peer::configuration(self.rtc.as_ref()), self.ice_servers);
        let requests = MediaRequests {
            audio: self.audio,
            video: self.video,
        };
        Parts {
            config,
            clock,
            signaling: Signaling::new(&checked.url, self.socket, checked.dialect),
            tokens: TokenSource::new(self.fetch_token),
            links: Links::new(
                ice_servers,
                tracks.clone(),
                chat.map(|(open, label)| ChatChannel { open, label }),
            ),
            media: LocalMedia::new(requests, tracks),
            page: Page::new(seats),
        }
    }

    fn config(&self, checked: &Checked, muted: Muted) -> Config {
        let codec = &checked.dialect.codec;
        Config {
            capabilities: codec.capabilities(),
            room: checked.room.clone(),
            name: checked.name.clone(),
            token: self.token.clone(),
            fetches_token: self.fetch_token.is_some(),
            own_id: codec.own_id(),
            audio: self.audio.source(),
            video: self.video.source(),
            muted,
            patience: self.reconnect_for,
            seed: random(),
            measures: true,
        }
    }
}

/// The options that are checked before anything is started.
struct Checked {
    url: String,
    room: Option<RoomName>,
    name: Option<DisplayName>,
    dialect: DialectSetup,
}

/// Checks that WebRTC is there: some browsers have a setting that removes it.
fn check_browser() -> Result<(), CallError> {
    match global("RTCPeerConnection").is_function() {
        true => Ok(()),
        false => Err(unsupported("RTCPeerConnection")),
    }
}

fn unsupported(missing: &str) -> CallError {
    let message = ["the browser has no ", missing].concat();
    CallError::new(ErrorCode::UnsupportedBrowser, message)
}

/// Makes the dialect take the seat that this page had before it was reloaded, if it had one; returns
/// what was muted then.
fn take_seat(seats: &SeatStorage, dialect: &mut DialectSetup) -> Muted {
    let Some(seat) = seats.take() else {
        return Muted::default();
    };
    dialect.codec.take_seat(seat.id);
    Muted {
        audio: seat.audio_muted,
        video: seat.video_muted,
    }
}

fn note_error<T>(outcome: Result<T, impl Into<String>>, errors: &mut Vec<String>) -> Option<T> {
    outcome.map_err(|error| errors.push(error.into())).ok()
}

/// Makes an absolute `ws:` or `wss:` address of one that may be relative to the page, or begin with
/// `http`.
fn socket_url(url: &str) -> Result<String, String> {
    let page = text(&global("location"), "href");
    let wrong = |what| Err(["'", url, what].concat());
    let Ok(parsed) = Url::new_with_base(url, &page) else {
        return wrong("' is not an address of a signaling server");
    };
    set_property(&parsed, "hash", &"".into());
    let href = text(&parsed, "href");
    let address = match href.strip_prefix("http") {
        Some(rest) => ["ws", rest].concat(),
        None => href,
    };
    if address.starts_with("ws:") || address.starts_with("wss:") {
        return Ok(address);
    }
    wrong("' is not a ws, wss, http or https address")
}
