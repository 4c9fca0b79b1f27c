//! Where the program listens: at a TCP address, or at a Unix socket.

use std::io::{self, Write};

use tokio::net::TcpListener;
use videocalls_server::Listener;

/// Listens at `HOST:PORT`, or at `unix:PATH`. Also returns the address for the first line of output.
pub(crate) async fn listen(address: &str) -> io::Result<(Listener, String)> {
    #[cfg(unix)]
    if let Some(path) = address.strip_prefix("unix:") {
        return Ok((unix::listen(path.as_ref())?.into(), address.to_owned()));
    }
    let listener = TcpListener::bind(address).await?;
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let port = listener.local_addr()?.port();
    Ok((listener.into(), format!("http://{host}:{port}")))
}

/// Prints where the server can be reached, as the only line of standard output.
pub(crate) fn announce(address: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "videocalls-server listening on {address}")?;
    stdout.flush()
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io;
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixStream;
    use std::path::Path;

    use tokio::net::UnixListener;

    pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
        if is_left_behind(path) {
            fs::remove_file(path)?;
        }
        UnixListener::bind(path)
    }

    /// Whether this is the socket of a program that has ended.
    fn is_left_behind(path: &Path) -> bool {
        let is_socket = fs::metadata(path).is_ok_and(|file| file.file_type().is_socket());
        let refused = || UnixStream::connect(path).map_err(|error| error.kind());
        is_socket && matches!(refused(), Err(io::ErrorKind::ConnectionRefused))
    }
}
