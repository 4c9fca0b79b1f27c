//! What a link receives, and ICE restarts if nothing arrives.

use videocalls_protocol::{
    Event, LeaveReason, MediaState, ParticipantId, Request, TrackState, UnavailableReason,
};
use videocalls_session::{
    CallState, Connection, Input, LinkId, LinkOp, LinkReport, LinkRole, Notice, Output, Transport,
};

use crate::harness::{Harness, left, media, ops, peer, sent, welcome};

/// A measured link by which media arrives.
struct Watched {
    harness: Harness,
    link: LinkId,
    received: u64,
    flows: bool,
    /// Whether the other end can reach the server, and reports that it receives nothing either.
    answers: bool,
    other: ParticipantId,
}

impl Watched {
    fn new() -> Self {
        Self::with("z")
    }

    /// We are `m`; the end with the lesser id is the impolite one.
    fn with(other: &str) -> Self {
        let mut harness = Harness::measuring("m");
        harness.event(Event::Joined(peer(other)));
        let link = harness.accept_offer_from(other, "100");
        harness.transport(link, Transport::Connected);
        let mut watched = Self {
            harness,
            link,
            received: 0,
            flows: true,
            answers: true,
            other: ParticipantId::new(other),
        };
        watched.wait(5_000);
        watched.harness.take_outputs();
        watched
    }

    /// Lets time pass, and answers each measurement.
    fn wait(&mut self, pause: u64) -> Vec<Output> {
        let until = self.harness.now + pause;
        let mut outputs = Vec::new();
        while self.harness.now < until {
            self.harness.wait(50);
            let mut out = self.harness.take_outputs();
            if ops(&out).iter().any(|(_, op)| **op == LinkOp::Measure) {
                self.received += u64::from(self.flows);
                self.harness
                    .report(self.link, LinkReport::Measured(self.received));
                out.extend(self.harness.take_outputs());
            }
            if self.answers && sent(&out).contains(&&Request::Ping) {
                self.harness.event(Event::Pong);
            }
            let not_receiving = |it: &&&Request| matches!(it, Request::ReceiveReport(not_receiving) if !not_receiving.is_empty());
            if self.answers && sent(&out).iter().any(|it| not_receiving(&it)) {
                self.other_reports(true);
                out.extend(self.harness.take_outputs());
            }
            outputs.extend(out);
        }
        outputs.retain(|it| {
            !matches!(
                it,
                Output::Link {
                    op: LinkOp::Measure,
                    ..
                }
            )
        });
        outputs
    }

    /// The other end reports, through the server, whether it receives nothing from us.
    fn other_reports(&mut self, not_receiving: bool) {
        let me = ParticipantId::new("m");
        self.harness.event(Event::ReceiveReport {
            from: self.other.clone(),
            not_receiving: if not_receiving { vec![me] } else { Vec::new() },
        });
    }

    /// The other end's microphone and camera change.
    fn other_sends(&mut self, media: MediaState) {
        let from = self.other.clone();
        self.harness.event(Event::Media { from, media });
    }

    fn connection(&self) -> Connection {
        self.harness.session.snapshot().participants[0].connection
    }
}

fn restarts(outputs: &[Output]) -> usize {
    let ops = ops(outputs);
    ops.iter()
        .filter(|(_, op)| **op == LinkOp::RestartIce)
        .count()
}

fn receive_reports(outputs: &[Output]) -> Vec<&Request> {
    let mut sent = sent(outputs);
    sent.retain(|it| matches!(it, Request::ReceiveReport(_)));
    sent
}

#[test]
fn silence_of_two_seconds_is_reported_and_restarts_ice() {
    let mut watched = Watched::new();
    watched.flows = false;
    let outputs = watched.wait(900);
    assert_eq!(
        (restarts(&outputs), watched.connection()),
        (0, Connection::Connected)
    );
    let outputs = watched.wait(2_400);
    assert_eq!(
        (restarts(&outputs), watched.connection()),
        (1, Connection::Interrupted)
    );
    let you = ParticipantId::new("z");
    assert_eq!(
        receive_reports(&outputs),
        [&Request::ReceiveReport(vec![you])]
    );
    watched.flows = true;
    let outputs = watched.wait(600);
    assert_eq!(watched.connection(), Connection::Connected);
    assert_eq!(receive_reports(&outputs), [&Request::ReceiveReport(vec![])]);
}

#[test]
fn receive_report_of_the_peer_makes_our_own_measurement_quick() {
    let mut watched = Watched::new();
    watched.flows = false;
    assert_eq!(receive_reports(&watched.wait(500)), [] as [&Request; 0]);
    watched.other_reports(true);
    let outputs = watched.wait(300);
    let you = ParticipantId::new("z");
    assert_eq!(
        receive_reports(&outputs),
        [&Request::ReceiveReport(vec![you])]
    );
}

#[test]
fn ice_restart_that_does_not_help_is_followed_by_another_and_by_a_new_link() {
    let mut watched = Watched::new();
    watched.flows = false;
    let outputs = watched.wait(4_000);
    assert_eq!(restarts(&outputs), 1);
    let outputs = watched.wait(4_200);
    assert_eq!(restarts(&outputs), 1);
    let outputs = watched.wait(9_000);
    assert_eq!(restarts(&outputs), 0);
    assert!(ops(&outputs).contains(&(watched.link, &LinkOp::Close)));
}

#[test]
fn silence_after_a_network_change_restarts_ice_within_a_second() {
    let mut watched = Watched::new();
    watched.flows = false;
    watched.harness.input(Input::NetworkChanged);
    let outputs = watched.wait(1_000);
    assert_eq!(restarts(&outputs), 1);
}

#[test]
fn participant_without_socket_and_media_is_interrupted_within_a_second() {
    let mut watched = Watched::new();
    watched.flows = false;
    watched.harness.event(Event::Away(ParticipantId::new("z")));
    watched.wait(950);
    assert_eq!(watched.connection(), Connection::Interrupted);
}

#[test]
fn ice_is_restarted_once_the_server_is_back() {
    let mut watched = Watched::new();
    let closed = videocalls_protocol::CloseAction::Backoff;
    watched.harness.input(Input::SignalingClosed(closed));
    watched.flows = false;
    let outputs = watched.wait(3_500);
    assert_eq!(restarts(&outputs), 0);
    assert_eq!(watched.connection(), Connection::Interrupted);
    watched.harness.input(Input::SignalingOpened);
    watched.harness.event(welcome("m", &["z"], None));
    assert_eq!(
        watched.harness.session.snapshot().state,
        CallState::Connected
    );
    let outputs = watched.wait(800);
    assert_eq!(restarts(&outputs), 1);
}

#[test]
fn ice_is_restarted_on_failure_even_if_nothing_is_measured() {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(Event::Joined(peer("z")));
    let link = harness.accept_offer_from("z", "100");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    harness.transport(link, Transport::Disconnected);
    assert_eq!(
        restarts(&harness.take_outputs()),
        0,
        "it may recover by itself"
    );
    harness.transport(link, Transport::Failed);
    let outputs = harness.take_outputs();
    let asked = sent(&outputs).contains(&&Request::Ping);
    assert!(asked, "is the server there?");
    assert_eq!(restarts(&outputs), 0);
    harness.event(Event::Pong);
    assert_eq!(restarts(&harness.take_outputs()), 1);
    harness.transport(link, Transport::Failed);
    harness.event(Event::Pong);
    assert_eq!(
        restarts(&harness.take_outputs()),
        0,
        "a restart is under way"
    );
}

/// Some browsers report `disconnected` for a path that only loses many packets.
#[test]
fn media_that_arrives_outweighs_the_reported_state() {
    let mut watched = Watched::new();
    watched
        .harness
        .transport(watched.link, Transport::Disconnected);
    let outputs = watched.wait(5_000);
    assert_eq!((restarts(&outputs), receive_reports(&outputs)), (0, vec![]));
}

#[test]
fn polite_end_leaves_the_first_ice_restart_to_the_peer() {
    let mut watched = Watched::with("a");
    watched.flows = false;
    let outputs = watched.wait(1_900);
    assert_eq!(restarts(&outputs), 0);
    let outputs = watched.wait(2_000);
    assert_eq!(restarts(&outputs), 1);
}

#[test]
fn receive_reports_about_others_are_shown() {
    let mut watched = Watched::new();
    let (from, third) = (ParticipantId::new("z"), ParticipantId::new("third"));
    let not_receiving = vec![third];
    watched.harness.event(Event::ReceiveReport {
        from,
        not_receiving: not_receiving.clone(),
    });
    assert_eq!(
        watched.harness.session.snapshot().participants[0].not_receiving,
        not_receiving
    );
}

/// A restart that is requested without a network would take effect when all is well again.
#[test]
fn ice_is_not_restarted_if_the_network_comes_back_by_itself() {
    let mut watched = Watched::new();
    (watched.flows, watched.answers) = (false, false);
    let outputs = watched.wait(3_000);
    assert_eq!(restarts(&outputs), 0);
    assert_eq!(watched.connection(), Connection::Interrupted);
    watched.flows = true;
    watched.wait(300);
    watched.harness.event(Event::Pong);
    assert_eq!(restarts(&watched.harness.take_outputs()), 0);
    assert_eq!(watched.connection(), Connection::Connected);
}

/// A machine that was asleep still has its links, but has lost its seat, so the peers have closed
/// their ends. Both ends have to notice.
#[test]
fn dead_links_are_noticed_soon_after_rejoining() {
    let mut watched = Watched::new();
    let closed = videocalls_protocol::CloseAction::Backoff;
    watched.harness.input(Input::SignalingClosed(closed));
    watched.flows = false;
    watched.wait(0);
    watched.harness.input(Input::SignalingOpened);
    watched.harness.event(welcome("m", &["z"], None));
    let outputs = watched.wait(1_000);
    let you = ParticipantId::new("z");
    assert_eq!(
        receive_reports(&outputs),
        [&Request::ReceiveReport(vec![you])]
    );
}

#[test]
fn participant_whose_link_we_closed_is_offered_a_new_one_on_their_report() {
    let mut watched = Watched::new();
    watched.flows = false;
    watched.wait(3_000);
    watched.harness.event(left("z", LeaveReason::Lost));
    watched.harness.take_outputs();
    watched.other_reports(true);
    assert_eq!(ops(&watched.harness.take_outputs()), [], "they have left");
    watched.harness.event(Event::Joined(peer("z")));
    assert_eq!(
        ops(&watched.harness.take_outputs()),
        [],
        "it is their turn to offer"
    );
    watched.other_reports(true);
    let outputs = watched.harness.take_outputs();
    let ops = ops(&outputs);
    assert!(matches!(
        ops[..],
        [
            (link, LinkOp::Open(LinkRole::Offerer)),
            (same, LinkOp::CreateOffer { .. }),
            (spare, LinkOp::Close),
        ] if link == same && link != spare
    ));
}

/// A participant without any device, or without a microphone and with the camera off.
#[test]
fn participant_who_has_nothing_to_send_stays_connected() {
    let unavailable = TrackState::Unavailable(UnavailableReason::Failed);
    for video in [unavailable, TrackState::Off, TrackState::Muted] {
        let mut watched = Watched::new();
        watched.other_sends(media(unavailable, video));
        watched.harness.take_outputs();
        watched.flows = false;
        let mut outputs = watched.wait(60_000);
        assert_eq!(watched.connection(), Connection::Connected);
        assert_eq!(restarts(&outputs), 0);
        assert_eq!(receive_reports(&outputs), [] as [&Request; 0]);
        outputs.retain(|it| matches!(it, Output::Notify(Notice::ParticipantChanged(_))));
        assert_eq!(outputs, [], "nothing flaps");
    }
}

/// Firefox counts a few bytes now and then although no media is sent.
#[test]
fn stray_packets_of_a_participant_without_devices_are_not_missed_later() {
    let mut watched = Watched::new();
    let unavailable = TrackState::Unavailable(UnavailableReason::Failed);
    watched.other_sends(media(unavailable, unavailable));
    for _ in 0..10 {
        watched.flows = true;
        watched.wait(2_000);
        watched.flows = false;
        watched.wait(5_000);
        assert_eq!(watched.connection(), Connection::Connected);
    }
}

#[test]
fn silence_is_noticed_again_once_a_participant_sends_again() {
    let mut watched = Watched::new();
    let unavailable = TrackState::Unavailable(UnavailableReason::Failed);
    watched.other_sends(media(unavailable, unavailable));
    watched.flows = false;
    watched.wait(10_000);
    watched.other_sends(media(TrackState::Live, unavailable));
    watched.wait(3_000);
    assert_eq!(
        watched.connection(),
        Connection::Connected,
        "a device takes a moment to start"
    );
    watched.flows = true;
    watched.wait(3_000);
    watched.flows = false;
    watched.wait(3_500);
    assert_eq!(watched.connection(), Connection::Interrupted);
}

#[test]
fn interruption_ends_when_the_participant_reports_to_have_nothing_to_send() {
    let mut watched = Watched::new();
    watched.flows = false;
    watched.wait(3_000);
    assert_eq!(watched.connection(), Connection::Interrupted);
    let unavailable = TrackState::Unavailable(UnavailableReason::Failed);
    watched.other_sends(media(unavailable, unavailable));
    assert_eq!(watched.connection(), Connection::Connected);
    let outputs = watched.wait(100);
    assert_eq!(
        receive_reports(&outputs),
        [&Request::ReceiveReport(Vec::new())]
    );
}
