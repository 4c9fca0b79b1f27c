//! The app: a lobby, a call page, and words for what goes wrong.
//!
//! It knows the call by [`videocalls_client`] alone: it draws snapshots and sends commands. What
//! can be decided without a browser is decided in [`state`], [`layout`], [`rooms`] and [`words`],
//! which are pure; [`components`] draw, and hold what they register with the browser by guards.

mod browser;
mod call;
pub mod components;
mod guards;
pub mod layout;
pub mod rooms;
pub mod state;
pub mod words;
