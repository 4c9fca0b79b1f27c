use std::ops::ControlFlow::{self, Break, Continue};

use axum::extract::ws::close_code;
use tokio::time::Instant;
use tracing::warn;
use videocalls_protocol::rooms::{
    Incoming, close, read_request, refusal_name, write_event, write_ping,
};
use videocalls_protocol::{DecodeError, Event, ParticipantId, Refusal, Request, Signal};

use crate::error_budget::{ErrorBudget, refuse, reject};
use crate::heartbeat::{Beat, Heartbeat};
use crate::lease::Due;
use crate::metrics::Present;
use crate::outbox::Outbox;
use crate::seat::{NoSuchParticipant, Seat};
use crate::socket::{Connection, End, SocketEvent};

/// The longest SDP text that is forwarded, in bytes.
const MAX_SDP_BYTES: usize = 48 * 1024;
/// The longest candidate that is forwarded, in bytes.
const MAX_CANDIDATE_BYTES: usize = 1024;

/// A connection whose client has a seat in a room.
pub(crate) struct Seated {
    seat: Seat,
    heartbeat: Heartbeat,
    outbox: Outbox,
    errors: ErrorBudget,
    /// Whether the client has sent anything, and so has received its welcome.
    confirmed: bool,
    _present: Present,
}

/// How a client leaves its seat.
enum Leave {
    Bye,
    Lost(End),
}

impl Seated {
    pub(crate) fn new(
        seat: Seat,
        heartbeat: Heartbeat,
        outbox: Outbox,
        errors: ErrorBudget,
    ) -> Self {
        Self {
            seat,
            heartbeat,
            errors,
            confirmed: false,
            _present: outbox.metrics().seat("rooms"),
            outbox,
        }
    }

    /// Reads the client's messages until the connection ends.
    pub(crate) async fn read(mut self, connection: &mut Connection) -> End {
        loop {
            let next = tokio::select! {
                biased;
                refusal = self.seat.evicted() => Break(self.refuse(refusal)),
                event = connection.next(self.deadline()) => self.handle(event),
            };
            if let Break(leave) = next {
                return self.end(leave);
            }
        }
    }

    fn handle(&mut self, event: SocketEvent) -> ControlFlow<Leave> {
        match event {
            SocketEvent::Text(text) => self.handle_text(&text),
            SocketEvent::Alive => Continue(()),
            SocketEvent::Deadline => self.beat(),
            SocketEvent::End(end) => Break(Leave::Lost(end)),
        }
    }

    fn handle_text(&mut self, text: &str) -> ControlFlow<Leave> {
        if !std::mem::replace(&mut self.confirmed, true) {
            self.seat.confirm();
        }
        match read_request(text) {
            Ok(Incoming::Request(Request::Signal { to, signal })) => {
                self.handle_signal(to, signal, text.len())
            }
            Ok(Incoming::Request(request)) => self.handle_request(request),
            Ok(Incoming::Unknown { bytes }) => {
                self.errors.unknown(bytes);
                Continue(())
            }
            Ok(_) => Break(self.refuse(Refusal::BadRequest)),
            Err(error) => {
                let is_numbered = |kind| matches!(kind, "signal" | "moderate");
                if matches!(error, DecodeError::Field { kind, .. } if is_numbered(kind)) {
                    self.seat.count_rejected();
                }
                let errors = &mut self.errors;
                errors.malformed(text.len(), &error).map_break(Leave::Lost)
            }
        }
    }

    fn handle_signal(
        &mut self,
        to: Option<ParticipantId>,
        signal: Signal,
        bytes: usize,
    ) -> ControlFlow<Leave> {
        let Some(to) = to.filter(|_| fits(&signal)) else {
            self.seat.count_rejected();
            return self.errors.too_long(bytes).map_break(Leave::Lost);
        };
        if let Err(NoSuchParticipant) = self.seat.signal(&to, signal) {
            reject(&self.outbox, "no-such-participant");
        }
        Continue(())
    }

    fn handle_request(&mut self, request: Request) -> ControlFlow<Leave> {
        match request {
            Request::Media(media) => self.seat.media(media),
            Request::ReceiveReport(not_receiving) => self.seat.receive_report(not_receiving),
            Request::Moderate(moderation) => {
                if let Err(rejection) = self.seat.moderate(moderation) {
                    reject(&self.outbox, rejection.code());
                }
            }
            Request::Token(token) => self.renew(&token),
            Request::Pong => self.heartbeat.alive(Instant::now()),
            Request::Ping => {
                self.heartbeat.alive(Instant::now());
                self.outbox.push(write_event(&Event::Pong, None));
            }
            Request::Bye => return Break(Leave::Bye),
            Request::Unload => self.seat.unloading(),
            _ => return Break(self.refuse(Refusal::BadRequest)),
        }
        Continue(())
    }

    /// Takes another access token. One that can't be used leaves the seat as it is.
    fn renew(&mut self, token: &str) {
        match self.seat.renew(token) {
            Ok(accepted) => self.outbox.push(write_event(&accepted, None)),
            Err(refusal) => reject(&self.outbox, refusal_name(refusal)),
        }
    }

    fn deadline(&self) -> Instant {
        let beat = self.heartbeat.next();
        self.seat.lease_ends().map_or(beat, |end| end.min(beat))
    }

    fn beat(&mut self) -> ControlFlow<Leave> {
        match self.seat.check_lease() {
            Due::Nothing => (),
            Due::Warn => self.outbox.push(write_event(&Event::TokenExpired, None)),
            Due::End => return Break(self.refuse(Refusal::TokenExpired)),
        }
        match self.heartbeat.beat(Instant::now()) {
            Beat::Nothing => Continue(()),
            Beat::Ping => {
                let (received, last_event) = self.seat.beat();
                self.outbox.push(write_ping(received, last_event));
                self.renew_ice_servers();
                Continue(())
            }
            Beat::Dead => {
                warn!("no pong");
                Break(Leave::Lost(End::Close(close::PING_TIMEOUT)))
            }
        }
    }

    /// Sends new ICE servers if the next beat would be too late. They have no event number: if they
    /// are lost with the connection, the next welcome has newer ones.
    fn renew_ice_servers(&mut self) {
        let next = self.heartbeat.next();
        if let Some(ice_servers) = self.seat.renewed_ice_servers(next) {
            self.outbox
                .push(write_event(&Event::IceServers(ice_servers), None));
        }
    }

    fn refuse(&self, refusal: Refusal) -> Leave {
        Leave::Lost(refuse(&self.outbox, refusal))
    }

    /// Leaves the seat before the socket is closed, so that the others need not wait for that.
    fn end(self, leave: Leave) -> End {
        match leave {
            Leave::Bye => {
                self.seat.leave();
                End::Close(close_code::NORMAL)
            }
            Leave::Lost(end @ End::Close(close::SHUTDOWN)) => {
                self.seat.leave_silently();
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

/// Whether a client that receives this close code will not come back.
fn is_final(code: u16) -> bool {
    matches!(code, close_code::SIZE | 4500..=4999)
}

/// Whether a signal is short enough to be forwarded.
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
