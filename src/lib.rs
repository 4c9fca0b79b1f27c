//! The Yew app: a join page, a call page, and texts for what goes wrong.
//!
//! It uses [`videocalls_client`] alone: it draws snapshots and sends commands. [`state`],
//! [`layout`], [`rooms`] and [`messages`] are pure and tested without a browser; [`components`]
//! draw, and guards own what they register with the browser.

mod browser;
mod call;
pub mod components;
mod guards;
pub mod layout;
pub mod messages;
pub mod rooms;
pub mod state;
