use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::warn;
use videocalls_server::extend::Outbox;

use super::claims::Claims;

/// How many candidates of one side are stored, and how many bytes. Further ones are only forwarded.
const MAX_CANDIDATES: usize = 128;
const MAX_CANDIDATES_BYTES: usize = 32 * 1024;

/// What a professional receives on connecting: the newest appointments, and so many bytes of offers.
const LISTED_APPOINTMENTS: usize = 100;
const LISTED_OFFER_BYTES: usize = 256 * 1024;

/// The appointments with the connections of their persons, in memory and for a while.
pub(super) struct AppointmentStore {
    appointments: Mutex<Appointments>,
}

/// The locked content of the store.
pub(super) struct Appointments {
    appointments: HashMap<String, Appointment>,
    /// By name, which is all that the tokens of a professional and of an appointment have in common.
    professionals: HashMap<String, Connections>,
    capacity: usize,
    lifetime: Duration,
    /// Numbers appointments and connections in their order.
    count: u64,
}

pub(super) struct Appointment {
    claims: Claims,
    number: u64,
    touched: Instant,
    pub(super) client: Connections,
    pub(super) call: Option<Call>,
}

/// An offer, and the answer and candidates that belong to it.
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

/// The connections of one person, the latest last. Only the latest is written to, as by the original.
#[derive(Default)]
pub(super) struct Connections(Vec<(u64, Outbox)>);

impl AppointmentStore {
    /// Stores at most `capacity` appointments, each for `lifetime` after it was last used.
    pub(super) fn new(capacity: usize, lifetime: Duration) -> Self {
        let appointments = Appointments {
            appointments: HashMap::new(),
            professionals: HashMap::new(),
            capacity,
            lifetime,
            count: 0,
        };
        Self {
            appointments: Mutex::new(appointments),
        }
    }

    /// Adds the appointment of a new link. If there is no space, it is added when its client
    /// connects.
    pub(super) fn add(&self, claims: Claims) {
        if self.lock().appointment(claims, Instant::now()).is_none() {
            warn!("no space for a further appointment");
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Appointments> {
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

    /// The connection of a professional to write to.
    pub(super) fn professional_outbox(&self, name: &str) -> Option<&Outbox> {
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

    /// The appointment of a client, which is created if it does not exist. Nothing if there is no
    /// space, or if another client with the same uuid is connected.
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

    /// An appointment, if it is with this professional.
    pub(super) fn appointment_with(
        &mut self,
        professional: &str,
        uuid: &str,
    ) -> Option<&mut Appointment> {
        let appointment = self.appointments.get_mut(uuid)?;
        (appointment.claims.professional == professional).then_some(appointment)
    }

    /// The appointment of a connected client.
    pub(super) fn appointment_of(&mut self, uuid: &str) -> Option<&mut Appointment> {
        self.appointments.get_mut(uuid)
    }

    /// A professional's appointments, for their dashboard.
    pub(super) fn appointments_of(&self, professional: &str) -> Value {
        let own = self
            .newest(professional)
            .into_iter()
            .take(LISTED_APPOINTMENTS);
        own.rev().map(Appointment::entry).collect()
    }

    /// The offers to a professional, answered ones included, as JSON texts.
    pub(super) fn offers_for(&self, professional: &str) -> Vec<String> {
        let mut left = LISTED_OFFER_BYTES;
        let newest = self.newest(professional).into_iter();
        let offers = newest.filter_map(Appointment::waiting_call);
        let mut listed = offers
            .map(|offer| offer.to_string())
            .take_while(|offer| {
                let fits = offer.len() <= left;
                left = left.saturating_sub(offer.len());
                fits
            })
            .take(LISTED_APPOINTMENTS)
            .collect::<Vec<_>>();
        listed.reverse();
        listed
    }

    fn newest(&self, professional: &str) -> Vec<&Appointment> {
        let all = self.appointments.values();
        let mut own = all
            .filter(|appointment| appointment.claims.professional == professional)
            .collect::<Vec<_>>();
        own.sort_unstable_by_key(|appointment| std::cmp::Reverse(appointment.number));
        own
    }

    /// Removes expired appointments. If that is not enough, removes the one that was not used for the
    /// longest time, if its client is not connected.
    fn make_room(&mut self, now: Instant) -> Option<()> {
        let lifetime = self.lifetime;
        self.appointments
            .retain(|_, known| !known.client.0.is_empty() || now < known.touched + lifetime);
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

    /// Starts a new call: an offer replaces the one before.
    pub(super) fn set_offer(&mut self, offer: Value) {
        self.call = Some(Call {
            offer,
            answer: None,
            offerer: Candidates::default(),
            answerer: Candidates::default(),
        });
    }

    /// The appointment as the dashboard lists it.
    fn entry(&self) -> Value {
        let mut entry = self.claims.info.clone();
        entry.remove("iat");
        if self.call.is_some() {
            entry.insert("waiting".to_owned(), json!(true));
        }
        Value::Object(entry)
    }

    /// The appointment with its call, once there is an offer.
    pub(super) fn waiting_call(&self) -> Option<Value> {
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
    /// Stores a candidate of this size, if there is space for it.
    pub(super) fn store(&mut self, candidate: Value, bytes: usize) {
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
    use videocalls_server::Limits;
    use videocalls_server::extend::{Metrics, outbox};

    const HOUR: Duration = Duration::from_secs(3600);

    fn claims(uuid: u32) -> Claims {
        let claims = json!({ "uuid": uuid, "professionalsFullName": "Dr. Who" });
        Claims::read(claims.as_object().unwrap().clone()).unwrap()
    }

    fn known(store: &AppointmentStore) -> Vec<Value> {
        let known = store.lock().appointments_of("Dr. Who");
        let known = known.as_array().unwrap().iter();
        known.map(|entry| entry["uuid"].clone()).collect()
    }

    #[test]
    fn at_capacity_removes_the_longest_unused_and_keeps_connected_ones() {
        let store = AppointmentStore::new(3, HOUR);
        let now = Instant::now();
        let (outbox, _queue) = outbox(Limits::default(), &Metrics::default());
        let first = |appointments: &mut Appointments| {
            let appointment = appointments.appointment(claims(1), now).unwrap();
            appointment.client.add(1, outbox.clone());
        };
        first(&mut store.lock());
        for uuid in 2..=5 {
            let later = now + Duration::from_secs(uuid.into());
            assert!(store.lock().appointment(claims(uuid), later).is_some());
        }
        assert_eq!(known(&store), [1, 4, 5]);
        for uuid in [4, 5] {
            let mut appointments = store.lock();
            let appointment = appointments.appointment(claims(uuid), now).unwrap();
            appointment.client.add(uuid.into(), outbox.clone());
        }
        assert!(store.lock().appointment(claims(6), now).is_none());
    }

    #[test]
    fn appointments_expire_when_nobody_connects() {
        let store = AppointmentStore::new(10, HOUR);
        let now = Instant::now();
        store.lock().appointment(claims(1), now);
        store.lock().appointment(claims(2), now + HOUR / 2);
        store.lock().appointment(claims(3), now + HOUR);
        assert_eq!(known(&store), [2, 3]);
    }

    #[test]
    fn stores_candidates_up_to_a_count_and_a_size() {
        let mut candidates = Candidates::default();
        (0..1000).for_each(|number| candidates.store(json!(number), 1));
        assert_eq!(candidates.list().as_array().unwrap().len(), MAX_CANDIDATES);
        let mut candidates = Candidates::default();
        (0..1000).for_each(|number| candidates.store(json!(number), 1024));
        assert_eq!(candidates.list().as_array().unwrap().len(), 32);
    }
}
