//! Everyone comes back to a server that restarts; `benches/herd.rs` has more of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use videocalls_server::{Assets, Config, run};

use crate::harness::within;
use crate::herd::herd;

fn serve(listener: TcpListener) -> (CancellationToken, JoinHandle<()>) {
    let mut config = Config::default();
    config.assets = Assets::from_files::<&str, &str>([]);
    let stop = CancellationToken::new();
    let shutdown = stop.clone().cancelled_owned();
    (stop, tokio::spawn(run(listener, config, shutdown)))
}

async fn bind(address: SocketAddr) -> TcpListener {
    TcpListener::bind(address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reseats_500_clients_soon_after_a_restart() {
    const SEATS: usize = 500;
    let listener = bind(([127, 0, 0, 1], 0).into()).await;
    let address = listener.local_addr().unwrap();
    let (stop, ended) = serve(listener);
    let restart = async {
        stop.cancel();
        within("the end", ended).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        serve(bind(address).await);
        Instant::now()
    };
    let herd = herd(address, SEATS, restart).await;
    assert_eq!(herd.back.len(), SEATS);
    let last = herd.back.iter().max().unwrap();
    assert!(*last < Duration::from_secs(10), "{last:?}");
    let each = herd.tries as f32 / SEATS as f32;
    assert!(each < 10.0, "{each} tries each are a storm");
}
