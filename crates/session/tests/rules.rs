//! The rules of a call, one by one: how it begins and ends, its timers, its tracks, its links.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod desk;
mod rules {
    mod ends;
    mod links;
    mod relay;
    mod tracks;
}
