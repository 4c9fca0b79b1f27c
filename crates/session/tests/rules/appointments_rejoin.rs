//! A professional whose page answers one offer only, leaves without a word and comes back: the
//! server gives the new page the offer that it has stored last.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::{Dialect, ParticipantId, Request, Signal};
use videocalls_session::{LinkId, LinkOp, LinkReport, Output, Transport};

use crate::harness::{Harness, answer, ops, sent, token, welcome};

/// A client in a call with a professional, whose link is measured.
struct Call {
    harness: Harness,
    link: LinkId,
    received: u64,
    /// Whether the professional's page still sends media.
    flows: bool,
}

impl Call {
    fn new() -> Self {
        // The token holds `{"uuid":1}`.
        let dialect = Appointments::new("h.eyJ1dWlkIjoxfQ.s").expect("it is a token");
        let mut config = Harness::config(dialect.capabilities(), "client");
        config.measures = true;
        let mut harness = Harness::started_with(config);
        harness.create_description();
        harness.event(welcome("client", &[], None));
        harness.signal_from("professional", answer("100", 1));
        let outputs = harness.take_outputs();
        let token = ops(&outputs).iter().rev().find_map(|(_, op)| token(op));
        let token = token.expect("the answer is accepted");
        let link = harness.session.link_of(&ParticipantId::new("professional"));
        let link = link.expect("there is a link");
        harness.report(link, LinkReport::AnswerApplied { token });
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

    /// Lets time pass, answers the measurements, and makes the descriptions that are asked for.
    fn wait(&mut self, millis: u64) -> Vec<Output> {
        let until = self.harness.now + millis;
        let mut outputs = Vec::new();
        while self.harness.now < until {
            self.harness.wait(50);
            let mut new = self.harness.take_outputs();
            let measured = ops(&new)
                .iter()
                .any(|(link, op)| *link == self.link && **op == LinkOp::Measure);
            if measured {
                self.received += u64::from(self.flows);
                let report = LinkReport::Measured(self.received);
                self.harness.report(self.link, report);
                new.extend(self.harness.take_outputs());
            }
            if ops(&new).iter().any(|(_, op)| token(op).is_some()) {
                self.harness.create_description_for(&new);
                new.extend(self.harness.take_outputs());
            }
            outputs.extend(new);
        }
        outputs
    }
}

fn restarts_ice(outputs: &[Output]) -> bool {
    let ops = ops(outputs);
    ops.iter().any(|(_, op)| **op == LinkOp::RestartIce)
}

/// The connections by which offers are made.
fn offers(outputs: &[Output]) -> usize {
    let offers = sent(outputs).into_iter().filter(|request| {
        let Request::Signal { signal, .. } = request else {
            return false;
        };
        matches!(signal, Signal::Offer { .. })
    });
    offers.count()
}

#[test]
fn silence_stores_an_offer_of_a_fresh_connection_and_keeps_the_old_one() {
    let mut call = Call::new();
    call.flows = false;
    let outputs = call.wait(3_000);
    assert!(!restarts_ice(&outputs), "an old page can't answer that");
    assert_eq!(offers(&outputs), 1);
    assert!(!ops(&outputs).contains(&(call.link, &LinkOp::Close)));
    assert_eq!(offers(&call.wait(60_000)), 0, "it waits, however long");
}

#[test]
fn new_page_that_answers_the_stored_offer_replaces_the_old_one() {
    for silence in [3_000, 30_000] {
        let mut call = Call::new();
        call.flows = false;
        call.wait(silence);
        call.harness.signal_from("professional", answer("200", 1));
        let outputs = call.harness.take_outputs();
        let accepted = ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::AcceptAnswer { .. }));
        assert!(accepted, "after {silence} ms: {outputs:?}");
        assert_eq!(
            offers(&call.wait(3_000)),
            0,
            "the page answers no second one"
        );
        assert_eq!(call.harness.participants(), ["professional"]);
        let link = call
            .harness
            .session
            .link_of(&ParticipantId::new("professional"));
        assert_ne!(link, Some(call.link));
    }
}

#[test]
fn link_that_recovers_is_kept_and_the_stored_offer_waits() {
    let mut call = Call::new();
    call.flows = false;
    call.wait(3_000);
    call.flows = true;
    let outputs = call.wait(30_000);
    assert_eq!(offers(&outputs), 0);
    let link = call
        .harness
        .session
        .link_of(&ParticipantId::new("professional"));
    assert_eq!(link, Some(call.link));
    // The professional reloads after all, and the new page gets the stored offer.
    call.harness.signal_from("professional", answer("200", 1));
    let outputs = call.harness.take_outputs();
    assert!(ops(&outputs).contains(&(call.link, &LinkOp::Close)));
    assert_eq!(call.harness.participants(), ["professional"]);
}
