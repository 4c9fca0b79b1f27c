use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::{info, warn};
use videocalls_server::extend::{Outbox, RateLimit};

use super::claims::{Claims, Person, any_of, uuid};
use super::store::{Appointment, AppointmentStore, Appointments, Call};
use crate::packet::{self, Event, Malformed};

/// A page makes one offer. The professional receives each, with a list that may be long.
const OFFER_BURST: u32 = 10;
const OFFERS_PER_SECOND: u32 = 1;

/// The longest candidate that is forwarded, as JSON in bytes.
const MAX_CANDIDATE_BYTES: usize = 2 * 1024;

/// A connected person: a client with one appointment, or a professional with all in their name.
/// Dropping it ends the session.
#[must_use]
pub(crate) struct AppointmentSession {
    store: Arc<AppointmentStore>,
    number: u64,
    person: Person,
    outbox: Outbox,
    offers: RateLimit,
}

impl AppointmentSession {
    /// Starts a session and sends what has happened before. Nothing if there is no space for a
    /// further appointment.
    pub(super) fn start(
        store: &Arc<AppointmentStore>,
        person: Person,
        outbox: Outbox,
    ) -> Option<Self> {
        let now = Instant::now();
        let mut appointments = store.lock();
        let number = appointments.next_number();
        match &person {
            Person::Professional(name) => {
                appointments.professional(name).add(number, outbox.clone());
                send(&outbox, "apptData", &appointments.appointments_of(name));
                for offer in appointments.offers_for(name) {
                    outbox.push(packet::event("newOfferWaiting", Some(&offer)));
                }
            }
            Person::Client(claims) => {
                let appointment = appointments.appointment(claims.clone(), now)?;
                appointment.client.add(number, outbox.clone());
                let call = appointment.call.as_ref();
                if let Some(answer) = call.and_then(|call| call.answer.as_ref()) {
                    send(&outbox, "answerToClient", answer);
                }
            }
        }
        drop(appointments);
        info!(number, "session started");
        Some(Self {
            store: Arc::clone(store),
            number,
            person,
            outbox,
            offers: RateLimit::new(OFFER_BURST, OFFERS_PER_SECOND, now),
        })
    }

    /// Carries an event out, if the token of the session allows it.
    pub(crate) fn handle(&mut self, event: &Event<'_>) -> Result<(), Malformed> {
        let store = Arc::clone(&self.store);
        let mut appointments = store.lock();
        match (event.name.as_str(), &self.person) {
            ("newOffer", Person::Client(claims)) => {
                let allowed = self.offers.take(Instant::now());
                handle_offer(
                    &mut appointments,
                    claims,
                    Offer::read(&object(event)?)?,
                    allowed,
                );
            }
            ("newAnswer", Person::Professional(name)) => {
                handle_answer(&mut appointments, name, Answer::read(&object(event)?)?);
            }
            ("iceToServer", person) => {
                if let Some(ice) = Candidate::read(&object(event)?)? {
                    handle_candidate(&mut appointments, person, ice);
                }
            }
            ("getIce", person) => {
                let uuid = uuid(&argument(event)?);
                let known = remote_candidates(&mut appointments, person, uuid);
                // Without a number the client does not wait for an answer.
                if let Some(number) = event.ack {
                    let known = known.unwrap_or_else(|| "[]".to_owned());
                    self.outbox.push(packet::ack(number, &known));
                }
            }
            ("newOffer" | "newAnswer", _) => warn!("event that the token does not allow"),
            _ => warn!("unknown event"),
        }
        Ok(())
    }
}

impl Drop for AppointmentSession {
    fn drop(&mut self) {
        let mut appointments = self.store.lock();
        match &self.person {
            Person::Professional(name) => appointments.remove_professional(name, self.number),
            Person::Client(claims) => {
                if let Some(appointment) = appointments.appointment_of(&claims.uuid) {
                    appointment.client.remove(self.number);
                }
            }
        }
        info!(number = self.number, "session ended");
    }
}

/// A client's offer, with the appointment that it names.
struct Offer {
    uuid: Option<String>,
    description: Value,
}

impl Offer {
    fn read(event: &Map<String, Value>) -> Result<Self, Malformed> {
        let info = any_of(event, &["apptInfo", "aaptInfo", "appointmentInfo"]);
        Ok(Self {
            uuid: info.and_then(|info| uuid(&info["uuid"])),
            description: description(event, &["offer"])?,
        })
    }
}

/// A professional's answer, with the appointment that it names.
struct Answer {
    uuid: String,
    description: Value,
}

impl Answer {
    fn read(event: &Map<String, Value>) -> Result<Self, Malformed> {
        Ok(Self {
            uuid: event.get("uuid").and_then(uuid).ok_or(Malformed)?,
            description: description(event, &["answer", "Answer"])?,
        })
    }
}

/// A candidate, with the appointment that it names.
struct Candidate {
    uuid: Option<String>,
    candidate: Value,
    /// The candidate as JSON text.
    text: String,
}

impl Candidate {
    /// Nothing for the end of the candidates, which the appointments do not understand.
    fn read(event: &Map<String, Value>) -> Result<Option<Self>, Malformed> {
        let candidate = event.get("iceC").ok_or(Malformed)?;
        if candidate.is_null() {
            return Ok(None);
        }
        let text = candidate.to_string();
        if !candidate.is_object() || text.len() > MAX_CANDIDATE_BYTES {
            return Err(Malformed);
        }
        Ok(Some(Self {
            uuid: event.get("uuid").and_then(uuid),
            candidate: candidate.clone(),
            text,
        }))
    }
}

/// Stores an offer and sends it to the professional, unless there are too many.
fn handle_offer(appointments: &mut Appointments, claims: &Claims, offer: Offer, allowed: bool) {
    let own = offer.uuid.is_none_or(|uuid| uuid == claims.uuid);
    let appointment = appointments.appointment_of(&claims.uuid);
    let Some(appointment) = appointment.filter(|_| own && allowed) else {
        return warn!(own, "offer not forwarded");
    };
    appointment.set_offer(offer.description);
    let waiting = appointment.waiting_call().unwrap_or_default();
    let list = appointments.appointments_of(&claims.professional);
    if let Some(outbox) = appointments.professional_outbox(&claims.professional) {
        send(outbox, "newOfferWaiting", &waiting);
        send(outbox, "apptData", &list);
    }
}

fn handle_answer(appointments: &mut Appointments, professional: &str, answer: Answer) {
    let Some(appointment) = appointments.appointment_with(professional, &answer.uuid) else {
        return warn!("answer for somebody else's appointment");
    };
    let Some(call) = &mut appointment.call else {
        return warn!("answer without an offer");
    };
    if let Some(outbox) = appointment.client.latest() {
        send(outbox, "answerToClient", &answer.description);
    }
    call.answer = Some(answer.description);
}

/// Stores a candidate and forwards it. Before there is an offer it is of no use to anybody.
fn handle_candidate(appointments: &mut Appointments, person: &Person, ice: Candidate) {
    let Some((appointment, professional)) = appointment_for(appointments, person, ice.uuid) else {
        return warn!("candidate for somebody else's appointment");
    };
    let Some(call) = &mut appointment.call else {
        return;
    };
    let side = match person {
        Person::Client(_) => &mut call.offerer,
        Person::Professional(_) => &mut call.answerer,
    };
    side.store(ice.candidate, ice.text.len());
    let outbox = match person {
        Person::Client(_) => appointments.professional_outbox(&professional),
        Person::Professional(_) => appointment.client.latest(),
    };
    if let Some(outbox) = outbox {
        outbox.push(packet::event("iceToClient", Some(&ice.text)));
    }
}

/// The candidates of the other side, as JSON text.
fn remote_candidates(
    appointments: &mut Appointments,
    person: &Person,
    uuid: Option<String>,
) -> Option<String> {
    let (appointment, _) = appointment_for(appointments, person, uuid)?;
    let Call {
        offerer, answerer, ..
    } = appointment.call.as_ref()?;
    let side = match person {
        Person::Client(_) => answerer,
        Person::Professional(_) => offerer,
    };
    Some(side.list().to_string())
}

/// The appointment that an event names, if the person may act on it. A client need not name it: its
/// page does not know the uuid yet when it has the first candidates.
fn appointment_for<'a>(
    appointments: &'a mut Appointments,
    person: &Person,
    uuid: Option<String>,
) -> Option<(&'a mut Appointment, String)> {
    match person {
        Person::Client(claims) => {
            let own = uuid.is_none_or(|uuid| uuid == claims.uuid);
            let appointment = appointments.appointment_of(&claims.uuid).filter(|_| own)?;
            Some((appointment, claims.professional.clone()))
        }
        Person::Professional(name) => {
            let appointment = appointments.appointment_with(name, &uuid?)?;
            Some((appointment, name.clone()))
        }
    }
}

fn argument(event: &Event<'_>) -> Result<Value, Malformed> {
    let argument = event.arguments.first().ok_or(Malformed)?;
    Ok(serde_json::from_str(argument.get())?)
}

/// The argument of an event, which is an object.
fn object(event: &Event<'_>) -> Result<Map<String, Value>, Malformed> {
    match argument(event)? {
        Value::Object(object) => Ok(object),
        _ => Err(Malformed),
    }
}

fn description(event: &Map<String, Value>, names: &[&str]) -> Result<Value, Malformed> {
    let description = any_of(event, names).filter(|value| value.is_object());
    description.cloned().ok_or(Malformed)
}

fn send(outbox: &Outbox, event: &str, argument: &Value) {
    outbox.push(packet::event(event, Some(&argument.to_string())));
}
