//! Tests of one session each: how a call begins and ends, its timers, its tracks, its links.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod harness;
mod rules {
    mod access;
    mod appointments;
    mod appointments_rejoin;
    mod chat_history;
    mod data;
    mod deferred_offers;
    mod devices;
    mod ends;
    mod failing_links;
    mod foreign_reconnecting;
    mod ice_servers;
    mod identity;
    mod links;
    mod moderation;
    mod monitoring;
    mod present;
    mod reconnecting;
    mod rejoining;
    mod relay;
    mod relay_reload;
    mod texts;
    mod tracks;
    mod unanswered_offers;
}
