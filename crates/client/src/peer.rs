use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Object, Promise};
use videocalls_protocol::Candidate;
use videocalls_protocol::data::{Channel, announce, is_announced};
use videocalls_session::{LinkReport, LinkRole, Token, Transport};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RtcConfiguration, RtcDataChannel, RtcPeerConnection};

use crate::CallError;
use crate::browser::{
    PeerConnectionExt, call_method, exception_text, object, property, set_property, text, track,
    untrack,
};
use crate::candidates;
use crate::chat::{self, Chat};
use crate::data_channel::DataChannels;
use crate::event_listener::EventListener;
use crate::file_channel;
use crate::ice_servers::Renewal;
use crate::local_tracks::LocalTracks;
use crate::remote_tracks::RemoteTracks;
use crate::stats::Received;
use crate::task::Task;
use crate::transceivers::Transceivers;
use crate::turn::TurnFailures;

type Report = Rc<dyn Fn(LinkReport)>;

/// Where a connection reports to.
#[derive(Clone)]
pub(crate) struct LinkCallbacks {
    /// Takes what the session has to know.
    pub(crate) report: Report,
    /// Takes errors for the page.
    pub(crate) fail: Rc<dyn Fn(CallError)>,
    /// Takes the channel of a file that the peer wants to send.
    pub(crate) file: Rc<dyn Fn(RtcDataChannel)>,
}

/// One `RTCPeerConnection`. It is closed when this is dropped, and reports nothing from then on.
///
/// The browser carries out the operations of a connection strictly in order (webrtc-pc section
/// 4.4.1.2, the operations chain), so no queue is needed here.
#[must_use = "the connection is closed when this is dropped"]
pub(crate) struct Peer {
    connection: RtcPeerConnection,
    configuration: Object,
    local: Rc<Transceivers>,
    remote: Rc<RemoteTracks>,
    operation: RefCell<Option<Task>>,
    renewal: Cell<Option<Task>>,
    measurement: Cell<Option<Task>>,
    chat: RefCell<Option<Box<dyn Chat>>>,
    data: Rc<OnceCell<DataChannels>>,
    _listeners: Vec<EventListener>,
}

impl Peer {
    /// Makes a connection.
    ///
    /// One that stands by gathers its candidates already (`iceCandidatePoolSize`). No other does:
    /// when an offer is to be answered at once, Chromium 156 never ends gathering in one of ten such
    /// connections.
    ///
    /// # Errors
    ///
    /// The browser has no WebRTC, or does not take the configuration.
    pub(crate) fn open(
        configuration: &RtcConfiguration,
        role: LinkRole,
        turn: &Rc<TurnFailures>,
        LinkCallbacks { report, fail, file }: &LinkCallbacks,
    ) -> Result<Self, JsValue> {
        let pool = i32::from(role == LinkRole::Standby);
        let pooled = object(&[("iceCandidatePoolSize", pool.into())]);
        Object::assign(&pooled, configuration);
        let connection = RtcPeerConnection::new_with_configuration(pooled.unchecked_ref())?;
        let changed = report.clone();
        let remote = RemoteTracks::new(Rc::new(move |it| changed(LinkReport::TracksChanged(it))))?;
        track(&connection);
        let mut listeners = listen(&connection, &remote, report);
        listeners.extend(turn.watch(&connection, fail));
        listeners.push(file_channel::listen(&connection, file.clone()));
        Ok(Self {
            local: Rc::new(Transceivers::new(connection.clone())),
            connection,
            configuration: pooled,
            remote,
            operation: RefCell::default(),
            renewal: Cell::default(),
            measurement: Cell::default(),
            chat: RefCell::default(),
            data: Rc::default(),
            _listeners: listeners,
        })
    }

    /// Checks whether the browser takes a configuration.
    ///
    /// # Errors
    ///
    /// The text of the browser's exception.
    pub(crate) fn check_configuration(configuration: &RtcConfiguration) -> Result<(), String> {
        RtcPeerConnection::new_with_configuration(configuration)
            .map(|connection| close(&connection))
            .map_err(|error| exception_text(&error))
    }

    /// Completes the page's configuration: by default all tracks share one transport, so that the
    /// call starts fast.
    pub(crate) fn configuration(wanted: Option<&RtcConfiguration>) -> RtcConfiguration {
        let configuration = object(&[("bundlePolicy", "max-bundle".into())]);
        if let Some(wanted) = wanted {
            Object::assign(&configuration, wanted);
        }
        configuration.unchecked_into()
    }

    /// What the peer sends, once there has been a track for it.
    pub(crate) fn remote(&self) -> &RemoteTracks {
        &self.remote
    }

    /// Adds the local tracks before the first negotiation.
    pub(crate) fn prepare(&self, role: LinkRole, local: &LocalTracks) {
        self.local.prepare(role, local);
    }

    /// Prepares for chat by a data channel of this label.
    pub(crate) fn prepare_chat(
        &self,
        open: chat::Open,
        role: LinkRole,
        label: &str,
        report: Report,
    ) {
        let on_line = Rc::new(move |line| report(LinkReport::Text(line)));
        *self.chat.borrow_mut() = Some(open(&self.connection, role, label, on_line));
    }

    /// Sends a line of chat as soon as the data channel is open.
    pub(crate) fn send_text(&self, line: &str) {
        if let Some(chat) = &*self.chat.borrow() {
            chat.send(line);
        }
    }

    /// Makes the data channels, so that the first offer announces them.
    pub(crate) fn open_data(&self, report: &Report) {
        self.data
            .get_or_init(|| DataChannels::open(&self.connection, report));
    }

    /// Sends a message on a data channel.
    pub(crate) fn send_data(&self, channel: Channel, message: &[u8]) {
        if let Some(data) = self.data.get() {
            data.send(channel, message);
        }
    }

    /// Opens a channel for a file, if the peer has data channels.
    pub(crate) fn open_file_channel(&self) -> Option<RtcDataChannel> {
        self.data.get()?;
        Some(file_channel::open(&self.connection))
    }

    pub(crate) fn close_data(&self) {
        if let Some(data) = self.data.get() {
            data.close();
        }
    }

    /// Sends the local tracks that there are now, and nothing in place of those that there are not.
    pub(crate) fn replace_tracks(&self, local: &LocalTracks) {
        let has_negotiated = self.operation.borrow().is_some();
        self.local.replace(has_negotiated, local);
    }

    /// Makes an offer, or the answer to the `offer` of the peer; `servers` are the page's ICE servers,
    /// if it has a function for them.
    pub(crate) fn describe(
        &self,
        offer: Option<&str>,
        servers: Option<Renewal>,
        token: Token,
        tracks: Rc<LocalTracks>,
        report: Report,
    ) {
        let connection = self.connection.clone();
        let (local, data) = (self.local.clone(), self.data.clone());
        let renewed = self.renewed(servers);
        let offered = offer.map(|sdp| set_remote_description(&connection, "offer", sdp));
        let has_data_channels = offer.is_some_and(is_announced);
        self.run(async move {
            let prepare = || {
                if has_data_channels {
                    data.get_or_init(|| DataChannels::open(&connection, &report));
                }
            };
            let is_answer = offered.is_some();
            let described = describe(&connection, offered, prepare, renewed, &local, &tracks).await;
            report(match described {
                Ok(sdp) => LinkReport::DescriptionCreated {
                    token,
                    sdp: if data.get().is_some() {
                        announce(&sdp)
                    } else {
                        sdp
                    },
                    sources: local.sources(),
                },
                Err(_) => LinkReport::Failed { token },
            });
            if is_answer {
                local.share(&tracks);
            }
        });
    }

    pub(crate) fn accept_answer(&self, sdp: &str, token: Token, report: Report) {
        let answered = set_remote_description(&self.connection, "answer", sdp);
        self.run(async move {
            report(match JsFuture::from(answered).await {
                Ok(_) => LinkReport::AnswerApplied { token },
                Err(_) => LinkReport::Failed { token },
            });
        });
    }

    pub(crate) fn add_candidate(&self, candidate: &Candidate) {
        candidates::add(&self.connection, candidate);
    }

    /// Makes the next offer restart ICE.
    pub(crate) fn restart_ice(&self, servers: Option<Renewal>) {
        let connection = self.connection.clone();
        let renewed = self.renewed(servers);
        let restarted = Task::spawn(async move {
            renewed.await;
            // https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-restartice
            call_method(&connection, "restartIce", &JsValue::UNDEFINED);
        });
        self.renewal.set(Some(restarted));
    }

    /// Reports how many bytes have been received.
    pub(crate) fn measure(&self, report: Report) {
        if transport_of(&self.connection) == Transport::Closed {
            return report(LinkReport::Transport(Transport::Closed));
        }
        let (stats, remote) = (self.connection.get_stats(), self.remote.clone());
        let measured = Task::spawn(async move {
            if let Ok(stats) = JsFuture::from(stats).await {
                let received = Received::read(&stats);
                remote.measured(&received);
                report(LinkReport::Measured(received.total()));
            }
        });
        self.measurement.set(Some(measured));
    }

    /// Sets the ICE servers for the candidates that are gathered next.
    pub(crate) fn set_ice_servers(&self, servers: &Array) {
        set_ice_servers(&self.connection, &self.configuration, servers);
    }

    /// Waits for the page's ICE servers and gives them to the connection. If they fail, which
    /// is reported, the connection keeps those that it has.
    fn renewed(&self, servers: Option<Renewal>) -> impl Future<Output = ()> + 'static {
        let (connection, configuration) = (self.connection.clone(), self.configuration.clone());
        async move {
            if let Some(renewal) = servers
                && let Ok(servers) = renewal.servers().await
            {
                set_ice_servers(&connection, &configuration, &servers);
            }
        }
    }

    /// Runs an operation. The session asks for one at a time, so the previous one is over.
    fn run(&self, operation: impl Future<Output = ()> + 'static) {
        *self.operation.borrow_mut() = Some(Task::spawn(operation));
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        untrack(&self.connection);
        close(&self.connection);
    }
}

fn close(connection: &RtcPeerConnection) {
    call_method(connection, "close", &JsValue::UNDEFINED);
}

fn listen(
    connection: &RtcPeerConnection,
    remote: &Rc<RemoteTracks>,
    report: &Report,
) -> Vec<EventListener> {
    let [candidate, transport, needed] = [(); 3].map(|()| report.clone());
    let (source, remote) = (connection.clone(), remote.clone());
    vec![
        EventListener::new(connection, "icecandidate", move |event| {
            candidate(LinkReport::Candidate(candidates::read(event)));
        }),
        EventListener::new(connection, "connectionstatechange", move |_| {
            transport(LinkReport::Transport(transport_of(&source)));
        }),
        EventListener::new(connection, "negotiationneeded", move |_| {
            needed(LinkReport::NegotiationNeeded);
        }),
        EventListener::new(connection, "track", move |event| {
            remote.add(
                property(event, "track").unchecked_into(),
                property(event, "transceiver").unchecked_into(),
            );
        }),
    ]
}

/// Gives ICE servers to a connection, which gathers its next generation of candidates with them. One
/// that does not take them keeps those that it has.
fn set_ice_servers(connection: &RtcPeerConnection, configuration: &Object, servers: &Array) {
    set_property(configuration, "iceServers", servers);
    let _ = connection.set_configuration_with_configuration(configuration.unchecked_ref());
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

/// Makes the description that fits the signaling state, sets it, and returns its text.
async fn describe(
    connection: &RtcPeerConnection,
    offered: Option<Promise>,
    prepare: impl FnOnce(),
    renewed: impl Future<Output = ()>,
    local: &Transceivers,
    tracks: &LocalTracks,
) -> Result<String, JsValue> {
    if let Some(offered) = offered {
        JsFuture::from(offered).await?;
        local.answer(tracks);
        prepare();
    }
    renewed.await;
    let extended = connection.unchecked_ref::<PeerConnectionExt>();
    JsFuture::from(extended.set_implicit_local_description()).await?;
    Ok(text(&property(connection, "localDescription"), "sdp"))
}

fn set_remote_description(connection: &RtcPeerConnection, kind: &str, sdp: &str) -> Promise {
    let description = object(&[("type", kind.into()), ("sdp", sdp.into())]);
    connection.set_remote_description(description.unchecked_ref())
}
