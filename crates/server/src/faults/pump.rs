use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tracing::error;
use tungstenite::Message;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use videocalls_protocol::rooms::close;

use super::head::Head;
use super::meddler::Meddler;
use super::paced::Paced;
use super::plan::{self, Mode, Plan, UnknownFault};
use super::proxy::ask;
use super::stage::{Act, Scene};
use super::town::{News, Town, Visit};
use super::words::{self, Dialect};

/// How long a frozen connection is kept, and a closed one read.
const FROZEN: Duration = Duration::from_secs(120);
const CLOSING: Duration = Duration::from_secs(1);

/// Carries messages between a client and a server.
pub(super) struct Pump {
    client: WebSocketStream<Paced>,
    server: WebSocketStream<TcpStream>,
    dialect: Dialect,
    connected: bool,
    meddler: Meddler,
}

/// Whether the pump goes on.
#[derive(Eq, PartialEq)]
enum Flow {
    On,
    Over,
}

impl Pump {
    /// Begins after an upgrade; the server may have spoken already.
    pub(super) async fn new(
        client: TcpStream,
        server: TcpStream,
        spoken: &[u8],
        dialect: Dialect,
    ) -> Self {
        let client = Paced::new(client);
        // What is too long is for the server to say.
        let client = WebSocketStream::from_raw_socket(client, Role::Server, Some(unlimited()));
        Self {
            client: client.await,
            server: open(server, spoken).await,
            dialect,
            connected: dialect.is_connected_by_upgrade(),
            meddler: Meddler::default(),
        }
    }

    /// Carries messages until one side ends, or is ended.
    pub(super) async fn run(
        mut self,
        head: Head,
        mut visit: Option<Visit>,
        town: &Arc<Town>,
    ) -> io::Result<()> {
        if let Some(visit) = &visit {
            self.begin(visit);
        }
        loop {
            let due = self.meddler.due();
            let acts = tokio::select! {
                biased;
                acts = news(&mut visit) => acts.unwrap_or_else(|| self.meddler.tick(Instant::now())),
                () = until(due) => self.meddler.tick(Instant::now()),
                message = self.client.next() => {
                    let Some(Ok(message)) = message else {
                        return Ok(());
                    };
                    if visit.is_none() {
                        visit = self.look_for_a_plan(&message, &head, town).await?;
                    }
                    self.meddler.hear_client(message, Instant::now())
                }
                message = self.server.next() => {
                    let Some(Ok(message)) = message else {
                        return self.client.get_ref().tcp().set_zero_linger();
                    };
                    self.heard(&message);
                    self.meddler.hear_server(message, Instant::now())
                }
            };
            for act in acts {
                if self.carry_out(act).await? == Flow::Over {
                    return Ok(());
                }
            }
        }
    }

    fn begin(&mut self, visit: &Visit) {
        let scene = Scene {
            dialect: self.dialect,
            connected: self.connected,
            offers: visit.offers(),
            now: Instant::now(),
        };
        self.meddler = Meddler::new(visit.modes(), &scene);
        for mode in visit.modes() {
            if let Mode::Slow(rate) = mode {
                self.client.get_mut().slow_down(*rate);
            }
        }
    }

    fn heard(&mut self, message: &Message) {
        if let Message::Text(text) = message {
            self.connected |= self.dialect.lets_in(text);
        }
    }

    /// Where the address does not say the room, the client does.
    async fn look_for_a_plan(
        &mut self,
        message: &Message,
        head: &Head,
        town: &Arc<Town>,
    ) -> io::Result<Option<Visit>> {
        let Message::Text(text) = message else {
            return Ok(None);
        };
        let said = words::with_token(text);
        let Some(name) = plan::find(&said) else {
            return Ok(None);
        };
        let plan = match Plan::read(name) {
            Ok(plan) => plan,
            Err(UnknownFault(fault)) => {
                error!(fault, "no such fault");
                self.carry_out(Act::Close(close::BAD_REQUEST)).await?;
                return Err(ErrorKind::InvalidInput.into());
            }
        };
        let mut visit = town.enter(name, plan);
        self.begin(&visit);
        // Only a server that has not spoken yet can be exchanged for the room's own.
        if visit.has_own_house() && !self.connected && self.dialect == Dialect::Rooms {
            let Some(address) = visit.address().await else {
                self.carry_out(Act::Cut).await?;
                return Err(ErrorKind::ConnectionRefused.into());
            };
            let mut server = ask(address, head).await?;
            let answer = Head::read(&mut server).await?;
            self.server = open(server, answer.rest()).await;
        }
        Ok(Some(visit))
    }

    async fn carry_out(&mut self, act: Act) -> io::Result<Flow> {
        match act {
            // Each side answers its peer's WebSocket pings by itself.
            Act::ToClient(Message::Ping(_) | Message::Pong(_))
            | Act::ToServer(Message::Ping(_) | Message::Pong(_)) => (),
            Act::ToClient(Message::Close(frame)) => {
                self.close(frame).await;
                return Ok(Flow::Over);
            }
            Act::ToServer(Message::Close(frame)) => {
                let _gone = self.server.send(Message::Close(frame)).await;
                let _late = timeout(CLOSING, drain(&mut self.server)).await;
                let _late = timeout(CLOSING, drain(&mut self.client)).await;
                return Ok(Flow::Over);
            }
            Act::ToClient(message) => self.client.send(message).await.map_err(io::Error::other)?,
            Act::ToServer(message) => self.server.send(message).await.map_err(io::Error::other)?,
            Act::Close(code) => {
                self.close(frame(code)).await;
                return Ok(Flow::Over);
            }
            Act::Cut => {
                self.client.get_ref().tcp().set_zero_linger()?;
                return Ok(Flow::Over);
            }
            Act::Freeze => {
                self.freeze().await;
                return Ok(Flow::Over);
            }
        }
        Ok(Flow::On)
    }

    async fn close(&mut self, frame: Option<CloseFrame>) {
        let closing = async {
            let _gone = self.client.send(Message::Close(frame)).await;
            drain(&mut self.client).await;
        };
        let _late = timeout(CLOSING, closing).await;
    }

    /// The server is to find the client silent, not gone; so its bytes are taken, and nothing said.
    async fn freeze(&mut self) {
        let tcp = self.server.get_mut();
        let silence = async {
            let mut rest = [0; 1024];
            while let Ok(1..) = tcp.read(&mut rest).await {}
            std::future::pending().await
        };
        let _over: Result<(), _> = timeout(FROZEN, silence).await;
        let _cut = self.client.get_ref().tcp().set_zero_linger();
    }
}

async fn open(server: TcpStream, spoken: &[u8]) -> WebSocketStream<TcpStream> {
    let spoken = spoken.to_vec();
    WebSocketStream::from_partially_read(server, spoken, Role::Client, Some(unlimited())).await
}

fn unlimited() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None)
}

/// 1005 stands for a close without a code.
fn frame(code: u16) -> Option<CloseFrame> {
    (code != 1005).then(|| CloseFrame {
        code: code.into(),
        reason: Default::default(),
    })
}

async fn drain<S>(socket: &mut WebSocketStream<S>)
where
    WebSocketStream<S>: StreamExt<Item = tungstenite::Result<Message>> + Unpin,
{
    while let Some(Ok(_)) = socket.next().await {}
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// What the room has to say: that it is gone, or nothing that the stages would not know of.
async fn news(visit: &mut Option<Visit>) -> Option<Vec<Act>> {
    let Some(visit) = visit else {
        return std::future::pending().await;
    };
    match visit.news().await {
        News::Gone => Some(vec![Act::Cut]),
        News::Offer => None,
    }
}
