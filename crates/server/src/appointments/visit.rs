use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::{info, warn};

use super::AppointmentStore;
use super::person::{Claims, Person, any_of, uuid};
use super::store::{Appointment, Appointments, Call};
use crate::outbox::Outbox;
use crate::rate::Bucket;
use crate::socketio::packet::{self, Event, Malformed};

/// A page makes one offer. Each is told to the professional, with a list that may be long.
const OFFERS_AT_ONCE: u32 = 10;
const OFFERS_PER_SECOND: u32 = 1;

/// The longest candidate that is passed on, as JSON in bytes.
const MAX_CANDIDATE_BYTES: usize = 2 * 1024;

/// Someone who is there for an appointment, or for all in their name, until dropped.
#[must_use]
pub(crate) struct Visit {
    store: Arc<AppointmentStore>,
    number: u64,
    person: Person,
    outbox: Outbox,
    offers: Bucket,
}

impl Visit {
    /// Begins a visit: the visitor is told what happened before. Nothing if there is no place for a
    /// further appointment.
    pub(crate) fn begin(
        store: &Arc<AppointmentStore>,
        person: Person,
        outbox: Outbox,
    ) -> Option<Self> {
        let now = Instant::now();
        let mut appointments = store.open();
        let number = appointments.next_number();
        match &person {
            Person::Professional(name) => {
                appointments.professional(name).add(number, outbox.clone());
                tell(&outbox, "apptData", &appointments.appointments_of(name));
                for offer in appointments.offers_for(name) {
                    outbox.push(packet::event("newOfferWaiting", Some(&offer)));
                }
            }
            Person::Client(claims) => {
                let appointment = appointments.appointment(claims.clone(), now)?;
                appointment.client.add(number, outbox.clone());
                let call = appointment.call.as_ref();
                if let Some(answer) = call.and_then(|call| call.answer.as_ref()) {
                    tell(&outbox, "answerToClient", answer);
                }
            }
        }
        drop(appointments);
        info!(number, "visit began");
        Some(Self {
            store: Arc::clone(store),
            number,
            person,
            outbox,
            offers: Bucket::new(OFFERS_AT_ONCE, OFFERS_PER_SECOND, now),
        })
    }

    /// Carries an event out, as far as the visitor's token reaches.
    pub(crate) fn hear(&mut self, event: &Event<'_>) -> Result<(), Malformed> {
        let store = Arc::clone(&self.store);
        let mut appointments = store.open();
        match (event.name.as_str(), &self.person) {
            ("newOffer", Person::Client(claims)) => {
                let passed = self.offers.take(Instant::now());
                offered(
                    &mut appointments,
                    claims,
                    Offer::read(&object(event)?)?,
                    passed,
                );
            }
            ("newAnswer", Person::Professional(name)) => {
                answered(&mut appointments, name, Answer::read(&object(event)?)?);
            }
            ("iceToServer", person) => {
                if let Some(ice) = Ice::read(&object(event)?)? {
                    found(&mut appointments, person, ice);
                }
            }
            ("getIce", person) => {
                let uuid = uuid(&argument(event)?);
                let known = known(&mut appointments, person, uuid);
                // Nobody waits for an answer without a number.
                if let Some(number) = event.ack {
                    let known = known.unwrap_or_else(|| "[]".to_owned());
                    self.outbox.push(packet::ack(number, &known));
                }
            }
            ("newOffer" | "newAnswer", _) => warn!("event that the token is not good for"),
            _ => warn!("unknown event"),
        }
        Ok(())
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut appointments = self.store.open();
        match &self.person {
            Person::Professional(name) => appointments.remove_professional(name, self.number),
            Person::Client(claims) => {
                if let Some(appointment) = appointments.appointment_of(&claims.uuid) {
                    appointment.client.remove(self.number);
                }
            }
        }
        info!(number = self.number, "visit ended");
    }
}

/// A client's offer, of the appointment that it names.
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

/// A professional's answer, of the appointment that it names.
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

/// A candidate, of the appointment that it names.
struct Ice {
    uuid: Option<String>,
    candidate: Value,
    /// The candidate as it is passed on.
    text: String,
}

impl Ice {
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

/// Keeps an offer and tells the professional of it, unless it is one too many.
fn offered(appointments: &mut Appointments, claims: &Claims, offer: Offer, passed: bool) {
    let own = offer.uuid.is_none_or(|uuid| uuid == claims.uuid);
    let appointment = appointments.appointment_of(&claims.uuid);
    let Some(appointment) = appointment.filter(|_| own && passed) else {
        return warn!(own, "offer not passed on");
    };
    appointment.offer(offer.description);
    let waiting = appointment.waiting().unwrap_or_default();
    let list = appointments.appointments_of(&claims.professional);
    if let Some(line) = appointments.professional_line(&claims.professional) {
        tell(line, "newOfferWaiting", &waiting);
        tell(line, "apptData", &list);
    }
}

fn answered(appointments: &mut Appointments, professional: &str, answer: Answer) {
    let Some(appointment) = appointments.appointment_with(professional, &answer.uuid) else {
        return warn!("answer to somebody else's appointment");
    };
    let Some(call) = &mut appointment.call else {
        return warn!("answer without an offer");
    };
    if let Some(line) = appointment.client.latest() {
        tell(line, "answerToClient", &answer.description);
    }
    call.answer = Some(answer.description);
}

/// Keeps a candidate and passes it on. Before there is an offer it is of no use to anybody.
fn found(appointments: &mut Appointments, person: &Person, ice: Ice) {
    let Some((appointment, professional)) = concerned(appointments, person, ice.uuid) else {
        return warn!("candidate for somebody else's appointment");
    };
    let Some(call) = &mut appointment.call else {
        return;
    };
    let side = match person {
        Person::Client(_) => &mut call.offerer,
        Person::Professional(_) => &mut call.answerer,
    };
    side.keep(ice.candidate, ice.text.len());
    let line = match person {
        Person::Client(_) => appointments.professional_line(&professional),
        Person::Professional(_) => appointment.client.latest(),
    };
    if let Some(line) = line {
        line.push(packet::event("iceToClient", Some(&ice.text)));
    }
}

/// The candidates of the other side.
fn known(appointments: &mut Appointments, person: &Person, uuid: Option<String>) -> Option<String> {
    let (appointment, _) = concerned(appointments, person, uuid)?;
    let Call {
        offerer, answerer, ..
    } = appointment.call.as_ref()?;
    let side = match person {
        Person::Client(_) => answerer,
        Person::Professional(_) => offerer,
    };
    Some(side.list().to_string())
}

/// The appointment that is meant, if it is the visitor's to act on. A client need not name it: its
/// page does not know it yet when the first candidates are there.
fn concerned<'a>(
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

/// The one argument of an event that says all in an object.
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

fn tell(outbox: &Outbox, event: &str, argument: &Value) {
    outbox.push(packet::event(event, Some(&argument.to_string())));
}
