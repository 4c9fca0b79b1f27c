/// What a link waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LinkTimer {
    /// The link should have connected by now.
    Connect,
    /// A participant who was in the room before us should have sent the first offer by now.
    FirstOffer,
    /// An ICE restart of ours should have helped by now.
    IceRestart,
    /// The peer, whose turn it is, should have restarted ICE by now.
    PeerIceRestart,
    /// The peer, whose turn it is, should have replaced the link by now.
    PeerRebuild,
    /// The pause before a link that failed repeatedly is replaced is over.
    Rebuild,
    /// The pause before a broadcast offer that the browser failed to make is made again is over.
    BroadcastRetry,
    /// A link on which the peer receives nothing has had time to recover.
    PeerReport,
    /// An ICE restart that was not possible before is to be tried again.
    IceRestartRetry,
    /// An offer should have been answered by now.
    Answer,
    /// A description has waited long enough for its candidates.
    Gathering,
    /// It is time to measure what the link receives.
    Measure,
    /// An interrupted link has had time to recover before its participant counts as gone.
    Departure,
}

impl LinkTimer {
    /// The timers that decide how a link recovers. At most one of them runs: each recovery step
    /// replaces the one before.
    pub(super) const RECOVERY: [Self; 7] = [
        Self::Connect,
        Self::FirstOffer,
        Self::IceRestart,
        Self::PeerIceRestart,
        Self::PeerRebuild,
        Self::Rebuild,
        Self::BroadcastRetry,
    ];
}
