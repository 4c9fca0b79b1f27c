//! A model of our own server: rooms with seats that are held for who has lost the socket.

use videocalls_protocol::rooms::{Incoming, read_request, write_event, write_ping};
use videocalls_protocol::{
    CloseAction, Event, Join, LeaveReason, MediaState, ParticipantId, Peer, Refusal, Request,
    Resume, Signal, Welcome,
};

use super::network::{ConnId, Occurrence, SimulatedNetwork};
use super::server::Server;

/// How many events a seat keeps for its holder. Few, so that it is met that they are too few.
const RING: usize = 12;
/// How long a seat is held, in ms.
const GRACE: u64 = 15_000;
/// Until when events go astray: what is planned has happened by then.
const BAD_WEATHER: u64 = 45_000;

#[derive(Debug)]
pub(crate) struct RoomServer {
    pub(crate) capacity: usize,
    pub(crate) ping: Option<u32>,
    /// Whether events have numbers; a server without them holds no seats either.
    pub(crate) numbers: bool,
    epoch: u64,
    seats: Vec<Seat>,
}

#[derive(Debug)]
struct Seat {
    peer: Peer,
    identity: u64,
    nonce: u64,
    /// The nonce before, until the holder has shown that they know the new one.
    before: Option<u64>,
    /// Whether the holder may not know that it is theirs.
    fresh: bool,
    conn: Option<ConnId>,
    /// The socket that had it last.
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

    pub(crate) fn hall_hears(&mut self, conn: ConnId, text: &str) {
        match read_request(text).expect("our clients write well") {
            Incoming::Request(request) => self.serve(conn, request),
            other => panic!("the server is given {other:?}"),
        }
    }

    fn serve(&mut self, conn: ConnId, request: Request) {
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
            Request::Join(join) => self.sit(conn, join),
            Request::Signal {
                to: Some(to),
                signal,
            } => self.pass_on(conn, &to, signal),
            Request::Media(media) => self.tell_media(conn, media),
            Request::ReceiveReport(not_receiving) => {
                if let Some(from) = self.seat_of(conn) {
                    let seat = self.room_server().seat_at(conn).expect("it is there");
                    seat.peer.not_receiving.clone_from(&not_receiving);
                    self.tell_all_but(
                        &from.clone(),
                        &Event::ReceiveReport {
                            from,
                            not_receiving,
                        },
                    );
                }
            }
            Request::Ping => self.say(conn, &Event::Pong),
            Request::Pong => {}
            Request::Bye | Request::Unload => self.unseat(conn, LeaveReason::Bye),
            other => panic!("the server is asked for {other:?}"),
        }
    }

    fn tell_media(&mut self, conn: ConnId, media: MediaState) {
        if let Some(seat) = self.room_server().seat_at(conn) {
            seat.peer.media = media;
            let from = seat.peer.id.clone();
            self.tell_all_but(&from.clone(), &Event::Media { from, media });
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
            self.tell_seat(to, &Event::Signal { from, signal });
        } else {
            let code = "no-such-participant".to_owned();
            self.say(conn, &Event::Rejected { code });
        }
    }

    /// Takes a seat, an old one if there is one for this token.
    fn sit(&mut self, conn: ConnId, join: Join) {
        let known = join.resume.as_ref().filter(|_| self.room_server().numbers);
        let known = known.and_then(|resume| read_token(&resume.token));
        let (identity, nonce) = match known {
            Some((identity, nonce)) => (identity, Some(nonce)),
            None => (self.rng.next(), None),
        };
        let id = RoomServer::id(identity);
        let held = self
            .room_server()
            .seats
            .iter()
            .position(|it| it.peer.id == id);
        match (held, join.resume.clone(), nonce) {
            // What its holder gave up for a later socket was on its way for long.
            (Some(index), ..) if conn < self.room_server().seats[index].latest => {
                self.replaced(conn);
            }
            (Some(index), Some(resume), Some(nonce))
                if self.room_server().seats[index].belongs_to(nonce) =>
            {
                let seat = &mut self.room_server().seats[index];
                seat.before = Some(nonce);
                seat.fresh &= seat.nonce != nonce;
                self.sit_again(index, conn, &join, &resume);
            }
            (Some(_), ..) => {
                let other = self.rng.next();
                self.sit_down(conn, join, other, None);
            }
            (None, ..) => self.sit_down(conn, join, identity, nonce),
        }
    }

    fn sit_down(&mut self, conn: ConnId, join: Join, identity: u64, before: Option<u64>) {
        if self.room_server().seats.len() >= self.room_server().capacity {
            self.say(conn, &Event::Refused(Refusal::RoomFull));
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
        self.welcome(conn, false);
        self.tell_all_but(&peer.id.clone(), &Event::Joined(peer));
        self.beat(conn);
    }

    fn sit_again(&mut self, index: usize, conn: ConnId, join: &Join, resume: &Resume) {
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
        let mut cured = false;
        if missed.is_none() {
            seat.heard = 0;
            cured = !std::mem::take(&mut seat.peer.not_receiving).is_empty();
        }
        if let Some(old) = old {
            self.replaced(old);
        }
        match missed {
            Some(missed) => {
                self.resumed(conn, resume.seq);
                for (seq, event) in missed {
                    self.send_event(conn, write_event(&event, Some(seq)), false);
                }
            }
            None => self.welcome(conn, false),
        }
        self.tell_all_but(&id, &Event::Back(id.clone()));
        if cured {
            let not_receiving = Vec::new();
            let from = id.clone();
            self.tell_all_but(
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
            self.tell_media(conn, join.media);
        }
        self.beat(conn);
    }

    fn replaced(&mut self, conn: ConnId) {
        self.say(conn, &Event::Refused(Refusal::Replaced));
        self.close_down(conn, CloseAction::Terminal(Refusal::Replaced));
    }

    fn resumed(&mut self, conn: ConnId, seq: Option<u64>) {
        let welcome = self.welcome_text(conn, true, seq);
        self.send_down(conn, welcome, false);
    }

    fn welcome(&mut self, conn: ConnId, resumed: bool) {
        let welcome = self.welcome_text(conn, resumed, None);
        self.send_down(conn, welcome, false);
    }

    fn welcome_text(&mut self, conn: ConnId, resumed: bool, seq: Option<u64>) -> String {
        let room_server = self.room_server();
        let (numbers, ping_interval, epoch) = (
            room_server.numbers,
            room_server.ping,
            room_server.epoch.to_string(),
        );
        let peers = room_server
            .seats
            .iter()
            .filter(|seat| seat.conn != Some(conn));
        let peers = peers.map(|seat| Peer {
            away: seat.conn.is_none(),
            ..seat.peer.clone()
        });
        let peers: Vec<_> = if resumed { Vec::new() } else { peers.collect() };
        let seat = room_server.seat_at(conn).expect("it has been taken");
        let welcome = Welcome {
            id: seat.peer.id.clone(),
            peers,
            resumed,
            heard: resumed.then_some(seat.heard),
            resume: numbers.then(|| seat.token()),
            epoch: numbers.then_some(epoch),
            seq: seq.or(numbers.then_some(seat.seq)),
            ping_interval,
            keep_alive: None,
        };
        write_event(&Event::Welcome(welcome), None)
    }

    fn beat(&mut self, conn: ConnId) {
        if let Some(ping) = self.room_server().ping {
            self.after(ping.into(), Occurrence::ServerPing { conn });
        }
    }

    pub(crate) fn hall_pings(&mut self, conn: ConnId) {
        if self.seat_of(conn).is_some() {
            let numbers = self.room_server().numbers;
            let seat = self.room_server().seat_at(conn).expect("it is taken");
            let last = if numbers { seat.seq } else { 0 };
            let ping = write_ping(seat.heard, last);
            self.send_down(conn, ping, false);
            self.beat(conn);
        }
    }

    /// A socket is gone without a word: its seat is held for a while.
    pub(crate) fn hall_loses(&mut self, conn: ConnId) {
        if !self.room_server().numbers {
            return self.unseat(conn, LeaveReason::Lost);
        }
        let now = self.now;
        if let Some(seat) = self.room_server().seat_at(conn) {
            seat.conn = None;
            seat.lost = now;
            let id = seat.peer.id.clone();
            self.tell_all_but(&id, &Event::Away(id.clone()));
            self.after(GRACE, Occurrence::GraceOver { id, lost: now });
        }
    }

    pub(crate) fn grace_over(&mut self, id: &ParticipantId, lost: u64) {
        let Server::Rooms(room_server) = &mut self.server else {
            return;
        };
        let held = |seat: &Seat| seat.peer.id == *id && seat.conn.is_none() && seat.lost == lost;
        if let Some(index) = room_server.seats.iter().position(held) {
            room_server.seats.remove(index);
            let left = Event::Left {
                id: id.clone(),
                reason: LeaveReason::Lost,
            };
            self.tell_all_but(id, &left);
        }
    }

    fn unseat(&mut self, conn: ConnId, reason: LeaveReason) {
        if let Some(id) = self.seat_of(conn) {
            self.room_server()
                .seats
                .retain(|seat| seat.conn != Some(conn));
            self.tell_all_but(&id.clone(), &Event::Left { id, reason });
        }
    }

    fn tell_all_but(&mut self, except: &ParticipantId, event: &Event) {
        let ids = self
            .room_server()
            .seats
            .iter()
            .map(|seat| seat.peer.id.clone());
        for id in ids.filter(|id| id != except).collect::<Vec<_>>() {
            self.tell_seat(&id, event);
        }
    }

    /// Says an event to a seat, or keeps it for its holder.
    fn tell_seat(&mut self, id: &ParticipantId, event: &Event) {
        let numbers = self.room_server().numbers;
        let mut seats = self.room_server().seats.iter_mut();
        let seat = seats.find(|seat| seat.peer.id == *id).expect("it is there");
        seat.seq += 1;
        let (seq, conn) = (seat.seq, seat.conn);
        if numbers {
            seat.ring.push((seq, event.clone()));
            if seat.ring.len() > RING {
                seat.ring.remove(0);
            }
        }
        if let Some(conn) = conn {
            let signal = matches!(event, Event::Signal { .. });
            self.send_event(conn, write_event(event, numbers.then_some(seq)), signal);
        }
    }

    /// Sends an event, which may be lost or overtaken by the next as long as the weather is bad.
    fn send_event(&mut self, conn: ConnId, text: String, signal: bool) {
        if self.now > BAD_WEATHER || !self.rng.percent(self.weather.astray) {
            return self.send_down(conn, text, signal);
        }
        self.tally.troubles += 1;
        if self.rng.percent(50) {
            let late = self.weather.delay + self.rng.below(200);
            self.after(late, Occurrence::Down { conn, text });
        }
    }

    /// Says something that has no number.
    fn say(&mut self, conn: ConnId, event: &Event) {
        self.send_down(conn, write_event(event, None), false);
    }

    fn seat_of(&mut self, conn: ConnId) -> Option<ParticipantId> {
        self.room_server()
            .seat_at(conn)
            .map(|seat| seat.peer.id.clone())
    }
}
