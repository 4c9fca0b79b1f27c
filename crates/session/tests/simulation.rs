//! Sessions against each other over a seeded bad network, in virtual time.
//!
//! `VIDEOCALLS_SCHEDULES=1000000 cargo test -p videocalls-session --test simulation` runs more of
//! them, `VIDEOCALLS_SEED=17` runs one and prints what happened in it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod sim;

use sim::{plan, run};

#[test]
fn any_number_of_people_in_a_room_end_up_with_each_other() {
    run::run("rooms", 40, plan::rooms);
}

#[test]
fn two_people_on_a_relay_end_up_with_each_other() {
    run::run("relay", 35, plan::relay);
}

#[test]
fn a_page_of_videocalls_js_and_one_of_ours_end_up_with_each_other() {
    run::run("legacy", 25, plan::legacy);
}
