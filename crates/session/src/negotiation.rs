/// How far the exchange of descriptions on a link is.
///
/// `Stable` and `Offered` are the browser's signaling states `stable` and `have-local-offer`. In
/// each of the other phases one operation of the browser is under way that leads from one of these
/// states to another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// No exchange is open.
    Stable,
    /// The browser creates an offer.
    Offering,
    /// The browser creates an offer that will not be sent, since the peer's is accepted instead.
    Yielding,
    /// Our offer is the local description, and waits for an answer.
    Offered,
    /// The browser accepts the peer's offer and creates an answer.
    Answering,
    /// The browser accepts the peer's answer.
    AcceptingAnswer,
    /// The browser has failed, and the connection waits to be replaced.
    Broken,
}

/// What happens to a negotiation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NegotiationInput {
    /// Something has to be negotiated.
    Needed,
    /// The peer has sent an offer.
    RemoteOffer,
    /// The peer has sent an answer.
    RemoteAnswer,
    /// The browser has created the offer or answer that was requested.
    DescriptionCreated,
    /// The browser has accepted the peer's answer.
    AnswerApplied,
    /// The browser has refused what was requested.
    Failed,
}

/// What to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NegotiationAction {
    /// Have the browser create an offer.
    CreateOffer,
    /// Send the offer that was created.
    SendOffer,
    /// Have the browser accept the offer, rolling back our own one, and answer.
    AcceptOffer,
    /// Send the answer that was created.
    SendAnswer,
    /// Have the browser accept the answer.
    AcceptAnswer,
    /// Defer the offer until the exchange or operation under way has ended.
    Defer,
    /// Accept the offer that was deferred, if it is still new.
    Resume,
    /// Give the link up.
    GiveUp,
    /// Nothing.
    Ignore,
}

/// Perfect negotiation (<https://www.w3.org/TR/webrtc/#perfect-negotiation-example>) as a table.
///
/// The example's three flags are phases here, since a link has one operation under way at a time:
/// `makingOffer` is `Offering`, `isSettingRemoteAnswerPending` is `AcceptingAnswer`, and `ignoreOffer` is
/// the impolite end's `Defer`: the answer that it waits for shows whether the offer that crossed its
/// own was rolled back (it is older than the answer) or was made afterwards and has overtaken the
/// answer. A need to negotiate while another exchange is open is not remembered: the browser fires
/// `negotiationneeded` again when it is back in `stable`.
pub(crate) fn step(
    phase: Phase,
    input: NegotiationInput,
    polite: bool,
) -> (Phase, NegotiationAction) {
    match (phase, input) {
        // We offer.
        (Phase::Stable, NegotiationInput::Needed) => {
            (Phase::Offering, NegotiationAction::CreateOffer)
        }
        (Phase::Offering, NegotiationInput::DescriptionCreated) => {
            (Phase::Offered, NegotiationAction::SendOffer)
        }
        (Phase::Offered, NegotiationInput::RemoteAnswer) => {
            (Phase::AcceptingAnswer, NegotiationAction::AcceptAnswer)
        }
        (Phase::AcceptingAnswer, NegotiationInput::AnswerApplied) => {
            (Phase::Stable, NegotiationAction::Resume)
        }
        // The peer offers.
        (Phase::Stable, NegotiationInput::RemoteOffer) => {
            (Phase::Answering, NegotiationAction::AcceptOffer)
        }
        (Phase::Answering, NegotiationInput::DescriptionCreated) => {
            (Phase::Stable, NegotiationAction::SendAnswer)
        }
        // Both offer: the impolite end insists on its own offer, the polite one yields.
        (Phase::Offering | Phase::Offered, NegotiationInput::RemoteOffer) if !polite => {
            (phase, NegotiationAction::Defer)
        }
        (Phase::Offering, NegotiationInput::RemoteOffer) => {
            (Phase::Yielding, NegotiationAction::Defer)
        }
        (Phase::Yielding, NegotiationInput::DescriptionCreated) => {
            (Phase::Answering, NegotiationAction::AcceptOffer)
        }
        (Phase::Offered, NegotiationInput::RemoteOffer) => {
            (Phase::Answering, NegotiationAction::AcceptOffer)
        }
        // The peer offers while the browser is busy with an earlier exchange.
        (
            Phase::Yielding | Phase::Answering | Phase::AcceptingAnswer,
            NegotiationInput::RemoteOffer,
        ) => (phase, NegotiationAction::Defer),
        (Phase::Broken, _) => (phase, NegotiationAction::Ignore),
        // No offer of ours is open.
        (_, NegotiationInput::RemoteAnswer) => (phase, NegotiationAction::Ignore),
        (_, NegotiationInput::Needed) => (phase, NegotiationAction::Ignore),
        (
            Phase::Stable | Phase::Offered,
            NegotiationInput::DescriptionCreated
            | NegotiationInput::AnswerApplied
            | NegotiationInput::Failed,
        ) => (phase, NegotiationAction::Ignore),
        (Phase::AcceptingAnswer, NegotiationInput::DescriptionCreated) => {
            (phase, NegotiationAction::Ignore)
        }
        (Phase::Offering | Phase::Yielding | Phase::Answering, NegotiationInput::AnswerApplied) => {
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
    fn exchange_that_we_start_ends_stable() {
        let (phase, actions) = run(
            true,
            &[
                NegotiationInput::Needed,
                NegotiationInput::DescriptionCreated,
                NegotiationInput::RemoteAnswer,
                NegotiationInput::AnswerApplied,
            ],
        );
        assert_eq!(phase, Phase::Stable);
        assert_eq!(
            actions,
            [
                NegotiationAction::CreateOffer,
                NegotiationAction::SendOffer,
                NegotiationAction::AcceptAnswer,
                NegotiationAction::Resume
            ]
        );
    }

    /// "The impolite peer ignores the offer if it would collide with its own."
    #[test]
    fn impolite_end_insists_on_its_own_offer() {
        for before in [
            &[NegotiationInput::Needed][..],
            &[
                NegotiationInput::Needed,
                NegotiationInput::DescriptionCreated,
            ],
        ] {
            let inputs = [before, &[NegotiationInput::RemoteOffer]].concat();
            let (phase, actions) = run(false, &inputs);
            assert_eq!(actions.last(), Some(&NegotiationAction::Defer));
            assert!(matches!(phase, Phase::Offering | Phase::Offered));
        }
    }

    /// "The polite peer uses rollback to avoid collision with an incoming offer."
    #[test]
    fn polite_end_yields_at_any_moment() {
        let (phase, actions) = run(
            true,
            &[
                NegotiationInput::Needed,
                NegotiationInput::DescriptionCreated,
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
                NegotiationInput::DescriptionCreated,
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
    fn answer_is_ignored_unless_an_offer_is_open() {
        for phase in [
            Phase::Stable,
            Phase::Offering,
            Phase::Yielding,
            Phase::Answering,
            Phase::AcceptingAnswer,
            Phase::Broken,
        ] {
            assert_eq!(
                step(phase, NegotiationInput::RemoteAnswer, true),
                (phase, NegotiationAction::Ignore)
            );
        }
    }

    #[test]
    fn offer_is_deferred_while_an_operation_is_under_way() {
        for phase in [Phase::Yielding, Phase::Answering, Phase::AcceptingAnswer] {
            assert_eq!(
                step(phase, NegotiationInput::RemoteOffer, false),
                (phase, NegotiationAction::Defer)
            );
        }
    }
}
