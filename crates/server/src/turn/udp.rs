use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::context::Context;
use crate::turn::binding::Binding;
use crate::turn::client::Client;
use crate::turn::rules::Rules;
use crate::turn::serve::serve;
use crate::turn::session::{Action, Session};
use crate::turn::waiting::Waiting;

/// The longest datagram of a client: a packet with a header around it.
const MAX_DATAGRAM_BYTES: usize = 2048;
/// Datagrams of one client that wait for its task. What comes beyond it is lost, as on the network.
const QUEUE: usize = 128;

/// The UDP socket of the server and its clients.
pub(crate) struct Listener {
    socket: Arc<UdpSocket>,
    address: SocketAddr,
    rules: Rules,
    context: Context,
    binding: Binding,
    waiting: Waiting,
    clients: HashMap<SocketAddr, mpsc::Sender<Bytes>>,
}

impl Listener {
    pub(crate) fn new(
        socket: UdpSocket,
        address: SocketAddr,
        rules: Rules,
        context: Context,
    ) -> Self {
        Self {
            socket: Arc::new(socket),
            address,
            rules,
            context,
            binding: Binding::new(address),
            waiting: Waiting::default(),
            clients: HashMap::new(),
        }
    }

    /// Reads datagrams until it is cancelled.
    pub(crate) async fn run(mut self) {
        let mut datagram = [0; MAX_DATAGRAM_BYTES];
        loop {
            // An error is that of an earlier datagram, such as an unreachable port.
            let Ok((length, from)) = self.socket.recv_from(&mut datagram).await else {
                continue;
            };
            for reply in self.handle(&datagram[..length], from) {
                let _lost = self.socket.send_to(&reply, from).await;
            }
        }
    }

    /// Handles a datagram; returns the replies to it, unless the client's own task replies.
    fn handle(&mut self, datagram: &[u8], from: SocketAddr) -> Vec<Vec<u8>> {
        if self.pass_on(datagram, from) {
            return Vec::new();
        }
        let client = canonical(from);
        if let Some(reply) = self.binding.reply(datagram, client) {
            return vec![reply];
        }
        let now = Instant::now();
        let (rules, listen) = (&self.rules, self.address);
        let session = self.waiting.session(from, now, || {
            Session::new(rules.clone(), client, listen, now)
        });
        session.handle_client(datagram, now);
        if session.is_authenticated() {
            self.start(from);
            return Vec::new();
        }
        let actions = std::iter::from_fn(|| session.poll_action());
        let replies = actions.filter_map(|action| match action {
            Action::ToClient(reply) => Some(reply),
            _ => None,
        });
        replies.collect()
    }

    /// Gives a datagram to the client's task; returns whether there is one.
    fn pass_on(&mut self, datagram: &[u8], from: SocketAddr) -> bool {
        let Some(client) = self.clients.get(&from) else {
            return false;
        };
        let passed = client.try_send(Bytes::copy_from_slice(datagram));
        let has_ended = matches!(passed, Err(TrySendError::Closed(_)));
        if has_ended {
            self.clients.remove(&from);
        }
        !has_ended
    }

    /// Starts the task of a client that has shown its credentials.
    fn start(&mut self, from: SocketAddr) {
        let Some(session) = self.waiting.remove(from) else {
            return;
        };
        self.clients.retain(|_, client| !client.is_closed());
        let (sender, datagrams) = mpsc::channel(QUEUE);
        self.clients.insert(from, sender);
        let client = Client::Udp {
            datagrams,
            socket: Arc::clone(&self.socket),
            address: from,
        };
        let stopping = self.context.stopping().clone();
        self.context
            .spawn(serve(session, client, self.rules.reach.clone(), stopping));
    }
}

/// The address of a client without the IPv6 form that IPv4 ones have on a socket for both.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
