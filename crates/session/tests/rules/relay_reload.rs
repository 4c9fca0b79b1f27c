//! A participant of a relay reloads the page, or is replaced by another: no message tells that the
//! old page is gone, and the new one has an id and a connection of its own.

use videocalls_protocol::relay::Relay;
use videocalls_protocol::{Dialect, Request, Signal};
use videocalls_session::{LinkId, LinkOp, LinkReport, Output, Transport};

use crate::harness::{Harness, answer, offer, ops, sent};

/// A call on a relay with an old page, whose link is measured.
struct Call {
    harness: Harness,
    link: LinkId,
    received: u64,
    /// Whether the page still sends media.
    flows: bool,
}

impl Call {
    fn new(me: &str) -> Self {
        let mut config = Harness::config(Relay::new(me).capabilities(), me);
        config.measures = true;
        let mut harness = Harness::on_relay_with(config);
        let link = harness.accept_offer_from("old page", "100");
        harness.transport(link, Transport::Connected);
        let mut call = Self {
            harness,
            link,
            received: 0,
            flows: true,
        };
        call.wait(5_000);
        call
    }

    /// Lets time pass, and answers the measurements. Returns the other outputs.
    fn wait(&mut self, millis: u64) -> Vec<Output> {
        let until = self.harness.now + millis;
        let mut outputs = Vec::new();
        while self.harness.now < until {
            self.harness.wait(50);
            let mut new = self.harness.take_outputs();
            let measure = |output: &Output| matches!(output, Output::Link { op, .. } if *op == LinkOp::Measure);
            if new.iter().any(measure) {
                self.received += u64::from(self.flows);
                let report = LinkReport::Measured(self.received);
                self.harness.report(self.link, report);
                new.extend(self.harness.take_outputs());
            }
            new.retain(|output| !measure(output));
            outputs.extend(new);
        }
        outputs
    }
}

fn accepts_offer(outputs: &[Output]) -> bool {
    let ops = ops(outputs);
    ops.iter()
        .any(|(_, op)| matches!(op, LinkOp::AcceptOffer { .. }))
}

/// An old page yields to any offer, and then can't use an answer to its own.
fn sends_offer(outputs: &[Output]) -> bool {
    let restarts = ops(outputs)
        .iter()
        .any(|(_, op)| **op == LinkOp::RestartIce);
    let offers = sent(outputs).iter().any(|request| {
        let Request::Signal { signal, .. } = request else {
            return false;
        };
        matches!(signal, Signal::Offer { .. })
    });
    restarts || offers
}

#[test]
fn page_that_reloads_is_answered_within_a_second_and_before_any_offer_of_ours() {
    for me in ["a", "z"] {
        let mut call = Call::new(me);
        call.flows = false;
        let before = call.wait(700);
        call.harness.signal_from("new page", offer("200", 1));
        let after = call.wait(900);
        assert!(!sends_offer(&before) && !sends_offer(&after), "{me}");
        assert!(accepts_offer(&after), "{me}");
        assert_eq!(call.harness.participants(), ["new page"]);
    }
}

/// The link is silent by then, and ICE restarts with a page that is gone.
#[test]
fn page_that_reloads_slowly_is_answered_at_once() {
    for me in ["a", "z"] {
        let mut call = Call::new(me);
        call.flows = false;
        call.wait(4_000);
        call.harness.signal_from("new page", offer("200", 1));
        let outputs = call.harness.take_outputs();
        assert!(accepts_offer(&outputs), "{me}: {outputs:?}");
        assert_eq!(call.harness.participants(), ["new page"]);
    }
}

/// Our restart of ICE with the old page reached the new one, whose offer was on its way.
#[test]
fn new_page_that_answered_an_offer_for_the_old_one_gets_an_offer_of_its_own() {
    for (me, time) in [("a", 50), ("z", 1_050)] {
        let mut call = Call::new(me);
        call.flows = false;
        call.wait(4_000);
        call.harness.signal_from("new page", offer("200", 1));
        call.harness.create_description();
        call.harness.take_outputs();
        call.harness.signal_from("new page", answer("200", 2));
        let outputs = call.wait(time);
        call.harness.create_description_for(&outputs);
        let outputs = call.harness.take_outputs();
        assert!(sends_offer(&outputs), "{me}: {outputs:?}");
    }
}

#[test]
fn third_person_does_not_replace_a_participant_who_sends_media() {
    let mut call = Call::new("me");
    call.harness.signal_from("third", offer("200", 1));
    let outputs = call.wait(25_000);
    assert_eq!(outputs, []);
    assert_eq!(call.harness.participants(), ["old page"]);
}
