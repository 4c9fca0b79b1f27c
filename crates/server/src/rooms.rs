//! The conversation on a `/rooms` socket.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use axum::extract::ws::{WebSocket, close_code};
use tokio::time::Instant;
use tracing::warn;
use unicode_normalization::UnicodeNormalization as _;
use videocalls_protocol::rooms::{Incoming, close, read_request, write_event, write_ping};
use videocalls_protocol::{DecodeError, Event, Join, Refusal, Request, RoomName, Signal};

use crate::heartbeat::{Beat, Heartbeat};
use crate::membership::ConnectionEpoch;
use crate::outbox::Outbox;
use crate::room_registry::RoomRegistry;
use crate::seat::{NoSuchParticipant, Seat};
use crate::shared::Shared;
use crate::socket::{self, Connection, End, SocketEvent};

/// The longest SDP text that is passed on, in bytes.
const MAX_SDP_BYTES: usize = 48 * 1024;
/// The longest candidate that is passed on, in bytes.
const MAX_CANDIDATE_BYTES: usize = 1024;

/// Serves one socket from its upgrade to its end.
pub(crate) async fn serve(
    socket: WebSocket,
    shared: Arc<Shared>,
    connection_epoch: ConnectionEpoch,
) {
    let (limits, timing) = (shared.limits, shared.timing);
    let (mut connection, writer) = socket::open(socket, limits, timing, &shared.life.shutdown);
    let mut writer = std::pin::pin!(writer.run());
    let end = socket::hold(
        talk(&mut connection, &shared, connection_epoch),
        writer.as_mut(),
    )
    .await;
    connection.finish(end, writer).await;
}

async fn talk(
    connection: &mut Connection,
    shared: &Shared,
    connection_epoch: ConnectionEpoch,
) -> End {
    let outbox = connection.outbox().clone();
    let faults = Faults {
        left: shared.limits.malformed,
        outbox: outbox.clone(),
    };
    let mut unjoined = Unjoined {
        registry: &shared.registry,
        outbox,
        faults,
        connection_epoch,
    };
    let deadline = Instant::now() + shared.timing.join;
    let seat = loop {
        match unjoined.handle(connection.next(deadline).await) {
            Continue(()) => (),
            Break(Ok(seat)) => break seat,
            Break(Err(end)) => return end,
        }
    };
    let heartbeat = Heartbeat::new(shared.timing.ping, shared.timing.pong, Instant::now());
    let mut seated = Seated {
        seat,
        heartbeat,
        outbox: unjoined.outbox,
        faults: unjoined.faults,
        confirmed: false,
    };
    loop {
        let next = tokio::select! {
            biased;
            () = seated.seat.replaced() => Break(seated.refuse(Refusal::Replaced)),
            event = connection.next(seated.heartbeat.next()) => seated.handle(event),
        };
        if let Break(leave) = next {
            return seated.end(leave);
        }
    }
}

/// A socket without a seat.
struct Unjoined<'a> {
    registry: &'a Arc<RoomRegistry>,
    outbox: Outbox,
    faults: Faults,
    connection_epoch: ConnectionEpoch,
}

impl Unjoined<'_> {
    fn handle(&mut self, event: SocketEvent) -> ControlFlow<Result<Seat, End>> {
        match event {
            SocketEvent::Text(text) => self.read(&text),
            SocketEvent::Alive => Continue(()),
            SocketEvent::Deadline => {
                warn!("no join in time");
                Break(Err(End::Close(close::JOIN_TIMEOUT)))
            }
            SocketEvent::End(end) => Break(Err(end)),
        }
    }

    fn read(&mut self, text: &str) -> ControlFlow<Result<Seat, End>> {
        match read_request(text) {
            Ok(Incoming::Request(Request::Join(join))) => Break(self.join(join)),
            // A client that changes its mind need not join to leave.
            Ok(Incoming::Request(Request::Bye | Request::Unload)) => {
                Break(Err(End::Close(close_code::NORMAL)))
            }
            Ok(Incoming::Refuse(refusal)) => Break(Err(refuse(&self.outbox, refusal))),
            Ok(Incoming::Unknown { bytes }) => {
                self.faults.unknown(bytes);
                Continue(())
            }
            Err(error) => self.faults.malformed(text.len(), &error).map_break(Err),
            Ok(_) => Break(Err(refuse(&self.outbox, Refusal::BadRequest))),
        }
    }

    /// Joins the room of this name in Unicode normalization form C: names that look alike are one
    /// room, however their letters are encoded.
    fn join(&mut self, mut join: Join) -> Result<Seat, End> {
        let room = join.room.take().and_then(|room| normalized(&room));
        let outbox = self.outbox.clone();
        let room = room.ok_or(Refusal::InvalidRoom);
        room.and_then(|room| {
            self.registry
                .join(room, join, outbox, self.connection_epoch)
        })
        .map_err(|refusal| refuse(&self.outbox, refusal))
    }
}

fn normalized(room: &RoomName) -> Option<RoomName> {
    let name: String = room.as_str().nfc().collect();
    RoomName::new(&name).ok()
}

/// A socket with a seat.
struct Seated {
    seat: Seat,
    heartbeat: Heartbeat,
    outbox: Outbox,
    faults: Faults,
    /// Whether the client has said anything, and so has heard its welcome.
    confirmed: bool,
}

impl Seated {
    fn handle(&mut self, event: SocketEvent) -> ControlFlow<Leave> {
        match event {
            SocketEvent::Text(text) => self.read(&text),
            SocketEvent::Alive => Continue(()),
            SocketEvent::Deadline => self.beat(),
            SocketEvent::End(end) => Break(Leave::Lost(end)),
        }
    }

    fn read(&mut self, text: &str) -> ControlFlow<Leave> {
        if !std::mem::replace(&mut self.confirmed, true) {
            self.seat.confirm();
        }
        let request = match read_request(text) {
            Ok(Incoming::Request(request)) => request,
            Ok(Incoming::Unknown { bytes }) => {
                self.faults.unknown(bytes);
                return Continue(());
            }
            Err(error) => {
                if matches!(error, DecodeError::Field { kind: "signal", .. }) {
                    self.seat.count_rejected();
                }
                return self
                    .faults
                    .malformed(text.len(), &error)
                    .map_break(Leave::Lost);
            }
            Ok(_) => return Break(self.refuse(Refusal::BadRequest)),
        };
        match request {
            Request::Signal {
                to: Some(to),
                signal,
            } if fits(&signal) => {
                if let Err(NoSuchParticipant) = self.seat.signal(&to, signal) {
                    reject(&self.outbox, "no-such-participant");
                }
            }
            Request::Signal { .. } => {
                self.seat.count_rejected();
                return self.faults.too_long(text.len()).map_break(Leave::Lost);
            }
            Request::Media(media) => self.seat.media(media),
            Request::ReceiveReport(not_receiving) => self.seat.receive_reports(not_receiving),
            Request::Pong => self.heartbeat.alive(Instant::now()),
            Request::Ping => {
                self.heartbeat.alive(Instant::now());
                self.outbox.push(write_event(&Event::Pong, None));
            }
            Request::Bye => return Break(Leave::Bye),
            Request::Unload => self.seat.leaving(),
            _ => return Break(self.refuse(Refusal::BadRequest)),
        }
        Continue(())
    }

    fn beat(&mut self) -> ControlFlow<Leave> {
        match self.heartbeat.beat(Instant::now()) {
            Beat::Rest => Continue(()),
            Beat::Ask => {
                let (heard, last) = self.seat.beat();
                self.outbox.push(write_ping(heard, last));
                Continue(())
            }
            Beat::Dead => {
                warn!("no pong");
                Break(Leave::Lost(End::Close(close::PING_TIMEOUT)))
            }
        }
    }

    fn refuse(&self, refusal: Refusal) -> Leave {
        Leave::Lost(refuse(&self.outbox, refusal))
    }

    /// Gives the seat back before the socket is closed: the others need not wait for that.
    fn end(self, leave: Leave) -> End {
        match leave {
            Leave::Bye => {
                self.seat.bye();
                End::Close(close_code::NORMAL)
            }
            Leave::Lost(end @ End::Close(close::SHUTDOWN)) => {
                self.seat.vanish();
                end
            }
            Leave::Lost(end @ End::Close(code)) if is_final(code) => {
                self.seat.forfeit();
                end
            }
            Leave::Lost(end) => end,
        }
    }
}

/// Whether a client that is told this code will not come back.
fn is_final(code: u16) -> bool {
    matches!(code, close_code::SIZE | 4500..=4999)
}

/// How a seat is left.
enum Leave {
    Bye,
    Lost(End),
}

/// Answers to what cannot be carried out, and counts what is somebody's mistake.
struct Faults {
    left: u32,
    outbox: Outbox,
}

impl Faults {
    /// A kind of message of a later version is no mistake.
    fn unknown(&self, bytes: usize) {
        warn!(bytes, "unknown message");
        reject(&self.outbox, "unknown-type");
    }

    fn malformed(&mut self, bytes: usize, error: &DecodeError) -> ControlFlow<End> {
        warn!(bytes, %error, "malformed message");
        self.count()
    }

    fn too_long(&mut self, bytes: usize) -> ControlFlow<End> {
        warn!(bytes, "signal too long");
        self.count()
    }

    fn count(&mut self) -> ControlFlow<End> {
        reject(&self.outbox, "malformed");
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Break(End::Close(close::TOO_MANY_ERRORS));
        }
        Continue(())
    }
}

fn reject(outbox: &Outbox, code: &str) {
    let code = code.to_owned();
    outbox.push(write_event(&Event::Rejected { code }, None));
}

fn refuse(outbox: &Outbox, refusal: Refusal) -> End {
    warn!(?refusal, "refused");
    outbox.push(write_event(&Event::Refused(refusal), None));
    End::Close(close::code(refusal))
}

/// Whether a signal is short enough to be passed on.
fn fits(signal: &Signal) -> bool {
    match signal {
        Signal::Offer { sdp, .. } | Signal::Answer { sdp, .. } => sdp.len() <= MAX_SDP_BYTES,
        Signal::Candidate(candidate) => {
            let tags = [&candidate.sdp_mid, &candidate.username_fragment];
            let tags = tags.into_iter().flatten().map(String::len).sum::<usize>();
            candidate.candidate.len() + tags <= MAX_CANDIDATE_BYTES
        }
    }
}
