//! Starts the server from the command line, or makes an access token for it.

mod access_options;

mod ice_options;
mod listen;

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use tracing::info;
use tracing::level_filters::LevelFilter;
use videocalls_compat::{Config, LinkBase, Secret, add_routes};
use videocalls_server::{BasePath, FrameAncestor, Origin, ProxyRange, Server};

use crate::access_options::{AccessOptions, TokenOptions};
use crate::ice_options::IceOptions;
use crate::listen::{announce, listen};

/// Serves the videocalls app, its package and the signaling for them
#[derive(Parser)]
#[command(
    name = "videocalls-server",
    version,
    args_conflicts_with_subcommands = true
)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    access: AccessOptions,

    /// Where to listen: HOST:PORT, where port 0 takes a free one, or unix:PATH
    #[arg(long, env = "VIDEOCALLS_LISTEN", value_name = "ADDRESS")]
    #[arg(default_value = "localhost:8080")]
    listen: String,

    /// Where to serve /metrics, /readyz and /healthz for the operator alone, such as 127.0.0.1:9090
    #[arg(long, env = "VIDEOCALLS_ADMIN_LISTEN", value_name = "HOST:PORT")]
    admin_listen: Option<String>,

    /// The form of the log, which goes to standard error
    #[arg(long, env = "VIDEOCALLS_LOG", value_enum, default_value = "text")]
    log: LogFormat,

    /// Over how many seconds the clients are sent to other servers when this one is asked to stop
    #[arg(long, env = "VIDEOCALLS_DRAIN", value_name = "SECONDS")]
    #[arg(default_value = "0", value_parser = clap::value_parser!(u32).range(0..=3600))]
    drain: u32,

    /// A further origin whose pages may connect, besides this server's own and localhost; can be
    /// repeated
    #[arg(
        long = "allow-origin",
        env = "VIDEOCALLS_ALLOW_ORIGIN",
        value_name = "ORIGIN"
    )]
    #[arg(value_delimiter = ',')]
    allow_origins: Vec<Origin>,

    /// An origin whose pages may show the app in a frame, or `self`; can be repeated
    #[arg(
        long = "frame-ancestors",
        env = "VIDEOCALLS_FRAME_ANCESTORS",
        value_name = "ORIGIN"
    )]
    #[arg(value_delimiter = ',')]
    frame_ancestors: Vec<FrameAncestor>,

    /// A reverse proxy whose Forwarded and X-Forwarded headers count: an address, a network such as
    /// 10.1.0.0/16, or `loopback`; can be repeated
    #[arg(
        long = "trust-proxy",
        env = "VIDEOCALLS_TRUST_PROXY",
        value_name = "NETWORK"
    )]
    #[arg(value_delimiter = ',')]
    trusted_proxies: Vec<ProxyRange>,

    /// The path below which everything is served, such as /calls
    #[arg(long, env = "VIDEOCALLS_BASE_PATH", value_name = "PATH")]
    #[arg(default_value = "/", hide_default_value = true)]
    base_path: BasePath,

    /// How many participants a room has at most
    #[arg(long, env = "VIDEOCALLS_ROOM_CAPACITY", value_name = "SEATS")]
    #[arg(default_value = "8")]
    room_capacity: NonZeroUsize,

    /// For how many seconds a participant whose connection is lost can come back
    #[arg(long, env = "VIDEOCALLS_SEAT_GRACE", value_name = "SECONDS")]
    #[arg(default_value = "15", value_parser = clap::value_parser!(u32).range(0..=3600))]
    seat_grace: u32,

    /// Let a WebSocket at any path without an endpoint join the mesh room of that path
    #[arg(long, env = "VIDEOCALLS_CHANNELS_ANYWHERE")]
    channels_anywhere: bool,

    /// The key of the tokens in links to appointments, 32 bytes or more; without it there are no
    /// appointments
    #[arg(long, env = "VIDEOCALLS_APPOINTMENTS_SECRET", value_name = "SECRET")]
    #[arg(hide_env_values = true)]
    appointments_secret: Option<Secret>,

    #[command(flatten)]
    ice: IceOptions,

    /// The base URL of links to appointments, if it is not this server's own
    #[arg(long, env = "VIDEOCALLS_APPOINTMENTS_BASE", value_name = "URL")]
    appointments_base: Option<LinkBase>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// Lines to read.
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Subcommand)]
enum Command {
    Token(TokenOptions),
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Command::Token(token)) = options.command {
        return token.run();
    }
    start_log(options.log);
    match start(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            ExitCode::FAILURE
        }
    }
}

fn start_log(format: LogFormat) {
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(LevelFilter::INFO);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

async fn start(options: Options) -> io::Result<()> {
    let mut config = Config::default();
    config.server.access = options.access.access()?;
    config.server.lobby = options.access.lobby;
    config.server.allow_origins = options.allow_origins;
    config.server.frame_ancestors = options.frame_ancestors;
    config.server.trusted_proxies = options.trusted_proxies;
    config.server.base_path = options.base_path;
    config.server.room_capacity = options.room_capacity;
    config.server.timing.drain = Duration::from_secs(options.drain.into());
    config.server.timing.seat = Duration::from_secs(options.seat_grace.into());
    let turn = options.ice.turn(&options.listen).await?;
    config.server.ice = options.ice.offer(turn.as_ref());
    config.channels_anywhere = options.channels_anywhere;
    config.appointments_secret = options.appointments_secret;
    config.appointments_base = options.appointments_base;
    let shutdown = shutdown()?;
    let (listener, address) = listen(&options.listen).await?;
    if let Some(warning) = options.access.warning(&config.server.access, &listener) {
        io::stderr().write_all(warning.as_bytes())?;
    }
    let mut server = Server::new(config.server.clone());
    if let Some(turn) = turn {
        server.add_turn(turn);
    }
    add_routes(&mut server, config);
    if let Some(admin) = &options.admin_listen {
        let (admin, address) = listen(admin).await?;
        info!(address, "admin listening");
        server.set_admin(admin);
    }
    announce(&address)?;
    server.run(listener, shutdown).await;
    Ok(())
}

/// Resolves on SIGINT or SIGTERM.
#[cfg(unix)]
fn shutdown() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
    })
}

/// Resolves on Ctrl-C.
#[cfg(not(unix))]
fn shutdown() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _asked = tokio::signal::ctrl_c().await;
    })
}
