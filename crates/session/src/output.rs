use videocalls_protocol::data::{Channel, LineId, Payload};
use videocalls_protocol::{
    Ask, Candidate, DisplayName, IceServer, Knock, LeaveReason, MediaState, ParticipantId, Request,
};

use crate::{EndReason, LinkId, ParticipantView, Token, TrackKind};

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Ask the page for an access token, then report
    /// [`Input::TokenFetched`](crate::Input::TokenFetched).
    FetchToken,
    /// Open the signaling socket.
    OpenSignaling,
    /// Close the signaling socket, once what was sent has gone out.
    CloseSignaling,
    /// Send a request to the server.
    Send(Request),
    /// Ask the browser for those devices that are `Pending`, and drop what they supplied before.
    AcquireMedia(MediaState),
    /// Stop the microphone and the camera; those that are still pending, as soon as they are there.
    ReleaseMedia,
    /// Turn a local track on or off, then report [`Input::TrackSet`](crate::Input::TrackSet).
    SetTrack {
        /// Which track.
        kind: TrackKind,
        /// Whether it should be on.
        on: bool,
        /// To be reported back.
        token: Token,
    },
    /// Use these ICE servers besides those of the page, in place of what the server offered before:
    /// for new connections, and for the next ICE restart of those that are there.
    UseIceServers(Vec<IceServer>),
    /// Do something with a link. The operations of one link must be carried out strictly in order.
    Link {
        /// Which link.
        link: LinkId,
        /// What to do.
        op: LinkOp,
    },
    /// Notify the app.
    Notify(Notice),
}

/// An operation on a link.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkOp {
    /// Create the connection.
    Open(LinkRole),
    /// Create an offer and set it as the local description, then report
    /// [`LinkReport::DescriptionCreated`](crate::LinkReport::DescriptionCreated) or `Failed`.
    CreateOffer {
        /// To be reported back.
        token: Token,
    },
    /// Set the remote offer (rolling back a local one), create the answer and set it, then report
    /// [`LinkReport::DescriptionCreated`](crate::LinkReport::DescriptionCreated) or `Failed`.
    AcceptOffer {
        /// The offer.
        sdp: String,
        /// To be reported back.
        token: Token,
    },
    /// Set the remote answer, then report [`LinkReport::AnswerApplied`](crate::LinkReport::AnswerApplied) or
    /// `Failed`.
    AcceptAnswer {
        /// The answer.
        sdp: String,
        /// To be reported back.
        token: Token,
    },
    /// Add a remote candidate. If the browser refuses it, nothing needs to be reported.
    AddCandidate(Candidate),
    /// Restart ICE with the next offer, with ICE servers that are valid now, and report
    /// [`LinkReport::NegotiationNeeded`](crate::LinkReport::NegotiationNeeded).
    RestartIce,
    /// Count what has been received, then report [`LinkReport::Measured`](crate::LinkReport::Measured).
    Measure,
    /// Send a message on a data channel, if that is open.
    SendData {
        /// Which channel.
        channel: Channel,
        /// The message.
        message: Vec<u8>,
    },
    /// Close the data channels.
    CloseData,
    /// Send a chat text by the dialect's own chat, once that is possible.
    SendText(String),
    /// Close the connection. Nothing is reported of it afterwards.
    Close,
}

/// The role of a link in its first exchange of descriptions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkRole {
    /// It offers, so a transceiver for audio and one for video are created beforehand.
    Offerer,
    /// It answers an offer that is there; the offer creates the transceivers.
    Answerer,
    /// It waits for an offer, and may be prepared for it.
    Standby,
}

/// What the app is notified of. Details are in the [`Snapshot`](crate::Snapshot).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// The call's state has changed.
    StateChanged,
    /// Someone joined, or was there before us.
    ParticipantJoined(ParticipantView),
    /// Something about a participant has changed.
    ParticipantChanged(ParticipantView),
    /// Someone left.
    ParticipantLeft {
        /// Their last state.
        participant: ParticipantView,
        /// Why they left.
        reason: LeaveReason,
    },
    /// The state of the local microphone or camera has changed.
    LocalChanged,
    /// A chat line has arrived.
    Text(ChatLine),
    /// A message of the page's own has arrived.
    Data {
        /// Who sent it.
        from: ParticipantId,
        /// The message.
        payload: Payload,
    },
    /// A reaction, such as an emoji, has arrived.
    Reaction {
        /// Who sent it.
        from: ParticipantId,
        /// The text, never markup.
        reaction: String,
    },
    /// Moderators have changed the room, or what we may do has changed.
    RoomChanged,
    /// Someone waits in the lobby.
    Knock(Knock),
    /// Someone no longer waits in the lobby.
    KnockEnded(ParticipantId),
    /// A moderator asks us to stop sending something. It has been done, as far as it is ours.
    Asked {
        /// The moderator.
        from: ParticipantId,
        /// What to stop.
        ask: Ask,
    },
    /// The browser's permission prompt has been open for a while.
    MediaPending,
    /// Something went wrong, and the call goes on.
    Problem {
        /// What.
        problem: Problem,
        /// The participant that it concerns; `None` if it concerns the server, or nobody yet.
        participant: Option<ParticipantId>,
    },
    /// The call is over. No other notice follows.
    Ended(EndReason),
}

/// A chat line.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatLine {
    /// Identifies the line in the call; `None` if the sender's client does not number its lines.
    pub id: Option<LineId>,
    /// Who wrote it. In a line of before, they may have left.
    pub from: ParticipantId,
    /// Their name at the time, if it is known.
    pub name: Option<DisplayName>,
    /// The text, never markup.
    pub text: String,
    /// How long ago it was written, in milliseconds.
    pub age_ms: u64,
    /// How the line has come.
    pub origin: LineOrigin,
}

/// How a chat line has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineOrigin {
    /// From its author, to everyone.
    Live,
    /// From its author, to us alone.
    Direct,
    /// From a participant who had it before we joined. Its author is who that participant says.
    History,
}

/// What can go wrong in a call without ending it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// A message could not be decoded.
    MalformedMessage,
    /// A message was longer than the limit.
    MessageTooLarge,
    /// The browser refused a step of the negotiation with a participant.
    NegotiationFailed,
    /// No network path to a participant was found, though both ends have tried. A TURN server is
    /// missing, or can't be reached.
    NoRoute,
    /// The server did not pass a message on.
    MessageRejected,
    /// Our access token does not permit it.
    NotPermitted,
}

impl Problem {
    /// The stable code of this problem in the JavaScript API.
    pub fn code(self) -> &'static str {
        match self {
            Self::MalformedMessage => "malformed-message",
            Self::MessageTooLarge => "message-too-large",
            Self::NegotiationFailed => "negotiation-failed",
            Self::NoRoute => "no-route",
            Self::MessageRejected => "message-rejected",
            Self::NotPermitted => "not-permitted",
        }
    }

    /// What happened and what to do, for the person in the call.
    pub fn help(self) -> &'static str {
        match self {
            Self::MalformedMessage | Self::MessageTooLarge | Self::MessageRejected => {
                "A message could not be used. The call goes on."
            }
            Self::NotPermitted => "You are not allowed to do this in this call.",
            Self::NegotiationFailed => {
                "The connection to one participant could not be set up. It is being tried again."
            }
            Self::NoRoute => {
                "No network path to one participant was found; a firewall may block it. A TURN \
                 server, or another network, would help. It is tried again from time to time."
            }
        }
    }
}
