//! Offers that wait, for an answer to ours or for room, in dialects with more than two people.

use videocalls_protocol::Capabilities;
use videocalls_session::{LinkId, Transport};

use crate::harness::{Harness, offer, started};

/// A room that only relays, for so many people.
fn relay_for(capacity: usize) -> Harness {
    let mut harness = started(Capabilities {
        capacity: Some(capacity),
        ..Capabilities::MINIMAL
    });
    harness.create_description();
    harness
}

/// Accepts offers from these participants, and connects.
fn full_room(participants: &[&str]) -> (Harness, Vec<LinkId>) {
    let mut harness = relay_for(participants.len() + 1);
    harness.wait(5_000);
    let mut links = Vec::new();
    for (index, participant) in participants.iter().enumerate() {
        let link = harness.accept_offer_from(participant, &format!("10{index}"));
        harness.transport(link, Transport::Connected);
        links.push(link);
    }
    (harness, links)
}

#[test]
fn offers_of_two_participants_that_cross_ours_are_both_accepted() {
    let mut harness = relay_for(4);
    harness.signal_from("x", offer("100", 1));
    harness.signal_from("y", offer("200", 1));
    assert_eq!(harness.participants(), [""; 0], "ours may be answered yet");
    harness.wait(1_000);
    let mut people = harness.participants();
    people.sort();
    assert_eq!(people, ["x", "y"]);
}

/// A page that reloads is a new participant each time, and only the latest is there.
#[test]
fn newcomers_to_a_full_room_are_accepted_one_by_one_the_latest_first() {
    let (mut harness, links) = full_room(&["b", "c"]);
    harness.signal_from("d", offer("200", 1));
    harness.signal_from("e", offer("300", 1));
    harness.transport(links[0], Transport::Failed);
    assert_eq!(harness.participants(), ["c", "e"]);
    harness.transport(links[1], Transport::Failed);
    assert_eq!(harness.participants(), ["e", "d"]);
}

#[test]
fn each_deferred_offer_has_its_own_deadline() {
    for (pause, people) in [(4_999, vec!["e", "d"]), (5_000, vec!["e"])] {
        let (mut harness, links) = full_room(&["b", "c"]);
        harness.signal_from("d", offer("200", 1));
        harness.wait(10_000);
        harness.signal_from("e", offer("300", 1));
        harness.wait(5_000);
        harness.transport(links[0], Transport::Failed);
        assert_eq!(harness.participants(), ["c", "e"]);
        harness.wait(pause);
        harness.transport(links[1], Transport::Failed);
        assert_eq!(harness.participants(), people, "{pause}");
    }
}

#[test]
fn flood_of_offers_to_a_full_room_keeps_the_latest() {
    let (mut harness, links) = full_room(&["b", "c"]);
    for number in 0..100 {
        let connection = format!("{}", 1_000 + number);
        harness.signal_from(&format!("n{number}"), offer(&connection, 1));
    }
    harness.transport(links[0], Transport::Failed);
    harness.transport(links[1], Transport::Failed);
    assert_eq!(harness.participants(), ["n99", "n98"]);
}
