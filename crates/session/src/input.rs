use videocalls_protocol::data::Payload;
use videocalls_protocol::{Candidate, CloseAction, Event, MediaState, Moderation, ParticipantId};

use crate::{EndReason, LinkId, Problem, Token, TrackKind};

/// What happens to a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// The user starts the call. A second start changes nothing.
    Start,
    /// The user or the page ends the call. A second end changes nothing.
    End(EndReason),
    /// The user wants a track on or off; `None` means the opposite of what was wanted before.
    Toggle {
        /// Which track.
        kind: TrackKind,
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
    /// The user moderates the room.
    Moderate(Moderation),
    /// The page has supplied an access token, as [`Output::FetchToken`] required, or can't.
    ///
    /// [`Output::FetchToken`]: crate::Output::FetchToken
    TokenFetched(Option<String>),
    /// The socket is open.
    SignalingOpened,
    /// The server has sent this.
    SignalingEvent(Event),
    /// A message of the server can't be decoded, or one to it can't be encoded.
    SignalingProblem(Problem),
    /// The socket is closed, or could not be opened.
    SignalingClosed(CloseAction),
    /// The browser has supplied or refused devices that [`Output::AcquireMedia`] asked for. `Pending`
    /// are those for which there is no answer yet.
    ///
    /// [`Output::AcquireMedia`]: crate::Output::AcquireMedia
    MediaSettled(MediaState),
    /// A track is on or off now, as [`Output::SetTrack`](crate::Output::SetTrack) required.
    TrackSet {
        /// Which track.
        kind: TrackKind,
        /// The token of the request.
        token: Token,
    },
    /// A local track ended: its device was unplugged, or its permission withdrawn.
    TrackEnded(TrackKind),
    /// The system mutes a local track, or no longer does (the track's `mute` and `unmute` events).
    TrackMuted {
        /// Which track.
        kind: TrackKind,
        /// Whether it is muted.
        muted: bool,
    },
    /// The browser lists a device of this kind.
    DeviceAppeared(TrackKind),
    /// The user has permitted devices of this kind.
    PermissionGranted(TrackKind),
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
    /// A remote track was added or removed.
    TracksChanged,
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
