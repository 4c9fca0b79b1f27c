//! Sessions that call each other over a seeded bad network, in virtual time.
//!
//! `VIDEOCALLS_SCHEDULES=1000000 cargo test --profile native -p videocalls-session --test simulation` runs
//! more schedules, which takes four minutes of processor time; with `VIDEOCALLS_SURVEY=1` it goes on after
//! a failure. `VIDEOCALLS_SEED=17` runs a single schedule and prints its trace.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod sim;

use sim::{plan, run};

#[test]
fn rooms_end_up_fully_connected() {
    run::run("rooms", 30, plan::rooms);
}

#[test]
fn working_links_survive_lost_sockets_and_servers() {
    run::run("settled", 10, plan::settled);
}

#[test]
fn relay_clients_end_up_connected() {
    run::run("relay", 20, plan::relay);
}

#[test]
fn relay_client_and_old_page_end_up_connected() {
    run::run("legacy", 15, plan::legacy);
}

#[test]
fn socket_io_clients_end_up_connected() {
    run::run("pairs", 10, plan::pairs);
}

#[test]
fn socket_io_client_and_old_page_end_up_connected() {
    run::run("old pairs", 7, plan::old_pairs);
}

#[test]
fn channels_mesh_ends_up_fully_connected() {
    run::run("mesh", 7, plan::mesh);
}

#[test]
fn channels_mesh_with_old_pages_ends_up_connected() {
    run::run("old mesh", 5, plan::old_mesh);
}

#[test]
fn appointment_ends_up_connected() {
    run::run("appointments", 6, plan::appointments);
}
