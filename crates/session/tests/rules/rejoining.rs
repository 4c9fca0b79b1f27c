//! The session has reconnected: what becomes of its roster, its links and its tracks.

use videocalls_protocol::{
    Event, IceServers, LeaveReason, ParticipantId, Request, Terms, TrackState, Welcome,
};
use videocalls_session::{
    CallState, Input, LinkOp, LinkReport, Notice, Output, TrackKind, Transport,
};

use crate::harness::{Harness, LIVE, left, media, notices, offer, ops, peer, sent, token, welcome};

/// Opens the requested socket, and is welcomed by a server that has kept nothing.
fn rejoin(harness: &mut Harness, others: &[&str]) {
    harness.wait(1);
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", others, None));
}

fn resumed() -> Event {
    Event::Welcome(Welcome {
        id: ParticipantId::new("me"),
        peers: Vec::new(),
        resumed: true,
        heard: Some(0),
        resume: None,
        epoch: None,
        seq: None,
        ping_interval: None,
        keep_alive: None,
        ice_servers: IceServers::default(),
        terms: Terms::default(),
    })
}

#[test]
fn lost_socket_is_reopened_at_once_and_links_stay_as_they_are() {
    let (mut harness, _) = Harness::linked();
    harness.lose_socket();
    assert_eq!(harness.state(), CallState::Reconnecting);
    harness.wait(0);
    let outputs = harness.take_outputs();
    assert!(outputs.contains(&Output::OpenSignaling));
    assert_eq!(ops(&outputs), []);
    harness.input(Input::SignalingOpened);
    assert!(matches!(
        sent(&harness.take_outputs())[..],
        [Request::Join(_)]
    ));
    harness.event(resumed());
    assert_eq!(harness.state(), CallState::Connected);
    let outputs = harness.take_outputs();
    assert_eq!((ops(&outputs), sent(&outputs)), (vec![], vec![]));
    assert_eq!(harness.participants(), ["you"]);
}

/// Toggles the camera, and reports that the browser has done so.
fn toggle_camera(harness: &mut Harness, on: bool) {
    let (kind, on) = (TrackKind::Video, Some(on));
    harness.input(Input::Toggle { kind, on });
    let token = harness
        .take_outputs()
        .into_iter()
        .find_map(|output| match output {
            Output::SetTrack { token, .. } => Some(token),
            _ => None,
        });
    let token = token.expect("the track is to be set");
    harness.input(Input::TrackSet { kind, token });
    harness.take_outputs();
}

/// The join tells the new state, but an older announcement may still arrive after it.
#[test]
fn track_changes_during_an_outage_are_announced_after_the_welcome() {
    let off = media(TrackState::Live, TrackState::Muted);
    for (while_joining, announced) in [(None, off), (Some(true), LIVE)] {
        let (mut harness, _) = Harness::linked();
        harness.lose_socket();
        toggle_camera(&mut harness, false);
        harness.wait(1);
        harness.take_outputs();
        harness.input(Input::SignalingOpened);
        let outputs = harness.take_outputs();
        assert!(matches!(sent(&outputs)[..], [Request::Join(join)] if join.media == off));
        while_joining
            .into_iter()
            .for_each(|on| toggle_camera(&mut harness, on));
        harness.event(resumed());
        assert_eq!(sent(&harness.take_outputs()), [&Request::Media(announced)]);
    }
}

#[test]
fn missing_events_lead_to_a_rejoin_with_the_whole_roster() {
    let (mut harness, _) = Harness::linked();
    harness.event(Event::Gap);
    assert_eq!(harness.state(), CallState::Reconnecting);
    assert!(harness.take_outputs().contains(&Output::CloseSignaling));
    rejoin(&mut harness, &["you", "new"]);
    assert_eq!(harness.participants(), ["you", "new"]);
}

#[test]
fn working_link_is_kept_without_a_new_offer_after_reconnecting() {
    let (mut harness, link) = Harness::linked();
    harness.lose_socket();
    harness.wait(0);
    harness.take_outputs();
    rejoin(&mut harness, &["you"]);
    let outputs = harness.take_outputs();
    assert_eq!(ops(&outputs), []);
    let joined_or_left = |it: &&Notice| {
        matches!(
            it,
            Notice::ParticipantLeft { .. } | Notice::ParticipantJoined(_)
        )
    };
    assert!(!notices(&outputs).iter().any(joined_or_left));
    let you = ParticipantId::new("you");
    assert_eq!(harness.session.link_of(&you), Some(link));
}

#[test]
fn failed_link_is_replaced_after_reconnecting() {
    let (mut harness, link) = Harness::linked();
    harness.lose_socket();
    harness.transport(link, Transport::Failed);
    harness.take_outputs();
    rejoin(&mut harness, &["you"]);
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    assert!(
        ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::CreateOffer { .. }))
    );
    assert_eq!(harness.participants(), ["you"]);
}

#[test]
fn participants_missing_after_a_server_restart_stay_while_their_media_flows() {
    let (mut harness, link) = Harness::linked();
    harness.lose_socket();
    rejoin(&mut harness, &[]);
    assert_eq!(
        harness.participants(),
        ["you"],
        "they may not have rejoined yet"
    );
    harness.event(Event::Joined(peer("you")));
    assert_eq!(harness.participants(), ["you"]);
    harness.transport(link, Transport::Disconnected);
    harness.wait(5_000);
    assert_eq!(
        harness.participants(),
        ["you"],
        "they have a seat, so the server announces when they leave"
    );
}

#[test]
fn participant_missing_from_a_roster_of_the_same_epoch_has_left() {
    let mut harness = Harness::in_room("me", &[]);
    let roster = |others: &[&str]| match welcome("me", others, None) {
        Event::Welcome(welcome) => Event::Welcome(Welcome {
            epoch: Some("e".into()),
            ..welcome
        }),
        other => other,
    };
    harness.lose_socket();
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(roster(&[]));
    harness.event(Event::Joined(peer("you")));
    let link = harness.accept_offer_from("you", "100");
    harness.transport(link, Transport::Connected);
    harness.lose_socket();
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(roster(&[]));
    assert_eq!(harness.participants(), [""; 0]);
}

#[test]
fn open_offer_is_repeated_after_reconnecting() {
    let (mut harness, link) = Harness::linked();
    harness.report(link, LinkReport::NegotiationNeeded);
    harness.create_description();
    harness.take_outputs();
    harness.lose_socket();
    rejoin(&mut harness, &["you"]);
    let outputs = harness.take_outputs();
    assert!(matches!(ops(&outputs)[..], [(again, LinkOp::CreateOffer { .. })] if again == link));
    harness.create_description_for(&outputs);
    let outputs = harness.take_outputs();
    assert!(matches!(sent(&outputs)[..], [Request::Signal { .. }]));
    // The peer was away, and may have missed it as well.
    harness.event(Event::Back(ParticipantId::new("you")));
    assert!(
        ops(&harness.take_outputs())
            .iter()
            .any(|(_, op)| token(op).is_some())
    );
}

#[test]
fn offer_received_before_an_outage_is_answered_after_reconnecting() {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(Event::Joined(peer("ann")));
    harness.signal_from("ann", offer("100", 1));
    let outputs = harness.take_outputs();
    harness.event(Event::Gap);
    rejoin(&mut harness, &["ann"]);
    // Ann is notified that we are back, and repeats her offer.
    harness.signal_from("ann", offer("100", 2));
    let link = harness.create_description_for(&outputs);
    let outputs = harness.take_outputs();
    assert!(
        matches!(ops(&outputs).last(), Some((again, LinkOp::AcceptOffer { .. })) if *again == link)
    );
    assert!(ops(&outputs).iter().all(|(_, op)| **op != LinkOp::Close));
    harness.create_description_for(&outputs);
    assert!(matches!(
        sent(&harness.take_outputs())[..],
        [Request::Signal { .. }]
    ));
}

#[test]
fn participant_is_shown_as_away_until_they_are_back() {
    let (mut harness, _) = Harness::linked();
    let away = |harness: &Harness| harness.session.snapshot().participants[0].away;
    harness.event(Event::Away(ParticipantId::new("you")));
    assert!(away(&harness));
    harness.event(Event::Back(ParticipantId::new("you")));
    assert!(!away(&harness));
    harness.event(Event::Away(ParticipantId::new("you")));
    harness.event(left("you", LeaveReason::Lost));
    assert_eq!(harness.participants(), ["you"], "their media still arrives");
}

#[test]
fn links_are_replaced_when_our_own_id_changes() {
    let (mut harness, link) = Harness::linked();
    harness.lose_socket();
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(welcome("other", &["you"], None));
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    assert_eq!(harness.participants(), ["you"]);
}
