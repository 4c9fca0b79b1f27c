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
pub(crate) enum NegotiationInput {
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
pub(crate) enum NegotiationAction {
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
pub(crate) fn step(
    phase: Phase,
    input: NegotiationInput,
    polite: bool,
) -> (Phase, NegotiationAction) {
    match (phase, input) {
        // An exchange of ours.
        (Phase::Stable, NegotiationInput::Needed) => {
            (Phase::Offering, NegotiationAction::MakeOffer)
        }
        (Phase::Offering, NegotiationInput::Made) => (Phase::Offered, NegotiationAction::SendOffer),
        (Phase::Offered, NegotiationInput::RemoteAnswer) => {
            (Phase::Settling, NegotiationAction::AcceptAnswer)
        }
        (Phase::Settling, NegotiationInput::Applied) => (Phase::Stable, NegotiationAction::Resume),
        // An exchange of theirs.
        (Phase::Stable, NegotiationInput::RemoteOffer) => {
            (Phase::Answering, NegotiationAction::AcceptOffer)
        }
        (Phase::Answering, NegotiationInput::Made) => {
            (Phase::Stable, NegotiationAction::SendAnswer)
        }
        // Both at once: the impolite side goes on with its own, the polite one gives way.
        (Phase::Offering | Phase::Offered, NegotiationInput::RemoteOffer) if !polite => {
            (phase, NegotiationAction::Keep)
        }
        (Phase::Offering, NegotiationInput::RemoteOffer) => {
            (Phase::Yielding, NegotiationAction::Keep)
        }
        (Phase::Yielding, NegotiationInput::Made) => {
            (Phase::Answering, NegotiationAction::AcceptOffer)
        }
        (Phase::Offered, NegotiationInput::RemoteOffer) => {
            (Phase::Answering, NegotiationAction::AcceptOffer)
        }
        // Theirs, while the browser is busy with an earlier exchange.
        (Phase::Yielding | Phase::Answering | Phase::Settling, NegotiationInput::RemoteOffer) => {
            (phase, NegotiationAction::Keep)
        }
        (Phase::Broken, _) => (phase, NegotiationAction::Ignore),
        // An answer to an offer that is not open, or not open any more.
        (_, NegotiationInput::RemoteAnswer) => (phase, NegotiationAction::Ignore),
        (_, NegotiationInput::Needed) => (phase, NegotiationAction::Ignore),
        (
            Phase::Stable | Phase::Offered,
            NegotiationInput::Made | NegotiationInput::Applied | NegotiationInput::Failed,
        ) => (phase, NegotiationAction::Ignore),
        (Phase::Settling, NegotiationInput::Made) => (phase, NegotiationAction::Ignore),
        (Phase::Offering | Phase::Yielding | Phase::Answering, NegotiationInput::Applied) => {
            (phase, NegotiationAction::Ignore)
        }
        (_, NegotiationInput::Failed) => (Phase::Broken, NegotiationAction::GiveUp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(polite: bool, inputs: &[NegotiationInput]) -> (Phase, Vec<NegotiationAction>) {
        let mut phase = Phase::Stable;
        let actions = inputs.iter().map(|&input| {
            let (next, action) = step(phase, input, polite);
            phase = next;
            action
        });
        let actions = actions.collect();
        (phase, actions)
    }

    #[test]
    fn an_exchange_of_ours_ends_stable() {
        let (phase, actions) = run(
            true,
            &[
                NegotiationInput::Needed,
                NegotiationInput::Made,
                NegotiationInput::RemoteAnswer,
                NegotiationInput::Applied,
            ],
        );
        assert_eq!(phase, Phase::Stable);
        assert_eq!(
            actions,
            [
                NegotiationAction::MakeOffer,
                NegotiationAction::SendOffer,
                NegotiationAction::AcceptAnswer,
                NegotiationAction::Resume
            ]
        );
    }

    /// "The impolite peer ignores the offer if it would collide with its own."
    #[test]
    fn the_impolite_side_goes_on_with_its_own() {
        for before in [
            &[NegotiationInput::Needed][..],
            &[NegotiationInput::Needed, NegotiationInput::Made],
        ] {
            let inputs = [before, &[NegotiationInput::RemoteOffer]].concat();
            let (phase, actions) = run(false, &inputs);
            assert_eq!(actions.last(), Some(&NegotiationAction::Keep));
            assert!(matches!(phase, Phase::Offering | Phase::Offered));
        }
    }

    /// "The polite peer uses rollback to avoid collision with an incoming offer."
    #[test]
    fn the_polite_side_gives_way_at_any_moment() {
        let (phase, actions) = run(
            true,
            &[
                NegotiationInput::Needed,
                NegotiationInput::Made,
                NegotiationInput::RemoteOffer,
            ],
        );
        assert_eq!(
            (phase, actions.last()),
            (Phase::Answering, Some(&NegotiationAction::AcceptOffer))
        );
        let (phase, actions) = run(
            true,
            &[
                NegotiationInput::Needed,
                NegotiationInput::RemoteOffer,
                NegotiationInput::Made,
            ],
        );
        assert_eq!(
            (phase, actions.last()),
            (Phase::Answering, Some(&NegotiationAction::AcceptOffer))
        );
        assert!(
            !actions.contains(&NegotiationAction::SendOffer),
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
            assert_eq!(
                step(phase, NegotiationInput::RemoteAnswer, true),
                (phase, NegotiationAction::Ignore)
            );
        }
    }

    #[test]
    fn an_offer_waits_for_the_operation_under_way() {
        for phase in [Phase::Yielding, Phase::Answering, Phase::Settling] {
            assert_eq!(
                step(phase, NegotiationInput::RemoteOffer, false),
                (phase, NegotiationAction::Keep)
            );
        }
    }
}
