use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::{Array, Object, Promise};
use videocalls_protocol::Candidate;
use videocalls_session::{LinkReport, LinkRole, Token, TrackKind, Transport};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MediaStream, RtcConfiguration, RtcPeerConnection, RtcPeerConnectionIceEvent, RtcRtpTransceiver,
    RtcTrackEvent,
};

use crate::browser::{
    PeerConnectionExt, SenderExt, exception_text, ignore, object, property, set_property, small,
    text, track, untrack,
};
use crate::chat::{self, Chat};
use crate::servers::renew;
use crate::task::Task;
use crate::tracks::LocalTracks;

/// One `RTCPeerConnection`. It is closed, and silent, when this is dropped.
///
/// The browser works off what is asked of a connection strictly in turn (webrtc-pc section
/// 4.4.1.2, the operations chain), so no queue is needed here.
#[must_use = "the connection is closed when this is dropped"]
pub(crate) struct Peer {
    connection: RtcPeerConnection,
    configuration: Object,
    remote: MediaStream,
    operation: RefCell<Option<Task>>,
    renewal: Cell<Option<Task>>,
    measurement: Cell<Option<Task>>,
    chat: RefCell<Option<Box<dyn Chat>>>,
    _listeners: [EventListener; 4],
}

impl Peer {
    /// Makes a connection that says what happens to it by `report`.
    ///
    /// One that stands by gathers its candidates already (`iceCandidatePoolSize`). No other does: in
    /// one of ten that have an offer to answer at once, Chromium 156 then never ends gathering.
    ///
    /// # Errors
    ///
    /// The browser has no WebRTC, or does not take the configuration.
    pub(crate) fn open(
        configuration: &RtcConfiguration,
        role: LinkRole,
        report: impl Fn(LinkReport) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let pool = i32::from(role == LinkRole::StandBy);
        let pooled = object(&[("iceCandidatePoolSize", pool.into())]);
        Object::assign(&pooled, configuration);
        let connection = RtcPeerConnection::new_with_configuration(pooled.unchecked_ref())?;
        let remote = MediaStream::new()?;
        track(&connection);
        let listeners = listen(&connection, &remote, report);
        Ok(Self {
            connection,
            configuration: pooled,
            remote,
            operation: RefCell::default(),
            renewal: Cell::default(),
            measurement: Cell::default(),
            chat: RefCell::default(),
            _listeners: listeners,
        })
    }

    /// Asks the browser whether it takes a configuration, before anything is started.
    pub(crate) fn check_configuration(configuration: &RtcConfiguration) -> Result<(), String> {
        RtcPeerConnection::new_with_configuration(configuration)
            .map(|connection| connection.close())
            .map_err(|error| exception_text(&error))
    }

    /// Adds what is wanted to what makes a call start fast: one way for all tracks.
    pub(crate) fn configuration(wanted: Option<&RtcConfiguration>) -> RtcConfiguration {
        let configuration = object(&[("bundlePolicy", "max-bundle".into())]);
        if let Some(wanted) = wanted {
            Object::assign(&configuration, wanted);
        }
        configuration.unchecked_into()
    }

    /// What comes from the other end.
    pub(crate) fn remote(&self) -> &MediaStream {
        &self.remote
    }

    /// Attaches the tracks that there are. For an offer, makes one transceiver for sound and one
    /// for picture, whether or not there is a track yet, so that a track that comes later needs no
    /// new exchange.
    pub(crate) fn prepare(&self, role: LinkRole, local: &LocalTracks) {
        if role != LinkRole::Offerer {
            return TrackKind::ALL
                .into_iter()
                .for_each(|kind| self.attach(kind, local));
        }
        for kind in TrackKind::ALL {
            let init = object(&[("streams", Array::of1(local.stream()).into())]);
            let transceiver = self
                .connection
                .add_transceiver_with_str_and_init(kind.as_str(), init.unchecked_ref());
            send(&transceiver, local.of(kind).as_ref());
        }
    }

    /// Prepares for chat by a data channel of this label.
    pub(crate) fn prepare_chat(
        &self,
        open: chat::Open,
        role: LinkRole,
        label: &str,
        report: impl Fn(LinkReport) + 'static,
    ) {
        let tell = Rc::new(move |line| report(LinkReport::Text(line)));
        *self.chat.borrow_mut() = Some(open(&self.connection, role, label, tell));
    }

    /// Sends a line of chat, as soon as that can be.
    pub(crate) fn send_text(&self, line: &str) {
        if let Some(chat) = &*self.chat.borrow() {
            chat.send(line);
        }
    }

    /// Sends a track that has come, or stops sending one that has gone.
    pub(crate) fn replace_track(&self, kind: TrackKind, local: &LocalTracks) {
        match transceiver_of(&self.connection, kind) {
            Some(transceiver) => send(&transceiver, local.of(kind).as_ref()),
            None => self.attach(kind, local),
        }
    }

    /// Has a track ready for an offer that is still to come: an offer takes over the transceivers
    /// that `addTrack` has made, and no others (RFC 9429 section 5.10).
    fn attach(&self, kind: TrackKind, local: &LocalTracks) {
        let unasked = self.operation.borrow().is_none();
        if let Some(track) = local.of(kind).filter(|_| unasked) {
            self.connection.add_track_0(&track, local.stream());
        }
    }

    /// Makes an offer, by ICE servers that the page is being asked for, if it is.
    pub(crate) fn make_offer(
        &self,
        servers: Option<Promise>,
        token: Token,
        report: impl Fn(LinkReport) + 'static,
    ) {
        let connection = self.connection.clone();
        let renewed = self.renewed(servers);
        self.run(async move {
            renewed.await;
            let made = set_local_description(&connection).await;
            report(outcome(token, made));
        });
    }

    /// Has the next offer start ICE anew.
    pub(crate) fn restart_ice(&self, servers: Option<Promise>) {
        let connection = self.connection.clone();
        let renewed = self.renewed(servers);
        let restarted = Task::spawn(async move {
            renewed.await;
            connection
                .unchecked_ref::<PeerConnectionExt>()
                .restart_ice();
        });
        self.renewal.set(Some(restarted));
    }

    /// Gives the connection the page's ICE servers when they come. Without them it goes on with those
    /// that it has.
    fn renewed(&self, servers: Option<Promise>) -> impl Future<Output = ()> + 'static {
        let (connection, configuration) = (self.connection.clone(), self.configuration.clone());
        async move {
            if let Some(servers) = servers {
                // The page has said what is wrong with them.
                let _ = renew(&connection, &configuration, servers).await;
            }
        }
    }

    /// Counts what has come in by now.
    pub(crate) fn measure(&self, report: impl Fn(LinkReport) + 'static) {
        if transport_of(&self.connection) == Transport::Closed {
            return report(LinkReport::Transport(Transport::Closed));
        }
        let stats = self.connection.get_stats();
        let measured = Task::spawn(async move {
            if let Ok(stats) = JsFuture::from(stats).await {
                report(LinkReport::Measured(received(&stats)));
            }
        });
        self.measurement.set(Some(measured));
    }

    pub(crate) fn accept_offer(
        &self,
        sdp: &str,
        servers: Option<Promise>,
        token: Token,
        local: Rc<LocalTracks>,
        report: impl Fn(LinkReport) + 'static,
    ) {
        let connection = self.connection.clone();
        let renewed = self.renewed(servers);
        let offered = set_remote_description(&connection, "offer", sdp);
        self.run(async move {
            let made = match JsFuture::from(offered).await {
                Ok(_) => {
                    TrackKind::ALL
                        .into_iter()
                        .for_each(|kind| answer(&connection, kind, &local));
                    renewed.await;
                    set_local_description(&connection).await
                }
                Err(error) => Err(error),
            };
            report(outcome(token, made));
        });
    }

    pub(crate) fn accept_answer(
        &self,
        sdp: &str,
        token: Token,
        report: impl Fn(LinkReport) + 'static,
    ) {
        let answered = set_remote_description(&self.connection, "answer", sdp);
        self.run(async move {
            let applied = JsFuture::from(answered).await.is_ok();
            let done = LinkReport::Applied { token };
            report(if applied {
                done
            } else {
                LinkReport::Failed { token }
            });
        });
    }

    /// Adds a remote candidate; one that the browser refuses is of no importance.
    pub(crate) fn add_candidate(&self, candidate: &Candidate) {
        if candidate.candidate.is_empty() {
            let connection = self.connection.unchecked_ref::<PeerConnectionExt>();
            return ignore(&connection.end_ice_candidates());
        }
        let init = object(&[
            ("candidate", candidate.candidate.as_str().into()),
            ("sdpMid", candidate.sdp_mid.as_deref().into()),
            ("sdpMLineIndex", candidate.sdp_m_line_index.into()),
            (
                "usernameFragment",
                candidate.username_fragment.as_deref().into(),
            ),
        ]);
        ignore(
            &self
                .connection
                .add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(init.unchecked_ref())),
        );
    }

    /// Runs an operation; the session asks for one at a time, so the one before is over.
    fn run(&self, operation: impl Future<Output = ()> + 'static) {
        *self.operation.borrow_mut() = Some(Task::spawn(operation));
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        untrack(&self.connection);
        self.connection.close();
    }
}

fn listen(
    connection: &RtcPeerConnection,
    remote: &MediaStream,
    report: impl Fn(LinkReport) + Clone + 'static,
) -> [EventListener; 4] {
    let [candidate, transport, needed, track] =
        [report.clone(), report.clone(), report.clone(), report];
    let (source, stream) = (connection.clone(), Clone::clone(remote));
    [
        EventListener::new(connection, "icecandidate", move |event| {
            candidate(LinkReport::Candidate(read_candidate(event.unchecked_ref())));
        }),
        EventListener::new(connection, "connectionstatechange", move |_| {
            transport(LinkReport::Transport(transport_of(&source)));
        }),
        EventListener::new(connection, "negotiationneeded", move |_| {
            needed(LinkReport::NegotiationNeeded);
        }),
        EventListener::new(connection, "track", move |event| {
            add_tracks(&stream, event.unchecked_ref());
            track(LinkReport::TracksChanged);
        }),
    ]
}

/// Adds the track that has come, and at once those that come with it: an element that is shown a
/// stream's sound first, and its picture in a second event, starts twice.
fn add_tracks(stream: &MediaStream, event: &RtcTrackEvent) {
    stream.add_track(&event.track());
    for siblings in event.streams().iter() {
        let siblings = siblings.unchecked_into::<MediaStream>().get_tracks();
        siblings
            .iter()
            .for_each(|sibling| stream.add_track(sibling.unchecked_ref()));
    }
}

/// An event without a candidate marks the end of them.
fn read_candidate(event: &RtcPeerConnectionIceEvent) -> Candidate {
    let Some(candidate) = event.candidate() else {
        return Candidate::default();
    };
    let word = |name| property(&candidate, name).as_string();
    let index = property(&candidate, "sdpMLineIndex").as_f64();
    Candidate {
        candidate: text(&candidate, "candidate"),
        sdp_mid: word("sdpMid"),
        sdp_m_line_index: index.map(small),
        username_fragment: word("usernameFragment"),
    }
}

fn transport_of(connection: &RtcPeerConnection) -> Transport {
    match text(connection, "connectionState").as_str() {
        "connecting" => Transport::Connecting,
        "connected" => Transport::Connected,
        "disconnected" => Transport::Disconnected,
        "failed" => Transport::Failed,
        "closed" => Transport::Closed,
        _ => Transport::New,
    }
}

/// The sum of all that counts bytes. It falls when the browser forgets a way that it has given up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of bytes is not negative, and is compared only"
)]
fn received(stats: &JsValue) -> u64 {
    let mut bytes = 0.0;
    // A map, which is a list of pairs.
    for entry in Array::from(stats).iter() {
        bytes += property(&entry.unchecked_ref::<Array>().get(1), "bytesReceived")
            .as_f64()
            .unwrap_or_default();
    }
    bytes as u64
}

/// Makes the description that fits the state, sets it, and returns its text.
async fn set_local_description(connection: &RtcPeerConnection) -> Result<String, JsValue> {
    let extended = connection.unchecked_ref::<PeerConnectionExt>();
    JsFuture::from(extended.set_implicit_local_description()).await?;
    Ok(connection
        .local_description()
        .map(|description| description.sdp())
        .unwrap_or_default())
}

fn set_remote_description(
    connection: &RtcPeerConnection,
    kind: &str,
    sdp: &str,
) -> js_sys::Promise {
    let description = object(&[("type", kind.into()), ("sdp", sdp.into())]);
    connection.set_remote_description(description.unchecked_ref())
}

fn outcome(token: Token, made: Result<String, JsValue>) -> LinkReport {
    match made {
        Ok(sdp) => LinkReport::Made { token, sdp },
        Err(_) => LinkReport::Failed { token },
    }
}

/// Lets the transceiver that an offer has made send as well.
fn answer(connection: &RtcPeerConnection, kind: TrackKind, local: &LocalTracks) {
    if let Some(transceiver) = transceiver_of(connection, kind) {
        set_property(&transceiver, "direction", &"sendrecv".into());
        transceiver
            .sender()
            .unchecked_ref::<SenderExt>()
            .set_streams(local.stream());
        send(&transceiver, local.of(kind).as_ref());
    }
}

fn send(transceiver: &RtcRtpTransceiver, track: Option<&web_sys::MediaStreamTrack>) {
    let sender = transceiver.sender();
    if sender.track().is_some() || track.is_some() {
        ignore(&sender.replace_track(track));
    }
}

/// The first transceiver of a kind, which is the one that carries the microphone or camera.
fn transceiver_of(connection: &RtcPeerConnection, kind: TrackKind) -> Option<RtcRtpTransceiver> {
    connection
        .get_transceivers()
        .iter()
        .map(JsCast::unchecked_into::<RtcRtpTransceiver>)
        .find(|transceiver| transceiver.receiver().track().kind() == kind.as_str())
}
