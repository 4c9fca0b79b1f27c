use videocalls_protocol::{Candidate, LeaveReason, MediaState, ParticipantId, Request};

use crate::{EndReason, ParticipantView, TrackKind};

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Open the signaling socket.
    OpenSignaling,
    /// Close the signaling socket, after what was sent has gone out.
    CloseSignaling,
    /// Send a request to the server.
    Send(Request),
    /// Ask the browser for those devices that are `Pending`; what was there of them is of no use
    /// any more.
    AcquireMedia(MediaState),
    /// Stop the microphone and the camera, at once or as soon as they are there.
    ReleaseMedia,
    /// Turn a local track on or off, then report [`Input::TrackSet`](crate::Input::TrackSet).
    SetTrack {
        /// Which track.
        kind: TrackKind,
        /// Whether it shall be on.
        on: bool,
        /// To be reported back.
        token: Token,
    },
    /// Do something with a link. What is asked of one link is to be done strictly in turn.
    Link {
        /// Which link.
        link: LinkId,
        /// What to do.
        op: LinkOp,
    },
    /// Tell the app.
    Notify(Notice),
}

/// What is to be done with a link.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkOp {
    /// Make the connection.
    Open(LinkRole),
    /// Make an offer and set it as the local description, then report
    /// [`LinkReport::Made`](crate::LinkReport::Made) or `Failed`.
    MakeOffer {
        /// To be reported back.
        token: Token,
    },
    /// Set the remote offer (rolling back an own one), make the answer and set it, then report
    /// [`LinkReport::Made`](crate::LinkReport::Made) or `Failed`.
    AcceptOffer {
        /// The offer.
        sdp: String,
        /// To be reported back.
        token: Token,
    },
    /// Set the remote answer, then report [`LinkReport::Applied`](crate::LinkReport::Applied) or
    /// `Failed`.
    AcceptAnswer {
        /// The answer.
        sdp: String,
        /// To be reported back.
        token: Token,
    },
    /// Add a remote candidate. One that the browser refuses is of no importance.
    AddCandidate(Candidate),
    /// Have the next offer start ICE anew, by ICE servers that are valid now, and report
    /// [`LinkReport::NegotiationNeeded`](crate::LinkReport::NegotiationNeeded).
    RestartIce,
    /// Count what has come in, then report [`LinkReport::Measured`](crate::LinkReport::Measured).
    Measure,
    /// Send a line of chat by the data channel, or keep it until that is open.
    SendText(String),
    /// Close the connection; nothing is reported after that.
    Close,
}

/// Which part a link plays in its first exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkRole {
    /// It offers: one transceiver for sound and one for picture are made beforehand.
    Offerer,
    /// It answers: the offer makes the transceivers.
    Answerer,
    /// It answers an offer that is not there yet, and may get ready for it.
    StandBy,
}

/// Names a link, for the length of a session.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinkId(pub(crate) u32);

/// Goes out with a request to the browser and comes back with its report, so that a late report
/// is known for one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Token(pub(crate) u32);

/// What the app is told. Details are in the [`Snapshot`](crate::Snapshot).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// The call's state is another.
    StateChanged,
    /// Someone is there.
    ParticipantJoined(ParticipantView),
    /// Something about someone is different.
    ParticipantChanged(ParticipantView),
    /// Someone has gone.
    ParticipantLeft {
        /// What was last known of them.
        participant: ParticipantView,
        /// Why they went.
        reason: LeaveReason,
    },
    /// The own microphone or camera is in another state.
    LocalChanged,
    /// Someone says something, in writing.
    Text {
        /// Who.
        from: ParticipantId,
        /// What.
        text: String,
    },
    /// The browser has been asking the person for a device for a while.
    MediaPending,
    /// Something went wrong, and the call goes on.
    Problem {
        /// What.
        problem: Problem,
        /// The participant that it concerns; `None` if it concerns the server, or nobody yet.
        participant: Option<ParticipantId>,
    },
    /// The call is over. Nothing comes after this.
    Ended(EndReason),
}

/// What can go wrong in a call without ending it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// A message could not be read.
    MalformedMessage,
    /// A message was longer than anyone may send.
    MessageTooLarge,
    /// The browser would not do what negotiation needs, with one participant.
    NegotiationFailed,
    /// The server did not pass a message on.
    MessageRejected,
}

impl Problem {
    /// The stable word for this problem in the JavaScript API.
    pub fn code(self) -> &'static str {
        match self {
            Self::MalformedMessage => "malformed-message",
            Self::MessageTooLarge => "message-too-large",
            Self::NegotiationFailed => "negotiation-failed",
            Self::MessageRejected => "message-rejected",
        }
    }

    /// What happened and what to do, for the person in the call.
    pub fn help(self) -> &'static str {
        match self {
            Self::MalformedMessage | Self::MessageTooLarge | Self::MessageRejected => {
                "A message from the call server could not be used. The call goes on."
            }
            Self::NegotiationFailed => {
                "The connection to one participant could not be set up. It is being tried again."
            }
        }
    }
}
