use videocalls_protocol::{LeaveReason, ParticipantId};

use crate::Problem;

/// What the links report about the participants at their other ends.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum TopologyEvent {
    /// A participant has sent a description; the server may not have announced them.
    Appeared(ParticipantId),
    /// The state of a participant's connection has changed.
    Changed(ParticipantId),
    /// A participant can't be reached any more, and counts as gone.
    Lost(ParticipantId, LeaveReason),
    /// A link receives nothing, so our own network may be down: the server is to be probed.
    ServerSuspect,
    /// The data channels to a participant are open, perhaps on a new link.
    DataOpened(ParticipantId),
    /// A participant has sent a message on a data channel.
    Data(ParticipantId, Vec<u8>),
    /// A participant has sent a chat text by the dialect's own chat.
    Text(ParticipantId, String),
    /// Something went wrong with a link; the participant is not known before the first signal.
    Problem(Problem, Option<ParticipantId>),
}
