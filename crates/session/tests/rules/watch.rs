//! What comes in by a link, and what is done about silence.

use videocalls_protocol::{Event, LeaveReason, MediaState, ParticipantId, Request, TrackState};
use videocalls_session::{
    CallState, Connection, Input, LinkId, LinkOp, LinkReport, LinkRole, Notice, Output, Transport,
};

use crate::harness::{Harness, left, media, ops, peer, sent, welcome};

/// A link that is measured, by which something comes in.
struct Watched {
    harness: Harness,
    link: LinkId,
    received: u64,
    flows: bool,
    /// Whether the other end is in reach of the server, and says so.
    answers: bool,
    other: ParticipantId,
}

impl Watched {
    fn new() -> Self {
        Self::with("you too")
    }

    /// We are `you then`: the lesser of two is the impolite one.
    fn with(other: &str) -> Self {
        let mut harness = Harness::measuring("you then");
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

    /// Lets time pass, and answers each question for what has come in.
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
            let deaf = |it: &&&Request| matches!(it, Request::ReceiveReport(not_receiving) if !not_receiving.is_empty());
            if self.answers && sent(&out).iter().any(|it| deaf(&it)) {
                self.other_says(true);
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

    /// The other end tells, by the server, whether it can hear us.
    fn other_says(&mut self, deaf: bool) {
        let me = ParticipantId::new("you then");
        self.harness.event(Event::ReceiveReport {
            from: self.other.clone(),
            not_receiving: if deaf { vec![me] } else { Vec::new() },
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
fn two_seconds_of_silence_restart_ice_and_are_told_to_the_room() {
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
    let you = ParticipantId::new("you too");
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
fn who_is_told_that_they_are_not_heard_knows_at_once_whether_they_hear() {
    let mut watched = Watched::new();
    watched.flows = false;
    assert_eq!(receive_reports(&watched.wait(500)), [] as [&Request; 0]);
    watched.other_says(true);
    let outputs = watched.wait(300);
    let you = ParticipantId::new("you too");
    assert_eq!(
        receive_reports(&outputs),
        [&Request::ReceiveReport(vec![you])]
    );
}

#[test]
fn a_restart_that_does_not_help_is_followed_by_another_and_by_a_new_link() {
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
fn in_doubt_less_than_a_second_is_enough() {
    let mut watched = Watched::new();
    watched.flows = false;
    watched.harness.input(Input::NetworkChanged);
    let outputs = watched.wait(1_000);
    assert_eq!(restarts(&outputs), 1);
}

#[test]
fn one_whose_socket_and_media_are_gone_is_grey_within_a_second() {
    let mut watched = Watched::new();
    watched.flows = false;
    watched
        .harness
        .event(Event::Away(ParticipantId::new("you too")));
    watched.wait(950);
    assert_eq!(watched.connection(), Connection::Interrupted);
}

#[test]
fn without_a_server_nothing_is_restarted_and_all_is_once_there_is_one() {
    let mut watched = Watched::new();
    let closed = videocalls_protocol::CloseAction::Backoff;
    watched.harness.input(Input::SignalingClosed(closed));
    watched.flows = false;
    let outputs = watched.wait(3_500);
    assert_eq!(restarts(&outputs), 0);
    assert_eq!(watched.connection(), Connection::Interrupted);
    watched.harness.input(Input::SignalingOpened);
    watched
        .harness
        .event(welcome("you then", &["you too"], None));
    assert_eq!(
        watched.harness.session.snapshot().state,
        CallState::Connected
    );
    let outputs = watched.wait(800);
    assert_eq!(restarts(&outputs), 1);
}

#[test]
fn a_lost_way_is_restarted_even_where_nothing_is_measured() {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(Event::Joined(peer("you")));
    let link = harness.accept_offer_from("you", "100");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    harness.transport(link, Transport::Disconnected);
    assert_eq!(restarts(&harness.take_outputs()), 0, "it may be ours alone");
    harness.transport(link, Transport::Failed);
    let outputs = harness.take_outputs();
    let asked = sent(&outputs).contains(&&Request::Ping);
    assert!(asked, "is the server there?");
    assert_eq!(restarts(&outputs), 0);
    harness.event(Event::Pong);
    assert_eq!(restarts(&harness.take_outputs()), 1);
    harness.transport(link, Transport::Failed);
    harness.event(Event::Pong);
    assert_eq!(restarts(&harness.take_outputs()), 0, "that is under way");
}

/// Some browsers call a way lost that only loses much.
#[test]
fn what_comes_in_counts_for_more_than_what_the_browser_says() {
    let mut watched = Watched::new();
    watched
        .harness
        .transport(watched.link, Transport::Disconnected);
    let outputs = watched.wait(5_000);
    assert_eq!((restarts(&outputs), receive_reports(&outputs)), (0, vec![]));
}

#[test]
fn the_polite_end_leaves_the_first_turn_to_the_other() {
    let mut watched = Watched::with("you");
    watched.flows = false;
    let outputs = watched.wait(1_900);
    assert_eq!(restarts(&outputs), 0);
    let outputs = watched.wait(2_000);
    assert_eq!(restarts(&outputs), 1);
}

#[test]
fn what_others_cannot_hear_of_each_other_is_shown() {
    let mut watched = Watched::new();
    let (from, third) = (ParticipantId::new("you too"), ParticipantId::new("third"));
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

/// A restart that is asked for in the dark would be heard when all is well again.
#[test]
fn in_the_dark_nothing_is_restarted_that_heals_with_the_light() {
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

/// A machine that slept finds its links as it left them, and its seat gone; so the others have closed
/// their ends. Both have to find out.
#[test]
fn one_who_comes_back_to_another_seat_soon_knows_what_is_dead() {
    let mut watched = Watched::new();
    let closed = videocalls_protocol::CloseAction::Backoff;
    watched.harness.input(Input::SignalingClosed(closed));
    watched.flows = false;
    watched.wait(0);
    watched.harness.input(Input::SignalingOpened);
    watched
        .harness
        .event(welcome("you then", &["you too"], None));
    let outputs = watched.wait(1_000);
    let you = ParticipantId::new("you too");
    assert_eq!(
        receive_reports(&outputs),
        [&Request::ReceiveReport(vec![you])]
    );
}

#[test]
fn one_whose_link_was_closed_when_they_were_gone_is_called_back() {
    let mut watched = Watched::new();
    watched.flows = false;
    watched.wait(3_000);
    watched.harness.event(left("you too", LeaveReason::Lost));
    watched.harness.take_outputs();
    watched.other_says(true);
    assert_eq!(ops(&watched.harness.take_outputs()), [], "nobody is there");
    watched.harness.event(Event::Joined(peer("you too")));
    assert_eq!(
        ops(&watched.harness.take_outputs()),
        [],
        "it is their turn to offer"
    );
    watched.other_says(true);
    let outputs = watched.harness.take_outputs();
    let ops = ops(&outputs);
    assert!(matches!(
        ops[..],
        [
            (link, LinkOp::Open(LinkRole::Offerer)),
            (same, LinkOp::MakeOffer { .. }),
            (spare, LinkOp::Close),
        ] if link == same && link != spare
    ));
}

/// What a participant without any device sends, or one whose camera is off and who has no microphone.
#[test]
fn participant_who_has_nothing_to_send_stays_connected() {
    let unavailable = TrackState::Unavailable;
    for video in [unavailable, TrackState::DeviceNotFound, TrackState::Muted] {
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
    let unavailable = TrackState::Unavailable;
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
    let unavailable = TrackState::Unavailable;
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
    let unavailable = TrackState::Unavailable;
    watched.other_sends(media(unavailable, unavailable));
    assert_eq!(watched.connection(), Connection::Connected);
    let outputs = watched.wait(100);
    assert_eq!(
        receive_reports(&outputs),
        [&Request::ReceiveReport(Vec::new())]
    );
}
