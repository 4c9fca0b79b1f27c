/// Where a link stands in its exchange of descriptions.
///
/// `Stable` and `Offered` are the browser's `stable` and `have-local-offer`; the others are its
/// ways from one to the other, each with one operation of the browser under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// Nothing is open.
    Stable,
    /// The browser makes an offer.
    Offering,
    /// The browser makes an offer that will not be sent, since the other's comes first.
    Yielding,
    /// Our offer is made.
    Offered,
    /// The browser takes the other's offer and makes an answer.
    Answering,
    /// The browser takes the other's answer.
    Settling,
    /// The browser has failed; the connection waits to be replaced.
    Broken,
}

/// What moves a negotiation on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cue {
    /// There is something to negotiate.
    Needed,
    /// The other offers.
    RemoteOffer,
    /// The other answers.
    RemoteAnswer,
    /// The browser has made the offer or answer it was asked for.
    Made,
    /// The browser has taken the other's answer.
    Applied,
    /// The browser could not do what it was asked for.
    Failed,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Act {
    /// Have the browser make an offer.
    MakeOffer,
    /// Send the offer that was made.
    SendOffer,
    /// Have the browser take the offer, rolling back an own one, and answer.
    AcceptOffer,
    /// Send the answer that was made.
    SendAnswer,
    /// Have the browser take the answer.
    AcceptAnswer,
    /// Keep the offer until what is under way has ended.
    Keep,
    /// Take the offer that was kept, if it is still news.
    Resume,
    /// The link is of no use any more.
    GiveUp,
    /// Nothing.
    Ignore,
}

/// Perfect negotiation (<https://www.w3.org/TR/webrtc/#perfect-negotiation-example>) as a table.
///
/// The example's three flags are phases here, since a link has one operation under way at a time:
/// `makingOffer` is `Offering`, `isSettingRemoteAnswerPending` is `Settling`, and `ignoreOffer` is
/// the impolite side's `Keep`: the answer that it waits for tells whether the offer that crossed
/// its own was taken back (an older edition than the answer) or was made after it and came too
/// soon. What needs negotiating while another exchange is open is not remembered: the browser
/// fires `negotiationneeded` again when it is back in `stable`.
pub(crate) fn step(phase: Phase, cue: Cue, polite: bool) -> (Phase, Act) {
    match (phase, cue) {
        // An exchange of ours.
        (Phase::Stable, Cue::Needed) => (Phase::Offering, Act::MakeOffer),
        (Phase::Offering, Cue::Made) => (Phase::Offered, Act::SendOffer),
        (Phase::Offered, Cue::RemoteAnswer) => (Phase::Settling, Act::AcceptAnswer),
        (Phase::Settling, Cue::Applied) => (Phase::Stable, Act::Resume),
        // An exchange of theirs.
        (Phase::Stable, Cue::RemoteOffer) => (Phase::Answering, Act::AcceptOffer),
        (Phase::Answering, Cue::Made) => (Phase::Stable, Act::SendAnswer),
        // Both at once: the impolite side goes on with its own, the polite one gives way.
        (Phase::Offering | Phase::Offered, Cue::RemoteOffer) if !polite => (phase, Act::Keep),
        (Phase::Offering, Cue::RemoteOffer) => (Phase::Yielding, Act::Keep),
        (Phase::Yielding, Cue::Made) => (Phase::Answering, Act::AcceptOffer),
        (Phase::Offered, Cue::RemoteOffer) => (Phase::Answering, Act::AcceptOffer),
        // Theirs, while the browser is busy with an earlier exchange.
        (Phase::Yielding | Phase::Answering | Phase::Settling, Cue::RemoteOffer) => {
            (phase, Act::Keep)
        }
        (Phase::Broken, _) => (phase, Act::Ignore),
        // An answer to an offer that is not open, or not open any more.
        (_, Cue::RemoteAnswer) => (phase, Act::Ignore),
        (_, Cue::Needed) => (phase, Act::Ignore),
        (Phase::Stable | Phase::Offered, Cue::Made | Cue::Applied | Cue::Failed) => {
            (phase, Act::Ignore)
        }
        (Phase::Settling, Cue::Made) => (phase, Act::Ignore),
        (Phase::Offering | Phase::Yielding | Phase::Answering, Cue::Applied) => {
            (phase, Act::Ignore)
        }
        (_, Cue::Failed) => (Phase::Broken, Act::GiveUp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(polite: bool, cues: &[Cue]) -> (Phase, Vec<Act>) {
        let mut phase = Phase::Stable;
        let acts = cues.iter().map(|&cue| {
            let (next, act) = step(phase, cue, polite);
            phase = next;
            act
        });
        let acts = acts.collect();
        (phase, acts)
    }

    #[test]
    fn an_exchange_of_ours_ends_stable() {
        let (phase, acts) = run(
            true,
            &[Cue::Needed, Cue::Made, Cue::RemoteAnswer, Cue::Applied],
        );
        assert_eq!(phase, Phase::Stable);
        assert_eq!(
            acts,
            [
                Act::MakeOffer,
                Act::SendOffer,
                Act::AcceptAnswer,
                Act::Resume
            ]
        );
    }

    /// "The impolite peer ignores the offer if it would collide with its own."
    #[test]
    fn the_impolite_side_goes_on_with_its_own() {
        for before in [&[Cue::Needed][..], &[Cue::Needed, Cue::Made]] {
            let cues = [before, &[Cue::RemoteOffer]].concat();
            let (phase, acts) = run(false, &cues);
            assert_eq!(acts.last(), Some(&Act::Keep));
            assert!(matches!(phase, Phase::Offering | Phase::Offered));
        }
    }

    /// "The polite peer uses rollback to avoid collision with an incoming offer."
    #[test]
    fn the_polite_side_gives_way_at_any_moment() {
        let (phase, acts) = run(true, &[Cue::Needed, Cue::Made, Cue::RemoteOffer]);
        assert_eq!(
            (phase, acts.last()),
            (Phase::Answering, Some(&Act::AcceptOffer))
        );
        let (phase, acts) = run(true, &[Cue::Needed, Cue::RemoteOffer, Cue::Made]);
        assert_eq!(
            (phase, acts.last()),
            (Phase::Answering, Some(&Act::AcceptOffer))
        );
        assert!(
            !acts.contains(&Act::SendOffer),
            "an offer that yields is never sent"
        );
    }

    #[test]
    fn an_answer_counts_only_while_an_offer_is_open() {
        for phase in [
            Phase::Stable,
            Phase::Offering,
            Phase::Yielding,
            Phase::Answering,
            Phase::Settling,
            Phase::Broken,
        ] {
            assert_eq!(step(phase, Cue::RemoteAnswer, true), (phase, Act::Ignore));
        }
    }

    #[test]
    fn an_offer_waits_for_the_operation_under_way() {
        for phase in [Phase::Yielding, Phase::Answering, Phase::Settling] {
            assert_eq!(step(phase, Cue::RemoteOffer, false), (phase, Act::Keep));
        }
    }
}
