//! A registry of names beside a media provider: `/get_token/`, `/create_member/`, `/get_member/` and
//! `/delete_member/`. The provider's token is ours and opaque.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use rand::Rng;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::shared::Shared;
use crate::web;

/// The longest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 4 * 1024;
/// The longest name of a room or a person, in characters.
const MAX_CHARS: usize = 200;
/// The uids of the provider are numbers of 32 bits; a signed one carries these as well.
const UIDS: std::ops::RangeInclusive<u32> = 1..=0x7fff_ffff;
/// How long a uid is kept for the one who has asked for it.
const RESERVED: Duration = Duration::from_secs(600);

/// Who is called what, in memory and for a while.
pub(crate) struct Members {
    seats: Mutex<HashMap<Seat, Member>>,
    capacity: usize,
    patience: Duration,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Seat {
    room: String,
    uid: String,
}

struct Member {
    /// Nothing while the uid is only given out.
    name: Option<String>,
    expires: Instant,
}

impl Members {
    /// Keeps so many at most, each for so long at most.
    pub(crate) fn new(capacity: usize, patience: Duration) -> Self {
        Self {
            seats: Mutex::default(),
            capacity,
            patience,
        }
    }

    /// Gives a uid out that nobody in the room has.
    fn reserve(&self, room: String, now: Instant) -> u32 {
        let mut seats = self.current(now);
        let mut seat = Seat {
            room,
            uid: String::new(),
        };
        let uid = loop {
            let uid = rand::rng().random_range(UIDS);
            seat.uid = uid.to_string();
            if !seats.contains_key(&seat) {
                break uid;
            }
        };
        let expires = now + RESERVED;
        self.insert(
            &mut seats,
            seat,
            Member {
                name: None,
                expires,
            },
        );
        uid
    }

    /// Whether the seat is free, or its owner's own.
    fn create(&self, seat: Seat, name: &str, now: Instant) -> bool {
        let mut seats = self.current(now);
        let known = seats.get(&seat).and_then(|member| member.name.as_deref());
        let free = known.is_none_or(|known| known == name);
        if free {
            let name = Some(name.to_owned());
            let expires = now + self.patience;
            self.insert(&mut seats, seat, Member { name, expires });
        }
        free
    }

    fn name(&self, seat: &Seat, now: Instant) -> Option<String> {
        self.current(now).get(seat)?.name.clone()
    }

    /// Whether there was such a member.
    fn delete(&self, seat: &Seat, name: &str, now: Instant) -> bool {
        let mut seats = self.current(now);
        let known = seats.get(seat).and_then(|member| member.name.as_deref());
        let found = known == Some(name);
        if found {
            seats.remove(seat);
        }
        found
    }

    /// Those whose time is not over.
    fn current(&self, now: Instant) -> MutexGuard<'_, HashMap<Seat, Member>> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.retain(|_, member| member.expires > now);
        seats
    }

    /// When all places are taken, the one that would be free next is free now.
    fn insert(&self, seats: &mut HashMap<Seat, Member>, seat: Seat, member: Member) {
        if seats.len() >= self.capacity && !seats.contains_key(&seat) {
            let next = seats.iter().min_by_key(|(_, member)| member.expires);
            if let Some(next) = next.map(|(seat, _)| seat.clone()) {
                seats.remove(&next);
            }
        }
        seats.insert(seat, member);
    }
}

pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let room = web::parameter(query.as_deref(), "channel").filter(|room| fits(room));
    let Some(room) = room else {
        return web::problem(StatusCode::BAD_REQUEST, "no channel, or too long a one");
    };
    let uid = shared.members.reserve(room.into_owned(), Instant::now());
    let token = format!("{:032x}", rand::random::<u128>());
    web::reply(&json!({ "token": token, "uid": uid }))
}

pub(crate) async fn create(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    let (seat, name) = match read(&shared, body).await {
        Ok(read) => read,
        Err(problem) => return problem,
    };
    if !shared.members.create(seat, &name, Instant::now()) {
        return web::problem(StatusCode::CONFLICT, "this UID is another's in this room");
    }
    web::reply(&json!({ "name": name }))
}

pub(crate) async fn member(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let text = |key| web::parameter(query.as_deref(), key).map(String::from);
    let seat = text("UID")
        .zip(text("room_name"))
        .map(|(uid, room)| Seat { room, uid });
    let Some(seat) = seat else {
        return web::problem(StatusCode::BAD_REQUEST, "UID and room_name are needed");
    };
    match shared.members.name(&seat, Instant::now()) {
        Some(name) => web::reply(&json!({ "name": name })),
        None => no_such_member(),
    }
}

pub(crate) async fn delete(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    let (seat, name) = match read(&shared, body).await {
        Ok(read) => read,
        Err(problem) => return problem,
    };
    if !shared.members.delete(&seat, &name, Instant::now()) {
        return no_such_member();
    }
    web::reply(&json!("Member deleted"))
}

fn no_such_member() -> Response {
    web::problem(StatusCode::NOT_FOUND, "no such member")
}

/// Whatever type the body claims to have: a page that is being left may send it as text.
async fn read(shared: &Shared, body: Body) -> Result<(Seat, String), Response> {
    let body = web::read(body, MAX_BODY_BYTES, shared.timing.body).await?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let read = || {
        let room = text(&body["room_name"])?;
        let uid = text(&body["UID"])?;
        Some((Seat { room, uid }, text(&body["name"])?))
    };
    let problem = || {
        web::problem(
            StatusCode::BAD_REQUEST,
            "name, room_name and UID are needed",
        )
    };
    read().ok_or_else(problem)
}

/// A text, or a number that stands for one.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    fits(&text).then_some(text)
}

fn fits(text: &str) -> bool {
    text.chars().count() <= MAX_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(room: &str, uid: u32) -> Seat {
        let (room, uid) = (room.to_owned(), uid.to_string());
        Seat { room, uid }
    }

    #[test]
    fn a_member_is_forgotten_in_time() {
        let members = Members::new(8, Duration::from_secs(60));
        let now = Instant::now();
        assert!(members.create(seat("MAIN", 1), "Ann", now));
        let known = |seconds| members.name(&seat("MAIN", 1), now + Duration::from_secs(seconds));
        assert_eq!(known(59).as_deref(), Some("Ann"));
        assert_eq!(known(60), None);
    }

    #[test]
    fn over_the_limit_the_uids_that_are_only_given_out_go_first() {
        let members = Members::new(3, Duration::from_secs(86_400));
        let now = Instant::now();
        assert!(members.create(seat("MAIN", 1), "Ann", now));
        for _ in 0..100 {
            members.reserve("MAIN".to_owned(), now);
        }
        assert_eq!(members.current(now).len(), 3);
        assert!(members.name(&seat("MAIN", 1), now).is_some());
        for uid in 2..100 {
            members.create(seat("MAIN", uid), "Bob", now);
        }
        assert_eq!(members.current(now).len(), 3);
    }
}
