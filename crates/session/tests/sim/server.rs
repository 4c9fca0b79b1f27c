//! Models of two servers: rooms, with the codec's own server half, and a plain relay; what they have
//! in common with the servers of [`systems`](super::systems).

use videocalls_protocol::rooms::{Incoming, read_request, write_event};
use videocalls_protocol::{
    Event, LeaveReason, ParticipantId, Peer, Refusal, Request, Verdict, Welcome,
};

use super::systems::{Book, Engine};
use super::world::{Conn, ConnId, Happening, Holder, World};

#[derive(Debug)]
pub(crate) enum Server {
    Rooms {
        seats: Vec<(ConnId, Peer)>,
        capacity: usize,
        ping: Option<u32>,
    },
    Relay {
        conns: Vec<ConnId>,
        echo: bool,
    },
    /// Socket.IO rooms, of which one is enough.
    Pairs {
        members: Vec<ConnId>,
        engine: Engine,
    },
    Mesh {
        conns: Vec<ConnId>,
    },
    Appointments {
        book: Book,
        engine: Engine,
    },
}

impl Server {
    /// Whether somebody always has something to say.
    pub(crate) fn beats(&self) -> bool {
        match self {
            Self::Rooms { ping, .. } => ping.is_some(),
            Self::Pairs { engine, .. } | Self::Appointments { engine, .. } => engine.ping.is_some(),
            Self::Relay { .. } | Self::Mesh { .. } => false,
        }
    }

    /// Whether everyone knows everyone by the same id.
    pub(crate) fn names(&self) -> bool {
        !matches!(self, Self::Pairs { .. } | Self::Appointments { .. })
    }

    /// Whether an answer carries the number of its offer.
    pub(crate) fn numbers(&self) -> bool {
        matches!(self, Self::Rooms { .. })
    }

    /// Whether this socket has a place.
    pub(crate) fn seats(&self, conn: ConnId) -> bool {
        match self {
            Self::Relay { conns, .. } | Self::Mesh { conns } => conns.contains(&conn),
            Self::Pairs { members, .. } => members.contains(&conn),
            Self::Rooms { .. } | Self::Appointments { .. } => false,
        }
    }

    pub(crate) fn rooms(capacity: usize, ping: Option<u32>) -> Self {
        Self::Rooms {
            seats: Vec::new(),
            capacity,
            ping,
        }
    }

    pub(crate) fn relay(echo: bool) -> Self {
        Self::Relay {
            conns: Vec::new(),
            echo,
        }
    }
}

impl World {
    /// Opens a socket; a relay gives the place, or refuses it, at once.
    pub(crate) fn open_conn(&mut self, holder: Holder) -> ConnId {
        let conn = self.conns.len();
        self.conns.push(Conn {
            holder,
            listens: true,
            held: true,
            up_last: 0,
            down_last: 0,
            delivered: Vec::new(),
        });
        conn
    }

    /// A relay's socket is open at the server.
    pub(crate) fn enter_relay(&mut self, conn: ConnId) {
        self.greet(conn);
        if let Server::Relay { conns, .. } = &mut self.server {
            if conns.contains(&conn) {
                return;
            }
            if conns.len() >= 2 {
                let verdict = Verdict::Terminal(Refusal::RoomFull);
                return self.close_down(conn, verdict);
            }
            conns.push(conn);
        }
    }

    pub(crate) fn server_hears(&mut self, conn: ConnId, text: &str) {
        if !self.conns[conn].held {
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
                if let Some((name, arguments)) = self.engine_hears(conn, text) {
                    self.pairs_serve(conn, &name, &arguments);
                }
            }
            Server::Appointments { .. } => {
                if let Some((name, arguments)) = self.engine_hears(conn, text) {
                    self.appointments_serve(conn, &name, &arguments);
                }
            }
            Server::Mesh { .. } => self.mesh_hears(conn, text),
            Server::Rooms { .. } => match read_request(text).expect("our clients write well") {
                Incoming::Request(request) => self.serve(conn, request),
                other => panic!("the server is given {other:?}"),
            },
        }
    }

    pub(crate) fn server_loses(&mut self, conn: ConnId) {
        self.conns[conn].held = false;
        match &mut self.server {
            Server::Relay { conns, .. } | Server::Mesh { conns } => {
                conns.retain(|&other| other != conn);
            }
            // Nobody is told.
            Server::Pairs { members, .. } => members.retain(|&other| other != conn),
            Server::Appointments { .. } => {}
            Server::Rooms { .. } => self.unseat(conn, LeaveReason::Lost),
        }
    }

    fn serve(&mut self, conn: ConnId, request: Request) {
        match request {
            Request::Join(join) => {
                let id = ParticipantId::new(format!("{:016x}", self.rng.next()));
                let media = join.media;
                self.seat(
                    conn,
                    Peer {
                        id,
                        name: join.name,
                        media,
                    },
                );
            }
            Request::Signal { to, signal } => {
                let Some(from) = self.seat_of(conn) else {
                    return;
                };
                let to = self
                    .seats()
                    .iter()
                    .find(|(_, peer)| Some(&peer.id) == to.as_ref());
                match to.map(|&(to, _)| to) {
                    Some(to) => {
                        let text = write_event(&Event::Signal { from, signal }, Some(1));
                        self.send_down(to, text, true);
                    }
                    None => {
                        let code = "no-such-participant".to_owned();
                        self.send_down(conn, write_event(&Event::Rejected { code }, None), false);
                    }
                }
            }
            Request::Media(media) => {
                if let Some(from) = self.seat_of(conn) {
                    if let Server::Rooms { seats, .. } = &mut self.server {
                        seats
                            .iter_mut()
                            .filter(|(seat, _)| *seat == conn)
                            .for_each(|(_, peer)| peer.media = media);
                    }
                    self.tell_others(conn, &Event::Media { from, media });
                }
            }
            Request::Pong => {}
            Request::Bye => self.unseat(conn, LeaveReason::Bye),
            other => panic!("the server is asked for {other:?}"),
        }
    }

    /// Takes a seat: the newcomer is told of exactly those who are told of the newcomer.
    fn seat(&mut self, conn: ConnId, peer: Peer) {
        let Server::Rooms {
            seats,
            capacity,
            ping,
        } = &mut self.server
        else {
            return;
        };
        if seats.len() >= *capacity {
            let refused = write_event(&Event::Refused(Refusal::RoomFull), None);
            self.send_down(conn, refused, false);
            return self.close_down(conn, Verdict::Terminal(Refusal::RoomFull));
        }
        let ping = *ping;
        let welcome = Event::Welcome(Welcome {
            id: peer.id.clone(),
            peers: seats.iter().map(|(_, peer)| peer.clone()).collect(),
            resume: None,
            epoch: None,
            seq: Some(0),
            ping_interval: ping,
            keep_alive: None,
        });
        seats.push((conn, peer.clone()));
        self.send_down(conn, write_event(&welcome, None), false);
        self.tell_others(conn, &Event::Joined(peer));
        if let Some(ping) = ping {
            self.after(ping.into(), Happening::ServerPing { conn });
        }
    }

    pub(crate) fn server_pings(&mut self, conn: ConnId) {
        if let Server::Pairs { engine, .. } | Server::Appointments { engine, .. } = &self.server
            && let (Some(ping), true) = (engine.ping, self.conns[conn].held)
        {
            self.send_down(conn, "2".to_owned(), false);
            self.after(ping.into(), Happening::ServerPing { conn });
        }
        if let (
            Server::Rooms {
                ping: Some(ping), ..
            },
            Some(_),
        ) = (&self.server, self.seat_of(conn))
        {
            let ping = *ping;
            self.send_down(conn, write_event(&Event::Ping, None), false);
            self.after(ping.into(), Happening::ServerPing { conn });
        }
    }

    fn unseat(&mut self, conn: ConnId, reason: LeaveReason) {
        let Some(id) = self.seat_of(conn) else {
            return;
        };
        if let Server::Rooms { seats, .. } = &mut self.server {
            seats.retain(|(seat, _)| *seat != conn);
        }
        self.tell_others(conn, &Event::Left { id, reason });
    }

    fn tell_others(&mut self, conn: ConnId, event: &Event) {
        let text = write_event(event, Some(1));
        let others: Vec<_> = self.seats().iter().map(|&(to, _)| to).collect();
        for to in others.into_iter().filter(|&to| to != conn) {
            self.send_down(to, text.clone(), false);
        }
    }

    fn seats(&self) -> &[(ConnId, Peer)] {
        match &self.server {
            Server::Rooms { seats, .. } => seats,
            _ => &[],
        }
    }

    fn seat_of(&self, conn: ConnId) -> Option<ParticipantId> {
        let seat = self.seats().iter().find(|(seat, _)| *seat == conn);
        seat.map(|(_, peer)| peer.id.clone())
    }
}
