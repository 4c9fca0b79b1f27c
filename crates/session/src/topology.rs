use videocalls_protocol::data::Channel;
use videocalls_protocol::{LeaveReason, MediaState, ParticipantId, Signal, Source};

use crate::context::Context;
use crate::timers::TopologyTimer;
use crate::{Connection, LinkId, LinkReport};

/// How participants reach each other: what owns the links and the remote tracks.
///
/// The session owns the connection to the server, the roster and the local tracks, and uses the
/// links only through these methods. [`Mesh`](crate::mesh::Mesh) has one link per participant; a
/// media server's topology would be another implementation, and neither reads the other's fields.
/// What a topology reports goes out by [`Context::report`].
///
/// Not `Debug`: in a trait object, the text of every field of every link would be in each download.
pub(crate) trait Topology {
    /// Opens what can be opened before the server has admitted us.
    fn prepare(&mut self, ctx: &mut Context);

    /// The server has admitted us under this id (none in a dialect without ids), and these
    /// participants were there before.
    fn admitted(&mut self, ctx: &mut Context, me: Option<ParticipantId>, others: &[ParticipantId]);

    /// The connection to the server is usable now, perhaps again.
    fn online(&mut self, ctx: &mut Context);

    /// The connection to the server is lost.
    fn offline(&mut self);

    /// The server has sent something, which shows that the network works.
    fn server_heard(&mut self, ctx: &mut Context);

    /// There are ICE servers that the links of before do not have.
    fn ice_servers_added(&mut self);

    /// The network may be another one than before.
    fn network_changed(&mut self, ctx: &mut Context);

    /// Something happened to a participant, according to the server.
    fn participant_event(
        &mut self,
        ctx: &mut Context,
        id: &ParticipantId,
        event: ParticipantEvent<'_>,
    );

    /// The server has given a participant's seat away. Returns whether their media still arrives,
    /// so that they count as present.
    fn participant_left(
        &mut self,
        ctx: &mut Context,
        id: &ParticipantId,
        reason: LeaveReason,
    ) -> bool;

    /// A participant has sent a signal.
    fn receive_signal(&mut self, ctx: &mut Context, from: ParticipantId, signal: Signal);

    /// The browser reports something about a link.
    fn link_report(&mut self, ctx: &mut Context, link: LinkId, report: LinkReport);

    /// A timer of the links has expired.
    fn timed_out(&mut self, ctx: &mut Context, timer: TopologyTimer);

    /// Sends a chat text to a participant by the dialect's own chat, once that is possible.
    fn send_text(&self, ctx: &mut Context, to: &ParticipantId, text: &str);

    /// Sends a message on a data channel to a participant, if their channels are open.
    fn send_data(&self, ctx: &mut Context, to: &ParticipantId, channel: Channel, message: Vec<u8>);

    /// Closes the data channels to a participant.
    fn close_data(&mut self, ctx: &mut Context, id: &ParticipantId);

    /// Whether a participant has data channels.
    fn data_state(&self, id: &ParticipantId) -> DataState;

    /// Closes all links and forgets what was known of them.
    fn close(&mut self, ctx: &mut Context);

    /// How a participant is connected.
    fn connection(&self, id: &ParticipantId) -> Connection;

    /// The link that carries a participant's tracks.
    fn link_of(&self, id: &ParticipantId) -> Option<LinkId>;

    /// The sources of a participant's tracks that are received, where the server does not report what
    /// they send.
    fn unreported(&self, id: &ParticipantId) -> &[Source];

    /// The participants with a link, whether it works or not.
    fn linked(&self) -> Vec<ParticipantId>;

    /// The participants whose link works.
    fn connected(&self) -> Vec<ParticipantId>;

    /// The participants whose media should arrive and does not.
    fn not_receiving(&self) -> Vec<ParticipantId>;

    /// Whether media can arrive from anyone.
    fn is_media_flowing(&self) -> bool;
}

/// Whether a participant has data channels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DataState {
    /// It is not known yet, or the channels are not open at the moment.
    Pending,
    /// The participant uses another kind of client, which has none.
    Absent,
    /// They are open.
    Open,
}

/// What a server reports of a participant, as far as it concerns their link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ParticipantEvent<'a> {
    /// They took a seat after us, or took theirs again after it was given away.
    Joined,
    /// They are on the roster that the server sent after we reconnected.
    StillPresent,
    /// Their connection to the server is lost.
    Away,
    /// Their connection to the server is back.
    Back,
    /// What they send: sound, pictures, or nothing. Reported when they join, and on each change.
    Media(&'a MediaState),
    /// They report whether our media fails to arrive at their end.
    ReceiveReport {
        /// Whether it does.
        not_receiving_us: bool,
    },
}
