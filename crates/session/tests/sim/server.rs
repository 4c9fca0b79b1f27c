//! The models of servers: our own is in [`room_server`](super::room_server), the relay is here, those of
//! other systems are in [`systems`](super::systems).

use videocalls_protocol::{CloseAction, Refusal};

use super::connections::{Conn, ConnId, Holder};
use super::network::{Occurrence, SimulatedNetwork};
use super::room_server::RoomServer;
use super::systems::{AppointmentState, Engine};

#[derive(Debug)]
pub(crate) enum Server {
    Rooms(RoomServer),
    Relay {
        conns: Vec<ConnId>,
        echo: bool,
    },
    /// A Socket.IO server with one room.
    Pairs {
        members: Vec<ConnId>,
        engine: Engine,
    },
    Mesh {
        conns: Vec<ConnId>,
    },
    Appointments {
        appointment: AppointmentState,
        engine: Engine,
    },
}

impl Server {
    /// Whether server or clients ping, so that the network never comes to rest.
    pub(crate) fn pings(&self) -> bool {
        match self {
            Self::Rooms(room_server) => room_server.ping.is_some(),
            Self::Pairs { engine, .. } | Self::Appointments { engine, .. } => engine.ping.is_some(),
            Self::Relay { .. } | Self::Mesh { .. } => false,
        }
    }

    /// Whether all clients know a participant by the same id.
    pub(crate) fn shares_ids(&self) -> bool {
        !matches!(self, Self::Pairs { .. } | Self::Appointments { .. })
    }

    /// Whether an answer carries the number of its offer.
    pub(crate) fn numbers_offers(&self) -> bool {
        matches!(self, Self::Rooms(_))
    }

    /// Whether this socket is in the room.
    pub(crate) fn has_place(&self, conn: ConnId) -> bool {
        match self {
            Self::Relay { conns, .. } | Self::Mesh { conns } => conns.contains(&conn),
            Self::Pairs { members, .. } => members.contains(&conn),
            Self::Rooms(_) | Self::Appointments { .. } => false,
        }
    }

    /// Forgets everything.
    pub(crate) fn restart(&mut self) {
        match self {
            Self::Rooms(room_server) => room_server.forget(),
            Self::Relay { conns, .. } | Self::Mesh { conns } => conns.clear(),
            Self::Pairs { members, .. } => members.clear(),
            Self::Appointments { appointment, .. } => *appointment = AppointmentState::default(),
        }
    }

    pub(crate) fn relay(echo: bool) -> Self {
        Self::Relay {
            conns: Vec::new(),
            echo,
        }
    }
}

impl SimulatedNetwork {
    /// Creates a socket, which is about to open.
    pub(crate) fn open_conn(&mut self, holder: Holder) -> ConnId {
        let conn = self.conns.len();
        self.conns.push(Conn {
            holder,
            open: matches!(holder, Holder::Page(_)),
            listens: true,
            open_at_server: true,
            cut: false,
            up_last: 0,
            down_last: 0,
            delivered: Vec::new(),
        });
        conn
    }

    /// A socket is open at the server. A relay admits or refuses it at once.
    pub(crate) fn enter_relay(&mut self, conn: ConnId) {
        self.send_handshake(conn);
        if let Server::Relay { conns, .. } = &mut self.server {
            if conns.contains(&conn) {
                return;
            }
            if conns.len() >= 2 {
                let action = CloseAction::Terminal(Refusal::RoomFull);
                return self.close_down(conn, action);
            }
            conns.push(conn);
        }
    }

    pub(crate) fn server_receives(&mut self, conn: ConnId, text: &str) {
        if !self.conns[conn].open_at_server {
            return;
        }
        self.note(|| format!("server <- {conn}: {text:?}"));
        match &self.server {
            Server::Relay { conns, echo } => {
                let echo = *echo;
                let to: Vec<_> = conns
                    .iter()
                    .copied()
                    .filter(|&to| echo || to != conn)
                    .collect();
                if conns.contains(&conn) {
                    for to in to {
                        self.send_down(to, text.to_owned(), to != conn);
                    }
                }
            }
            Server::Pairs { .. } => {
                if let Some((name, arguments)) = self.socket_io_receives(conn, text) {
                    self.pairs_handle(conn, &name, &arguments);
                }
            }
            Server::Appointments { .. } => {
                if let Some((name, arguments)) = self.socket_io_receives(conn, text) {
                    self.appointments_handle(conn, &name, &arguments);
                }
            }
            Server::Mesh { .. } => self.mesh_server_receives(conn, text),
            Server::Rooms(_) => self.room_server_receives(conn, text),
        }
    }

    pub(crate) fn server_loses_socket(&mut self, conn: ConnId) {
        self.conns[conn].open_at_server = false;
        match &mut self.server {
            Server::Relay { conns, .. } | Server::Mesh { conns } => {
                conns.retain(|&other| other != conn);
            }
            // Nobody is notified.
            Server::Pairs { members, .. } => members.retain(|&other| other != conn),
            Server::Appointments { .. } => {}
            Server::Rooms(_) => self.room_server_loses(conn),
        }
    }

    pub(crate) fn server_pings(&mut self, conn: ConnId) {
        if let Server::Pairs { engine, .. } | Server::Appointments { engine, .. } = &self.server
            && let (Some(ping), true) = (engine.ping, self.conns[conn].open_at_server)
        {
            self.send_down(conn, "2".to_owned(), false);
            self.after(ping.into(), Occurrence::ServerPing { conn });
        }
        if let Server::Rooms(_) = &self.server {
            self.room_server_pings(conn);
        }
    }
}
