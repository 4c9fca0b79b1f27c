//! Starts the fault proxy from the command line.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;
use videocalls_compat::Config;

/// Serves what `videocalls-server` serves, and injects faults into rooms whose names begin with
/// `fault-` (docs/faults.md).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:8080")]
    listen: String,

    /// Seconds for which the server holds the seat of a participant whose connection is lost
    #[arg(long, value_name = "SECONDS")]
    seat_grace: Option<u32>,

    /// Milliseconds between two pings, in every dialect
    #[arg(long, value_name = "MILLISECONDS")]
    ping: Option<u32>,

    /// Milliseconds that the server waits for the answer to a ping, in every dialect
    #[arg(long, value_name = "MILLISECONDS")]
    pong: Option<u32>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_max_level(LevelFilter::INFO)
        .init();
    match start(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            ExitCode::FAILURE
        }
    }
}

async fn start(options: Options) -> io::Result<()> {
    let mut config = Config::default();
    options.apply(&mut config);
    let shutdown = shutdown()?;
    let listener = TcpListener::bind(&options.listen).await?;
    announce(&options.listen, listener.local_addr()?.port())?;
    videocalls_fault_proxy::run(listener, config, shutdown).await
}

impl Options {
    fn apply(&self, config: &mut Config) {
        let (timing, engine) = (&mut config.server.timing, &mut config.timing);
        if let Some(seconds) = self.seat_grace {
            timing.seat = Duration::from_secs(seconds.into());
        }
        let millis = |millis: u32| Duration::from_millis(millis.into());
        if let Some(ping) = self.ping.map(millis) {
            (timing.ping, timing.relay_ping, engine.engine_ping) = (ping, ping, ping);
        }
        if let Some(pong) = self.pong.map(millis) {
            (timing.pong, timing.relay_silence, engine.engine_pong) = (pong, pong, pong);
        }
    }
}

/// Prints the address, as the only line of standard output.
fn announce(listen: &str, port: u16) -> io::Result<()> {
    let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
    let mut stdout = io::stdout();
    writeln!(
        stdout,
        "videocalls-fault-proxy listening on http://{host}:{port}"
    )?;
    stdout.flush()
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
