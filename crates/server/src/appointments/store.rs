use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::warn;

use super::person::Claims;
use crate::outbox::Outbox;

/// What is kept of the candidates of one side. More are passed on, but not kept.
const MAX_CANDIDATES: usize = 128;
const MAX_CANDIDATES_BYTES: usize = 32 * 1024;

/// How much of the past a professional is told, in appointments and in bytes of offers: the newest.
const TOLD_APPOINTMENTS: usize = 100;
const TOLD_BYTES: usize = 256 * 1024;

/// The appointments, and who is there for them; in memory and for a while.
pub(crate) struct AppointmentStore {
    appointments: Mutex<Appointments>,
}

/// What the store knows at a moment.
pub(super) struct Appointments {
    appointments: HashMap<String, Appointment>,
    /// Under their names: a token has nothing else that an appointment has too.
    professionals: HashMap<String, Connections>,
    capacity: usize,
    patience: Duration,
    /// Numbers what comes, for its order.
    count: u64,
}

pub(super) struct Appointment {
    claims: Claims,
    number: u64,
    touched: Instant,
    pub(super) client: Connections,
    pub(super) call: Option<Call>,
}

/// An offer and what came of it.
pub(super) struct Call {
    offer: Value,
    pub(super) answer: Option<Value>,
    pub(super) offerer: Candidates,
    pub(super) answerer: Candidates,
}

#[derive(Default)]
pub(super) struct Candidates {
    list: Vec<Value>,
    bytes: usize,
}

/// The sockets of someone, the latest last. That one is spoken to, as by the original.
#[derive(Default)]
pub(super) struct Connections(Vec<(u64, Outbox)>);

impl AppointmentStore {
    /// Keeps so many appointments at most, each for so long after it was last used.
    pub(crate) fn new(capacity: usize, patience: Duration) -> Arc<Self> {
        let appointments = Appointments {
            appointments: HashMap::new(),
            professionals: HashMap::new(),
            capacity,
            patience,
            count: 0,
        };
        Arc::new(Self {
            appointments: Mutex::new(appointments),
        })
    }

    /// Writes an appointment down that a link was given out for; without a place left, its client
    /// brings it along.
    pub(super) fn note(&self, claims: Claims) {
        if self.open().appointment(claims, Instant::now()).is_none() {
            warn!("no place for a further appointment");
        }
    }

    pub(super) fn open(&self) -> MutexGuard<'_, Appointments> {
        self.appointments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Appointments {
    pub(super) fn next_number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(super) fn professional(&mut self, name: &str) -> &mut Connections {
        self.professionals.entry(name.to_owned()).or_default()
    }

    /// The socket to speak to a professional.
    pub(super) fn professional_line(&self, name: &str) -> Option<&Outbox> {
        self.professionals.get(name)?.latest()
    }

    pub(super) fn remove_professional(&mut self, name: &str, number: u64) {
        if let Some(lines) = self.professionals.get_mut(name) {
            lines.remove(number);
            if lines.0.is_empty() {
                self.professionals.remove(name);
            }
        }
    }

    /// The appointment of a client, new if need be; nothing if all places are taken by others who
    /// are there.
    pub(super) fn appointment(&mut self, claims: Claims, now: Instant) -> Option<&mut Appointment> {
        let known = self.appointments.get(&claims.uuid);
        let other = known.filter(|known| known.claims.professional != claims.professional);
        if known.is_none() || other.is_some_and(|other| other.client.0.is_empty()) {
            self.make_room(now)?;
            let uuid = claims.uuid.clone();
            let number = self.next_number();
            let appointment = Appointment::new(claims, number, now);
            self.appointments.insert(uuid.clone(), appointment);
            return self.appointments.get_mut(&uuid);
        }
        if other.is_some() {
            return None;
        }
        let appointment = self.appointments.get_mut(&claims.uuid)?;
        appointment.claims = claims;
        appointment.touched = now;
        Some(appointment)
    }

    /// An appointment that a professional may act on.
    pub(super) fn appointment_with(
        &mut self,
        professional: &str,
        uuid: &str,
    ) -> Option<&mut Appointment> {
        let appointment = self.appointments.get_mut(uuid)?;
        (appointment.claims.professional == professional).then_some(appointment)
    }

    /// The appointment that a client is there for.
    pub(super) fn appointment_of(&mut self, uuid: &str) -> Option<&mut Appointment> {
        self.appointments.get_mut(uuid)
    }

    /// A professional's appointments, for their dashboard.
    pub(super) fn appointments_of(&self, professional: &str) -> Value {
        let own = self
            .newest(professional)
            .into_iter()
            .take(TOLD_APPOINTMENTS);
        own.rev().map(Appointment::entry).collect()
    }

    /// The offers that wait for a professional, or were answered.
    pub(super) fn offers_for(&self, professional: &str) -> Vec<String> {
        let mut left = TOLD_BYTES;
        let newest = self.newest(professional).into_iter();
        let offers = newest.filter_map(Appointment::waiting);
        let mut told = offers
            .map(|offer| offer.to_string())
            .take_while(|offer| {
                let fits = offer.len() <= left;
                left = left.saturating_sub(offer.len());
                fits
            })
            .take(TOLD_APPOINTMENTS)
            .collect::<Vec<_>>();
        told.reverse();
        told
    }

    fn newest(&self, professional: &str) -> Vec<&Appointment> {
        let all = self.appointments.values();
        let mut own = all
            .filter(|appointment| appointment.claims.professional == professional)
            .collect::<Vec<_>>();
        own.sort_unstable_by_key(|appointment| std::cmp::Reverse(appointment.number));
        own
    }

    /// Forgets what is over; and if that is not enough, who was not here for the longest time.
    fn make_room(&mut self, now: Instant) -> Option<()> {
        let patience = self.patience;
        self.appointments
            .retain(|_, known| !known.client.0.is_empty() || now < known.touched + patience);
        if self.appointments.len() < self.capacity {
            return Some(());
        }
        let absent = self.appointments.iter();
        let absent = absent.filter(|(_, known)| known.client.0.is_empty());
        let oldest = absent.min_by_key(|(_, known)| known.touched)?.0.clone();
        self.appointments.remove(&oldest);
        Some(())
    }
}

impl Appointment {
    fn new(claims: Claims, number: u64, now: Instant) -> Self {
        Self {
            claims,
            number,
            touched: now,
            client: Connections::default(),
            call: None,
        }
    }

    /// Begins anew: the last offer is the one that counts.
    pub(super) fn offer(&mut self, offer: Value) {
        self.call = Some(Call {
            offer,
            answer: None,
            offerer: Candidates::default(),
            answerer: Candidates::default(),
        });
    }

    /// A line of the dashboard.
    fn entry(&self) -> Value {
        let mut entry = self.claims.info.clone();
        entry.remove("iat");
        if self.call.is_some() {
            entry.insert("waiting".to_owned(), json!(true));
        }
        Value::Object(entry)
    }

    /// All that is known of a call, once there is an offer.
    pub(super) fn waiting(&self) -> Option<Value> {
        let call = self.call.as_ref()?;
        let mut waiting = self.claims.info.clone();
        waiting.extend([
            ("offer".to_owned(), call.offer.clone()),
            ("offererIceCandidates".to_owned(), call.offerer.list()),
            ("answer".to_owned(), json!(call.answer)),
            ("answerIceCandidates".to_owned(), call.answerer.list()),
        ]);
        Some(Value::Object(waiting))
    }
}

impl Candidates {
    /// Keeps a candidate of so many bytes, if there is room for it.
    pub(super) fn keep(&mut self, candidate: Value, bytes: usize) {
        if self.list.len() < MAX_CANDIDATES && self.bytes + bytes <= MAX_CANDIDATES_BYTES {
            self.list.push(candidate);
            self.bytes += bytes;
        }
    }

    pub(super) fn list(&self) -> Value {
        Value::Array(self.list.clone())
    }
}

impl Connections {
    pub(super) fn add(&mut self, number: u64, outbox: Outbox) {
        self.0.push((number, outbox));
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.0.retain(|(own, _)| *own != number);
    }

    pub(super) fn latest(&self) -> Option<&Outbox> {
        self.0.last().map(|(_, outbox)| outbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::outbox::outbox;

    const HOUR: Duration = Duration::from_secs(3600);

    fn claims(uuid: u32) -> Claims {
        let claims = json!({ "uuid": uuid, "professionalsFullName": "Dr. Who" });
        Claims::read(claims.as_object().unwrap().clone()).unwrap()
    }

    fn known(store: &AppointmentStore) -> Vec<Value> {
        let known = store.open().appointments_of("Dr. Who");
        let known = known.as_array().unwrap().iter();
        known.map(|entry| entry["uuid"].clone()).collect()
    }

    #[test]
    fn the_longest_absent_makes_room_and_who_is_there_stays() {
        let store = AppointmentStore::new(3, HOUR);
        let now = Instant::now();
        let (outbox, _queue) = outbox(Limits::default());
        let first = |appointments: &mut Appointments| {
            let appointment = appointments.appointment(claims(1), now).unwrap();
            appointment.client.add(1, outbox.clone());
        };
        first(&mut store.open());
        for uuid in 2..=5 {
            let later = now + Duration::from_secs(uuid.into());
            assert!(store.open().appointment(claims(uuid), later).is_some());
        }
        assert_eq!(known(&store), [1, 4, 5]);
        for uuid in [4, 5] {
            let mut appointments = store.open();
            let appointment = appointments.appointment(claims(uuid), now).unwrap();
            appointment.client.add(uuid.into(), outbox.clone());
        }
        assert!(store.open().appointment(claims(6), now).is_none());
    }

    #[test]
    fn an_appointment_is_forgotten_when_nobody_comes() {
        let store = AppointmentStore::new(10, HOUR);
        let now = Instant::now();
        store.open().appointment(claims(1), now);
        store.open().appointment(claims(2), now + HOUR / 2);
        store.open().appointment(claims(3), now + HOUR);
        assert_eq!(known(&store), [2, 3]);
    }

    #[test]
    fn candidates_are_kept_up_to_a_number_and_a_size() {
        let mut candidates = Candidates::default();
        (0..1000).for_each(|number| candidates.keep(json!(number), 1));
        assert_eq!(candidates.list().as_array().unwrap().len(), MAX_CANDIDATES);
        let mut candidates = Candidates::default();
        (0..1000).for_each(|number| candidates.keep(json!(number), 1024));
        assert_eq!(candidates.list().as_array().unwrap().len(), 32);
    }
}
