//! The rules of a call, one by one: how it begins and ends, its timers, its tracks, its links.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod desk;
mod rules {
    mod appointments;
    mod ends;
    mod links;
    mod present;
    mod relay;
    mod texts;
    mod tracks;
}
