//! The access token of a call: when another one is fetched, and what waits for it.

use std::time::Duration;

use crate::Output;
use crate::context::Context;
use crate::timers::SignalingTimer;

/// The part of a token's life after which another one is fetched, in percent.
const RENEW_AT: u32 = 80;
/// When to ask for a token again that could not be fetched, while the last one is valid.
const RETRY: Duration = Duration::from_secs(5);

/// The access token that the server is shown.
#[derive(Debug)]
pub(crate) struct Access {
    token: Option<String>,
    /// Whether the page can supply another one.
    is_renewable: bool,
    /// Whether the token must not be shown again: it has expired, or will soon.
    is_stale: bool,
    /// Whether the token was fetched after the last welcome. If the server says that it has expired,
    /// another one would have expired, too.
    is_fresh: bool,
    /// Whether the server has ended the connection because the token had expired.
    is_refused: bool,
    fetch: Fetch,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fetch {
    Idle,
    /// The page was asked. The socket is opened with what it supplies.
    ToOpen,
    /// The page was asked, in a call that goes on meanwhile.
    ToRenew,
}

/// What to do with a token that was fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Fetched {
    /// Open the socket now.
    Open,
    /// Show the token to the server.
    Show(String),
    /// The socket can't be opened: there is no token.
    Missing,
    Nothing,
}

impl Access {
    pub(crate) fn new(token: Option<String>, is_renewable: bool) -> Self {
        Self {
            token,
            is_renewable,
            is_stale: false,
            is_fresh: false,
            is_refused: false,
            fetch: Fetch::Idle,
        }
    }

    pub(crate) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Opens the socket, as soon as there is a token to join with.
    pub(crate) fn open_socket(&mut self, ctx: &mut Context) {
        let needs_token = self.is_renewable && (self.is_stale || self.token.is_none());
        if needs_token {
            self.fetch(ctx, Fetch::ToOpen);
        } else {
            ctx.output(Output::OpenSignaling);
        }
    }

    /// Fetches another token for a call that is connected.
    pub(crate) fn renew(&mut self, ctx: &mut Context) {
        self.is_stale = true;
        if self.is_renewable && self.fetch == Fetch::Idle {
            self.fetch(ctx, Fetch::ToRenew);
        }
    }

    /// The page has supplied a token, or can't.
    pub(crate) fn fetched(&mut self, ctx: &mut Context, token: Option<String>) -> Fetched {
        let fetch = std::mem::replace(&mut self.fetch, Fetch::Idle);
        match (token, fetch) {
            (_, Fetch::Idle) => Fetched::Nothing,
            (None, Fetch::ToOpen) => Fetched::Missing,
            (None, Fetch::ToRenew) => {
                ctx.start_timer(SignalingTimer::RenewToken, RETRY);
                Fetched::Nothing
            }
            (Some(token), fetch) => {
                self.token = Some(token.clone());
                (self.is_stale, self.is_fresh, self.is_refused) = (false, true, false);
                match fetch {
                    Fetch::ToOpen => Fetched::Open,
                    _ => Fetched::Show(token),
                }
            }
        }
    }

    /// The server has accepted the token.
    pub(crate) fn accepted(&mut self, ctx: &mut Context, expires_in: Option<u32>) {
        self.is_fresh = false;
        ctx.stop_timer(SignalingTimer::RenewToken);
        if let (Some(millis), true) = (expires_in, self.is_renewable) {
            let life = Duration::from_millis(millis.into());
            ctx.start_timer(SignalingTimer::RenewToken, life * RENEW_AT / 100);
        }
    }

    /// The server refuses a token that has expired; returns whether another one may do.
    pub(crate) fn refused(&mut self) -> bool {
        (self.is_stale, self.is_refused) = (true, true);
        self.is_renewable && !self.is_fresh
    }

    /// Whether the server waits for another token.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }

    fn fetch(&mut self, ctx: &mut Context, fetch: Fetch) {
        if std::mem::replace(&mut self.fetch, fetch) == Fetch::Idle {
            ctx.output(Output::FetchToken);
        }
    }
}
