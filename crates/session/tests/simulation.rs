//! Sessions against each other over a seeded bad network, in virtual time.
//!
//! `VIDEOCALLS_SCHEDULES=1000000 cargo test --profile native -p videocalls-session --test simulation` runs
//! more of them, which takes four minutes of processor time; with `VIDEOCALLS_SURVEY=1` it goes on after a
//! failure. `VIDEOCALLS_SEED=17` runs one and prints what happened in it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod sim;

use sim::{plan, run};

#[test]
fn any_number_of_people_in_a_room_end_up_with_each_other() {
    run::run("rooms", 30, plan::rooms);
}

#[test]
fn no_living_link_is_cut_when_sockets_and_servers_are_lost() {
    run::run("steady", 10, plan::steady);
}

#[test]
fn two_people_on_a_relay_end_up_with_each_other() {
    run::run("relay", 20, plan::relay);
}

#[test]
fn a_page_of_videocalls_js_and_one_of_ours_end_up_with_each_other() {
    run::run("legacy", 15, plan::legacy);
}

#[test]
fn two_people_in_a_socket_io_room_end_up_with_each_other() {
    run::run("pairs", 10, plan::pairs);
}

#[test]
fn a_page_of_the_socket_io_rooms_and_one_of_ours_end_up_with_each_other() {
    run::run("old pairs", 7, plan::old_pairs);
}

#[test]
fn any_number_of_people_in_the_mesh_end_up_with_each_other() {
    run::run("mesh", 7, plan::mesh);
}

#[test]
fn pages_of_the_mesh_and_some_of_ours_end_up_with_each_other() {
    run::run("old mesh", 5, plan::old_mesh);
}

#[test]
fn a_client_and_a_professional_end_up_with_each_other() {
    run::run("appointments", 6, plan::appointments);
}
