use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::error;

use crate::context::Context;
use crate::turn::client::Client;
use crate::turn::rules::Rules;
use crate::turn::serve::serve;
use crate::turn::session::Session;
use crate::turn::udp::canonical;

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Accepts connections until it is cancelled. Above the limit they wait in the listener's backlog.
pub(crate) async fn listen(
    listener: TcpListener,
    address: SocketAddr,
    rules: Rules,
    context: Context,
) {
    let permits = Arc::new(Semaphore::new(rules.limits.connections));
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, from)) => {
                let session = Session::new(rules.clone(), canonical(from), address, Instant::now());
                context.spawn(connection(
                    stream,
                    session,
                    rules.clone(),
                    context.clone(),
                    permit,
                ));
            }
            Err(error) => {
                error!(%error, "cannot accept TURN connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    session: Session,
    rules: Rules,
    context: Context,
    _permit: OwnedSemaphorePermit,
) {
    // Without it, packets are only a little later.
    let _ignored = stream.set_nodelay(true);
    let client = Client::tcp(stream, context.timing().write);
    serve(session, client, rules.reach, context.stopping().clone()).await;
}
