use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tracing::error;
use videocalls_protocol::rooms::close;

use crate::chain::InjectorChain;
use crate::dialect::{self, Dialect};
use crate::head::Head;
use crate::injectors::{Action, Connection};
use crate::plan::{self, Mode, UnknownMode};
use crate::proxy::{FaultProxy, forward};
use crate::rooms::{RoomConnection, RoomEvent};
use crate::throttle::ThrottledStream;

/// How long a frozen connection is kept open.
const FROZEN: Duration = Duration::from_secs(120);
/// How long a peer has for its half of the closing handshake.
const CLOSING: Duration = Duration::from_secs(1);

/// Forwards messages between a client and a server, through the injectors.
pub(crate) struct Bridge {
    client: WebSocketStream<ThrottledStream>,
    server: WebSocketStream<TcpStream>,
    dialect: Dialect,
    /// Whether the client has joined a room.
    joined: bool,
    injectors: InjectorChain,
}

impl Bridge {
    /// Takes over after an upgrade. `received` is what the server has already sent.
    pub(crate) async fn new(
        client: TcpStream,
        server: TcpStream,
        received: &[u8],
        dialect: Dialect,
    ) -> Self {
        let client = ThrottledStream::new(client);
        // The server is the one that refuses messages over the limit.
        let client = WebSocketStream::from_raw_socket(client, Role::Server, Some(unlimited()));
        Self {
            client: client.await,
            server: open(server, received).await,
            dialect,
            joined: dialect.is_joined_by_upgrade(),
            injectors: InjectorChain::default(),
        }
    }

    /// Forwards messages until one side ends, or a fault ends the connection.
    pub(crate) async fn run(
        mut self,
        request: &Head,
        mut room: Option<RoomConnection>,
        proxy: &Arc<FaultProxy>,
    ) -> io::Result<()> {
        if let Some(room) = &room {
            self.inject(room);
        }
        loop {
            let actions = tokio::select! {
                biased;
                event = next_event(&mut room) => match event {
                    RoomEvent::UpstreamLost => vec![Action::Reset],
                    RoomEvent::Offer => self.injectors.handle_timeout(Instant::now()),
                },
                () = until(self.injectors.next_timeout()) => {
                    self.injectors.handle_timeout(Instant::now())
                }
                message = self.client.next() => {
                    let Some(Ok(message)) = message else {
                        return Ok(());
                    };
                    if room.is_none() {
                        room = self.enter_named_room(&message, request, proxy).await?;
                    }
                    self.injectors.handle_from_client(message, Instant::now())
                }
                message = self.server.next() => {
                    let Some(Ok(message)) = message else {
                        return self.client.get_ref().tcp().set_zero_linger();
                    };
                    self.note_welcome(&message);
                    self.injectors.handle_from_server(message, Instant::now())
                }
            };
            for action in actions {
                if self.carry_out(action).await?.is_break() {
                    return Ok(());
                }
            }
        }
    }

    /// Sets up the injectors of a room's faults.
    fn inject(&mut self, room: &RoomConnection) {
        let connection = Connection {
            dialect: self.dialect,
            joined: self.joined,
            offers: room.offers(),
            now: Instant::now(),
        };
        self.injectors = InjectorChain::new(room.modes(), &connection);
        for mode in room.modes() {
            if let Mode::Slow(rate) = mode {
                self.client.get_mut().limit(*rate);
            }
        }
    }

    fn note_welcome(&mut self, message: &Message) {
        if let Message::Text(text) = message {
            self.joined |= self.dialect.is_welcome(text);
        }
    }

    /// Enters the room that a client's message names, if it is one with faults.
    async fn enter_named_room(
        &mut self,
        message: &Message,
        request: &Head,
        proxy: &Arc<FaultProxy>,
    ) -> io::Result<Option<RoomConnection>> {
        let Message::Text(text) = message else {
            return Ok(None);
        };
        let text = dialect::with_token(text);
        let Some(name) = plan::find_room(&text) else {
            return Ok(None);
        };
        let mut room = match proxy.enter(name) {
            Ok(room) => room,
            Err(UnknownMode(mode)) => {
                error!(mode, "unknown fault mode");
                let _over = self.carry_out(Action::Close(close::BAD_REQUEST)).await?;
                return Err(ErrorKind::InvalidInput.into());
            }
        };
        self.inject(&room);
        // Only a server that has not sent anything yet can be replaced by the room's own.
        if room.has_own_upstream() && !self.joined && self.dialect == Dialect::Rooms {
            self.move_to_upstream(&mut room, request).await?;
        }
        Ok(Some(room))
    }

    /// Replaces the shared server by the room's own.
    async fn move_to_upstream(
        &mut self,
        room: &mut RoomConnection,
        request: &Head,
    ) -> io::Result<()> {
        let Some(address) = room.upstream().await else {
            let _over = self.carry_out(Action::Reset).await?;
            return Err(ErrorKind::ConnectionRefused.into());
        };
        let mut server = forward(address, request).await?;
        let response = Head::read(&mut server).await?;
        self.server = open(server, response.rest()).await;
        Ok(())
    }

    /// Carries an action out. Breaks if the connection is over.
    async fn carry_out(&mut self, action: Action) -> io::Result<ControlFlow<()>> {
        match action {
            // Each side answers the WebSocket pings of its own peer.
            Action::ToClient(Message::Ping(_) | Message::Pong(_))
            | Action::ToServer(Message::Ping(_) | Message::Pong(_)) => {}
            Action::ToClient(Message::Close(frame)) => {
                self.close(frame).await;
                return Ok(ControlFlow::Break(()));
            }
            Action::ToServer(Message::Close(frame)) => {
                let _gone = self.server.send(Message::Close(frame)).await;
                let _late = timeout(CLOSING, drain(&mut self.server)).await;
                let _late = timeout(CLOSING, drain(&mut self.client)).await;
                return Ok(ControlFlow::Break(()));
            }
            Action::ToClient(message) => send(&mut self.client, message).await?,
            Action::ToServer(message) => send(&mut self.server, message).await?,
            Action::Close(code) => {
                self.close(frame(code)).await;
                return Ok(ControlFlow::Break(()));
            }
            Action::Reset => {
                self.client.get_ref().tcp().set_zero_linger()?;
                return Ok(ControlFlow::Break(()));
            }
            Action::Freeze => {
                self.freeze().await;
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn close(&mut self, frame: Option<CloseFrame>) {
        let closing = async {
            let _gone = self.client.send(Message::Close(frame)).await;
            drain(&mut self.client).await;
        };
        let _late = timeout(CLOSING, closing).await;
    }

    /// Leaves both connections open and silent. Reads on from the server, so that it sees a client
    /// that is silent and not one whose connection is full.
    async fn freeze(&mut self) {
        let tcp = self.server.get_mut();
        let discard = async {
            let mut rest = [0; 1024];
            while let Ok(1..) = tcp.read(&mut rest).await {}
            std::future::pending().await
        };
        let _over: Result<(), _> = timeout(FROZEN, discard).await;
        let _cut = self.client.get_ref().tcp().set_zero_linger();
    }
}

async fn open(server: TcpStream, received: &[u8]) -> WebSocketStream<TcpStream> {
    let received = received.to_vec();
    WebSocketStream::from_partially_read(server, received, Role::Client, Some(unlimited())).await
}

fn unlimited() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None)
}

/// A close frame. Code 1005 stands for a frame without a code.
fn frame(code: u16) -> Option<CloseFrame> {
    (code != 1005).then(|| CloseFrame {
        code: code.into(),
        reason: Default::default(),
    })
}

async fn send<S>(socket: &mut WebSocketStream<S>, message: Message) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket.send(message).await.map_err(io::Error::other)
}

/// Reads to the end and discards what comes.
async fn drain<S>(socket: &mut WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(_)) = socket.next().await {}
}

async fn until(timeout: Option<Instant>) {
    match timeout {
        Some(timeout) => sleep_until(timeout).await,
        None => std::future::pending().await,
    }
}

async fn next_event(room: &mut Option<RoomConnection>) -> RoomEvent {
    match room {
        Some(room) => room.next_event().await,
        None => std::future::pending().await,
    }
}
