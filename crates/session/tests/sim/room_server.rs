//! A model of our own server: a room whose seats are kept for clients that have lost their socket.

mod events;

use videocalls_protocol::rooms::{Incoming, read_request, write_event, write_ping};
use videocalls_protocol::{
    CloseAction, Event, Join, LeaveReason, MediaState, ParticipantId, Peer, Refusal, Request,
    Resume, Signal,
};

use super::connections::ConnId;
use super::network::{Occurrence, SimulatedNetwork};
use super::server::Server;

/// How many events a seat keeps for its holder. It is so few that some schedules need more.
const RING: usize = 12;
/// How long a seat without a socket is kept, in ms.
const GRACE: u64 = 15_000;
/// Until when events get lost, in ms. Everything planned has happened by then.
const LOSSES_END: u64 = 45_000;

#[derive(Debug)]
pub(crate) struct RoomServer {
    pub(crate) capacity: usize,
    pub(crate) ping: Option<u32>,
    /// Whether events are numbered. If not, seats are not kept either.
    pub(crate) numbers: bool,
    epoch: u64,
    seats: Vec<Seat>,
}

#[derive(Debug)]
struct Seat {
    peer: Peer,
    identity: u64,
    nonce: u64,
    /// The previous nonce, until the holder has sent something and so knows the new one.
    before: Option<u64>,
    /// Whether the holder may not know yet that the seat is theirs.
    fresh: bool,
    conn: Option<ConnId>,
    /// The last socket of its holder.
    latest: ConnId,
    /// When the socket was lost.
    lost: u64,
    seq: u64,
    ring: Vec<(u64, Event)>,
    heard: u64,
}

impl RoomServer {
    pub(crate) fn new(capacity: usize, ping: Option<u32>, numbers: bool) -> Self {
        Self {
            capacity,
            ping,
            numbers,
            epoch: 1,
            seats: Vec::new(),
        }
    }

    pub(crate) fn forget(&mut self) {
        self.epoch += 1;
        self.seats.clear();
    }

    fn id(identity: u64) -> ParticipantId {
        ParticipantId::new(format!(
            "{:016x}",
            identity.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ))
    }

    fn seat_at(&mut self, conn: ConnId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.conn == Some(conn))
    }
}

impl Seat {
    fn belongs_to(&self, nonce: u64) -> bool {
        self.nonce == nonce || self.before == Some(nonce)
    }

    fn token(&self) -> String {
        format!("{:x}.{:x}", self.identity, self.nonce)
    }
}

fn read_token(token: &str) -> Option<(u64, u64)> {
    let (identity, nonce) = token.split_once('.')?;
    let number = |digits| u64::from_str_radix(digits, 16).ok();
    Some((number(identity)?, number(nonce)?))
}

impl SimulatedNetwork {
    fn room_server(&mut self) -> &mut RoomServer {
        match &mut self.server {
            Server::Rooms(room_server) => room_server,
            other => panic!("{other:?} has no seats"),
        }
    }

    pub(crate) fn room_server_receives(&mut self, conn: ConnId, text: &str) {
        match read_request(text).expect("clients send readable requests") {
            Incoming::Request(request) => self.handle_request(conn, request),
            other => panic!("unexpected request {other:?}"),
        }
    }

    fn handle_request(&mut self, conn: ConnId, request: Request) {
        let counts = matches!(
            request,
            Request::Signal { .. } | Request::Media(_) | Request::ReceiveReport(_)
        );
        if counts && let Some(seat) = self.room_server().seat_at(conn) {
            seat.heard += 1;
        }
        if !matches!(request, Request::Join(_))
            && let Some(seat) = self.room_server().seat_at(conn)
        {
            seat.before = None;
            seat.fresh = false;
        }
        match request {
            Request::Join(join) => self.take_seat(conn, join),
            Request::Signal {
                to: Some(to),
                signal,
            } => self.pass_on(conn, &to, signal),
            Request::Media(media) => self.announce_media(conn, media),
            Request::ReceiveReport(not_receiving) => {
                if let Some(from) = self.seat_of(conn) {
                    let seat = self.room_server().seat_at(conn).expect("it is there");
                    seat.peer.not_receiving.clone_from(&not_receiving);
                    self.announce_to_others(
                        &from.clone(),
                        &Event::ReceiveReport {
                            from,
                            not_receiving,
                        },
                    );
                }
            }
            Request::Ping => self.send_unnumbered(conn, &Event::Pong),
            Request::Pong => {}
            Request::Bye | Request::Unload => self.free_seat(conn, LeaveReason::Bye),
            other => panic!("unexpected request {other:?}"),
        }
    }

    fn announce_media(&mut self, conn: ConnId, media: MediaState) {
        if let Some(seat) = self.room_server().seat_at(conn) {
            seat.peer.media = media.clone();
            let from = seat.peer.id.clone();
            self.announce_to_others(&from.clone(), &Event::Media { from, media });
        }
    }

    fn pass_on(&mut self, conn: ConnId, to: &ParticipantId, signal: Signal) {
        let Some(from) = self.seat_of(conn) else {
            return;
        };
        let present = self
            .room_server()
            .seats
            .iter()
            .any(|seat| seat.peer.id == *to);
        if present {
            self.send_to_seat(to, &Event::Signal { from, signal });
        } else {
            let code = "no-such-participant".to_owned();
            self.send_unnumbered(conn, &Event::Rejected { code });
        }
    }

    /// Gives a client a seat: its old one, if the token fits one.
    fn take_seat(&mut self, conn: ConnId, join: Join) {
        let known = join.resume.as_ref().filter(|_| self.room_server().numbers);
        let known = known.and_then(|resume| read_token(&resume.token));
        let (identity, nonce) = match known {
            Some((identity, nonce)) => (identity, Some(nonce)),
            None => (self.rng.next(), None),
        };
        let id = RoomServer::id(identity);
        let kept = self
            .room_server()
            .seats
            .iter()
            .position(|it| it.peer.id == id);
        match (kept, join.resume.clone(), nonce) {
            // The join was delayed, and its holder has used a later socket since.
            (Some(index), ..) if conn < self.room_server().seats[index].latest => {
                self.replaced(conn);
            }
            (Some(index), Some(resume), Some(nonce))
                if self.room_server().seats[index].belongs_to(nonce) =>
            {
                let seat = &mut self.room_server().seats[index];
                seat.before = Some(nonce);
                seat.fresh &= seat.nonce != nonce;
                self.take_old_seat(index, conn, &join, &resume);
            }
            (Some(_), ..) => {
                let other = self.rng.next();
                self.take_new_seat(conn, join, other, None);
            }
            (None, ..) => self.take_new_seat(conn, join, identity, nonce),
        }
    }

    fn take_new_seat(&mut self, conn: ConnId, join: Join, identity: u64, before: Option<u64>) {
        if self.room_server().seats.len() >= self.room_server().capacity {
            self.send_unnumbered(conn, &Event::Refused(Refusal::RoomFull));
            return self.close_down(conn, CloseAction::Terminal(Refusal::RoomFull));
        }
        let media = join.media;
        let peer = Peer {
            media,
            ..Peer::new(RoomServer::id(identity), join.name)
        };
        let nonce = self.rng.next();
        let seat = Seat {
            peer: peer.clone(),
            identity,
            nonce,
            before,
            fresh: true,
            conn: Some(conn),
            latest: conn,
            lost: 0,
            seq: 0,
            ring: Vec::new(),
            heard: 0,
        };
        self.room_server().seats.push(seat);
        self.send_welcome(conn, false);
        self.announce_to_others(&peer.id.clone(), &Event::Joined(peer));
        self.schedule_ping(conn);
    }

    fn take_old_seat(&mut self, index: usize, conn: ConnId, join: &Join, resume: &Resume) {
        let nonce = self.rng.next();
        let epoch = self.room_server().epoch.to_string();
        let seat = &mut self.room_server().seats[index];
        let (old, id) = (seat.conn.replace(conn), seat.peer.id.clone());
        seat.latest = conn;
        seat.nonce = nonce;
        let first = seat.ring.first().map_or(seat.seq + 1, |(seq, _)| *seq);
        let same = resume.epoch.as_ref() == Some(&epoch) && !seat.fresh;
        let known = first..=seat.seq + 1;
        let missed = resume.seq.filter(|&seq| same && known.contains(&(seq + 1)));
        let missed: Option<Vec<_>> = missed.map(|seq| {
            let missed = seat.ring.iter().filter(|(number, _)| *number > seq);
            missed.cloned().collect()
        });
        let mut clears_report = false;
        if missed.is_none() {
            seat.heard = 0;
            clears_report = !std::mem::take(&mut seat.peer.not_receiving).is_empty();
        }
        if let Some(old) = old {
            self.replaced(old);
        }
        match missed {
            Some(missed) => {
                self.send_resumed(conn, resume.seq);
                for (seq, event) in missed {
                    self.send_event(conn, write_event(&event, Some(seq)), false);
                }
            }
            None => self.send_welcome(conn, false),
        }
        self.announce_to_others(&id, &Event::Back(id.clone()));
        if clears_report {
            let not_receiving = Vec::new();
            let from = id.clone();
            self.announce_to_others(
                &id,
                &Event::ReceiveReport {
                    from,
                    not_receiving,
                },
            );
        }
        let changed = self
            .room_server()
            .seats
            .iter()
            .find(|seat| seat.peer.id == id);
        if changed.is_some_and(|seat| seat.peer.media != join.media) {
            self.announce_media(conn, join.media.clone());
        }
        self.schedule_ping(conn);
    }

    fn replaced(&mut self, conn: ConnId) {
        self.send_unnumbered(conn, &Event::Refused(Refusal::Replaced));
        self.close_down(conn, CloseAction::Terminal(Refusal::Replaced));
    }

    fn schedule_ping(&mut self, conn: ConnId) {
        if let Some(ping) = self.room_server().ping {
            self.after(ping.into(), Occurrence::ServerPing { conn });
        }
    }

    pub(crate) fn room_server_pings(&mut self, conn: ConnId) {
        if self.seat_of(conn).is_some() {
            let numbers = self.room_server().numbers;
            let seat = self.room_server().seat_at(conn).expect("it is taken");
            let last = if numbers { seat.seq } else { 0 };
            let ping = write_ping(seat.heard, last);
            self.send_down(conn, ping, false);
            self.schedule_ping(conn);
        }
    }

    /// A socket is lost without a goodbye: its seat is kept for a while.
    pub(crate) fn room_server_loses(&mut self, conn: ConnId) {
        if !self.room_server().numbers {
            return self.free_seat(conn, LeaveReason::Lost);
        }
        let now = self.now;
        if let Some(seat) = self.room_server().seat_at(conn) {
            seat.conn = None;
            seat.lost = now;
            let id = seat.peer.id.clone();
            self.announce_to_others(&id, &Event::Away(id.clone()));
            self.after(GRACE, Occurrence::GraceOver { id, lost: now });
        }
    }

    pub(crate) fn grace_over(&mut self, id: &ParticipantId, lost: u64) {
        let Server::Rooms(room_server) = &mut self.server else {
            return;
        };
        let kept = |seat: &Seat| seat.peer.id == *id && seat.conn.is_none() && seat.lost == lost;
        if let Some(index) = room_server.seats.iter().position(kept) {
            room_server.seats.remove(index);
            let left = Event::Left {
                id: id.clone(),
                reason: LeaveReason::Lost,
            };
            self.announce_to_others(id, &left);
        }
    }

    fn free_seat(&mut self, conn: ConnId, reason: LeaveReason) {
        if let Some(id) = self.seat_of(conn) {
            self.room_server()
                .seats
                .retain(|seat| seat.conn != Some(conn));
            self.announce_to_others(&id.clone(), &Event::Left { id, reason });
        }
    }

    fn seat_of(&mut self, conn: ConnId) -> Option<ParticipantId> {
        self.room_server()
            .seat_at(conn)
            .map(|seat| seat.peer.id.clone())
    }
}
