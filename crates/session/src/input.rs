use videocalls_protocol::data::Payload;
use videocalls_protocol::{
    Candidate, CloseAction, Event, ParticipantId, Source, TrackSources, TrackState,
};

use crate::{EndReason, LinkId, Problem, Token};

/// What happens to a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// The user starts the call. A second start changes nothing.
    Start,
    /// The user or the page ends the call. A second end changes nothing.
    End(EndReason),
    /// The user wants a track on or off; `None` means the opposite of what was wanted before.
    /// Turning [`Source::Screen`] on shares a screen.
    Toggle {
        /// Which track.
        source: Source,
        /// Whether it should be on.
        on: Option<bool>,
    },
    /// The user sends a chat text.
    SendText {
        /// The text, of at most [`MAX_TEXT_BYTES`](videocalls_protocol::data::MAX_TEXT_BYTES).
        text: String,
        /// Whom it is for; `None` means everyone.
        to: Option<ParticipantId>,
    },
    /// The page sends a message of its own.
    SendData {
        /// The message, of at most
        /// [`MAX_PAYLOAD_BYTES`](videocalls_protocol::data::MAX_PAYLOAD_BYTES).
        payload: Payload,
        /// Whom it is for; `None` means everyone.
        to: Option<ParticipantId>,
        /// Whether it has to arrive.
        is_reliable: bool,
    },
    /// The user reacts with this emoji, or other short text.
    React(String),
    /// The user raises or lowers their hand; `None` means the opposite of before.
    RaiseHand(Option<bool>),
    /// The socket is open.
    SignalingOpened,
    /// The server has sent this.
    SignalingEvent(Event),
    /// A message of the server can't be decoded, or one to it can't be encoded.
    SignalingProblem(Problem),
    /// The socket is closed, or could not be opened.
    SignalingClosed(CloseAction),
    /// The browser or the page has answered for some of the tracks that
    /// [`Output::Acquire`](crate::Output::Acquire) asked for.
    TracksSettled {
        /// The token of the request.
        token: Token,
        /// Each source with the state of its track: `Live`, `Off` if there is none, or `Unavailable`.
        answers: Vec<(Source, TrackState)>,
    },
    /// A local track ended: its device was unplugged, its permission withdrawn, or the person has
    /// stopped to share the screen by a button of the browser.
    TrackEnded(Source),
    /// The system mutes a local track, or no longer does (the track's `mute` and `unmute` events).
    TrackMuted {
        /// Which track.
        source: Source,
        /// Whether it is muted.
        muted: bool,
    },
    /// The browser lists a device for this source.
    DeviceAppeared(Source),
    /// The user has permitted devices for this source.
    PermissionGranted(Source),
    /// The browser reports something about a link.
    Link {
        /// Which link.
        link: LinkId,
        /// What.
        report: LinkReport,
    },
    /// The network may have changed, or the page is visible again: connections are tested, and a wait
    /// for the next attempt to reconnect ends.
    NetworkChanged,
    /// The page may unload in a moment, or stay after all (`beforeunload`).
    PageMayUnload,
    /// The page unloads (`pagehide`): the call is over, unless the page is only reloaded.
    PageUnloading,
    /// The browser puts the page into its back-forward cache (`pagehide`, `persisted`).
    PageSuspended,
    /// The browser shows the page again as it was (`pageshow`, `persisted`).
    PageRestored,
    /// Timers may have expired.
    Timeout,
}

/// What the browser reports about one link.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LinkReport {
    /// An offer or answer was created, and is the local description now.
    DescriptionCreated {
        /// The token of the request.
        token: Token,
        /// The local description.
        sdp: String,
        /// What the tracks show that it sends.
        sources: TrackSources,
    },
    /// An answer is the remote description now.
    AnswerApplied {
        /// The token of the request.
        token: Token,
    },
    /// The request failed, and the connection's state is unknown.
    Failed {
        /// The token of the request.
        token: Token,
    },
    /// The browser's `negotiationneeded` event.
    NegotiationNeeded,
    /// A local candidate; an empty one marks the end of gathering.
    Candidate(Candidate),
    /// The browser's `connectionState` changed.
    Transport(Transport),
    /// How much has been received so far: any number that changes as long as media arrives.
    Measured(u64),
    /// A remote track was added or removed; tracks of these sources are received now.
    TracksChanged(Vec<Source>),
    /// The data channels are open.
    DataOpened,
    /// The data channels are closed, though the link may go on.
    DataClosed,
    /// A message has arrived on a data channel.
    Data(Vec<u8>),
    /// A chat text has arrived by the dialect's own chat.
    Text(String),
}

/// The state of a link's transport, in the terms of `RTCPeerConnectionState`
/// (<https://www.w3.org/TR/webrtc/#rtcpeerconnectionstate-enum>).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Transport {
    /// ICE has not started.
    #[default]
    New,
    /// ICE looks for a route.
    Connecting,
    /// There is a route.
    Connected,
    /// The route is interrupted; it may recover by itself.
    Disconnected,
    /// The route is lost; only a new negotiation can help.
    Failed,
    /// The connection was closed at this end.
    Closed,
}
