use videocalls_protocol::{Candidate, CloseAction, Event, MediaState};

use crate::{EndReason, LinkId, Problem, Token, TrackKind};

/// What happens to a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// The user starts the call. A second start changes nothing.
    Start,
    /// The user, or the page, ends the call. A second end changes nothing.
    End(EndReason),
    /// The user wants a track on or off; `None` means the other way round.
    Toggle {
        /// Which track.
        kind: TrackKind,
        /// Whether it shall be on.
        on: Option<bool>,
    },
    /// The user says something to everyone, in writing.
    SendText(String),
    /// The socket is open.
    SignalingOpened,
    /// The server said something.
    SignalingEvent(Event),
    /// The server said something that can't be read, or something could not be said to it.
    SignalingProblem(Problem),
    /// The socket is closed, or never opened.
    SignalingClosed(CloseAction),
    /// The browser has given, or refused, devices that [`Output::AcquireMedia`] asked for; what it
    /// has not yet answered is `Pending`.
    ///
    /// [`Output::AcquireMedia`]: crate::Output::AcquireMedia
    MediaSettled(MediaState),
    /// A track is on or off now, as [`Output::SetTrack`](crate::Output::SetTrack) asked.
    TrackSet {
        /// Which track.
        kind: TrackKind,
        /// The token of the request.
        token: Token,
    },
    /// A track ended: its device went away, or is forbidden now.
    TrackEnded(TrackKind),
    /// The system silences a track, or no longer does.
    TrackMuted {
        /// Which track.
        kind: TrackKind,
        /// Whether it is silenced.
        muted: bool,
    },
    /// There is a device of this kind, as far as the browser tells.
    DeviceAppeared(TrackKind),
    /// The devices of this kind are allowed now.
    PermissionGranted(TrackKind),
    /// A link has something to report.
    Link {
        /// Which link.
        link: LinkId,
        /// What it reports.
        report: LinkReport,
    },
    /// The network or the page has come back, or may have changed: a good moment to look.
    NetworkChanged,
    /// The page may unload in a moment, or stay after all (`beforeunload`).
    PageMayUnload,
    /// The page unloads (`pagehide`): the call is over, unless the page is only reloaded.
    PageUnloading,
    /// The browser puts the page into its back-forward cache (`pagehide`, `persisted`).
    PageSuspended,
    /// The browser shows the page again as it was (`pageshow`, `persisted`).
    PageRestored,
    /// Time has passed; timers may have run out.
    Timeout,
}

/// What the browser reports of one link.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LinkReport {
    /// An offer or answer was made and is the local description now.
    Made {
        /// The token of the request.
        token: Token,
        /// The local description's text.
        sdp: String,
    },
    /// An answer is the remote description now.
    Applied {
        /// The token of the request.
        token: Token,
    },
    /// What was asked for failed; the link can't be trusted any more.
    Failed {
        /// The token of the request.
        token: Token,
    },
    /// The browser's `negotiationneeded` event.
    NegotiationNeeded,
    /// A local candidate; an empty one marks the end.
    Candidate(Candidate),
    /// The browser's `connectionState` changed.
    Transport(Transport),
    /// What has come in by now: any number that changes as long as something comes in.
    Measured(u64),
    /// A remote track has arrived, or has gone.
    TracksChanged,
    /// A line of chat has come by the data channel.
    Text(String),
}

/// The state of a link's way to the other end, as `RTCPeerConnectionState` names it
/// (<https://www.w3.org/TR/webrtc/#rtcpeerconnectionstate-enum>).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Transport {
    /// Not begun.
    #[default]
    New,
    /// Looking for a way.
    Connecting,
    /// There is one.
    Connected,
    /// Interrupted; it may heal by itself.
    Disconnected,
    /// Lost for good, unless negotiated anew.
    Failed,
    /// Closed here.
    Closed,
}
