//! A registry of the names of participants, beside a media provider: `/get_token/`,
//! `/create_member/`, `/get_member/` and `/delete_member/`. The provider's token is an opaque text.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use rand::Rng;
use serde_json::{Value, json};
use tokio::time::Instant;
use videocalls_server::extend::{Context, json};

use crate::Config;

/// The longest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 4 * 1024;
/// The longest name of a room or a person, in characters.
const MAX_CHARS: usize = 200;
/// The provider's uids are numbers of 32 bits; these fit into signed ones too.
const UIDS: RangeInclusive<u32> = 1..=0x7fff_ffff;
/// How long a uid is reserved for the page that has asked for it.
const RESERVED: Duration = Duration::from_secs(600);

pub(crate) fn routes(context: &Context, config: &Config) -> Router {
    let registry = Registry {
        members: Arc::new(Members::new(config.limits.members, config.timing.member)),
        body_timeout: context.timing().body,
    };
    let mut routes = Router::new();
    for (path, method) in [
        ("/get_token", get(token)),
        ("/create_member", post(create)),
        ("/get_member", get(member)),
        ("/delete_member", post(delete)),
    ] {
        let method = method.fallback(json::method_not_allowed);
        // The original redirects to the path with a slash at its end; here both are the same.
        routes = routes
            .route(path, method.clone())
            .route(&format!("{path}/"), method);
    }
    routes.with_state(registry)
}

#[derive(Clone)]
struct Registry {
    members: Arc<Members>,
    body_timeout: Duration,
}

async fn token(State(registry): State<Registry>, RawQuery(query): RawQuery) -> Response {
    let room = json::query_value(query.as_deref(), "channel").filter(|room| fits(room));
    let Some(room) = room else {
        return json::error(StatusCode::BAD_REQUEST, "channel is missing or too long");
    };
    let uid = registry.members.reserve(room.into_owned(), Instant::now());
    let token = format!("{:032x}", rand::random::<u128>());
    json::reply(&json!({ "token": token, "uid": uid }))
}

async fn create(State(registry): State<Registry>, body: Body) -> Response {
    let (key, name) = match registry.read(body).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    if !registry.members.create(key, &name, Instant::now()) {
        return json::error(StatusCode::CONFLICT, "this UID is taken in this room");
    }
    json::reply(&json!({ "name": name }))
}

async fn member(State(registry): State<Registry>, RawQuery(query): RawQuery) -> Response {
    let text = |key| json::query_value(query.as_deref(), key).map(String::from);
    let key = text("UID")
        .zip(text("room_name"))
        .map(|(uid, room)| MemberKey { room, uid });
    let Some(key) = key else {
        return json::error(StatusCode::BAD_REQUEST, "UID or room_name is missing");
    };
    match registry.members.name(&key, Instant::now()) {
        Some(name) => json::reply(&json!({ "name": name })),
        None => no_such_member(),
    }
}

async fn delete(State(registry): State<Registry>, body: Body) -> Response {
    let (key, name) = match registry.read(body).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    if !registry.members.delete(&key, &name, Instant::now()) {
        return no_such_member();
    }
    json::reply(&json!("Member deleted"))
}

fn no_such_member() -> Response {
    json::error(StatusCode::NOT_FOUND, "no such member")
}

impl Registry {
    /// Reads a body as JSON whatever its content type: a page that is being closed may send it as
    /// text.
    async fn read(&self, body: Body) -> Result<(MemberKey, String), Response> {
        let body = json::read_body(body, MAX_BODY_BYTES, self.body_timeout).await?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let read = || {
            let room = text(&body["room_name"])?;
            let uid = text(&body["UID"])?;
            Some((MemberKey { room, uid }, text(&body["name"])?))
        };
        let missing = "name, room_name or UID is missing or too long";
        read().ok_or_else(|| json::error(StatusCode::BAD_REQUEST, missing))
    }
}

/// A text, or a number as text.
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

/// Names by room and uid, in memory and for a while.
struct Members {
    members: Mutex<HashMap<MemberKey, Member>>,
    capacity: usize,
    lifetime: Duration,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct MemberKey {
    room: String,
    uid: String,
}

struct Member {
    /// Nothing while the uid is only reserved.
    name: Option<String>,
    expires: Instant,
}

impl Members {
    fn new(capacity: usize, lifetime: Duration) -> Self {
        Self {
            members: Mutex::default(),
            capacity,
            lifetime,
        }
    }

    /// Reserves a uid that nobody in the room has.
    fn reserve(&self, room: String, now: Instant) -> u32 {
        let mut members = self.current(now);
        let mut key = MemberKey {
            room,
            uid: String::new(),
        };
        let uid = loop {
            let uid = rand::rng().random_range(UIDS);
            key.uid = uid.to_string();
            if !members.contains_key(&key) {
                break uid;
            }
        };
        let reserved = Member {
            name: None,
            expires: now + RESERVED,
        };
        self.insert(&mut members, key, reserved);
        uid
    }

    /// Stores a name, unless another name has the uid.
    fn create(&self, key: MemberKey, name: &str, now: Instant) -> bool {
        let mut members = self.current(now);
        let known = members.get(&key).and_then(|member| member.name.as_deref());
        let free = known.is_none_or(|known| known == name);
        if free {
            let member = Member {
                name: Some(name.to_owned()),
                expires: now + self.lifetime,
            };
            self.insert(&mut members, key, member);
        }
        free
    }

    fn name(&self, key: &MemberKey, now: Instant) -> Option<String> {
        self.current(now).get(key)?.name.clone()
    }

    /// Deletes a member; whether there was one with this name.
    fn delete(&self, key: &MemberKey, name: &str, now: Instant) -> bool {
        let mut members = self.current(now);
        let known = members.get(key).and_then(|member| member.name.as_deref());
        let found = known == Some(name);
        if found {
            members.remove(key);
        }
        found
    }

    /// Locks the members, without those that have expired.
    fn current(&self, now: Instant) -> MutexGuard<'_, HashMap<MemberKey, Member>> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|_, member| member.expires > now);
        members
    }

    /// Inserts a member. At capacity, the one that would expire first is removed.
    fn insert(&self, members: &mut HashMap<MemberKey, Member>, key: MemberKey, member: Member) {
        if members.len() >= self.capacity && !members.contains_key(&key) {
            let first = members.iter().min_by_key(|(_, member)| member.expires);
            if let Some(first) = first.map(|(key, _)| key.clone()) {
                members.remove(&first);
            }
        }
        members.insert(key, member);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(room: &str, uid: u32) -> MemberKey {
        let (room, uid) = (room.to_owned(), uid.to_string());
        MemberKey { room, uid }
    }

    #[test]
    fn members_expire() {
        let members = Members::new(8, Duration::from_secs(60));
        let now = Instant::now();
        assert!(members.create(key("MAIN", 1), "Ann", now));
        let known = |seconds| members.name(&key("MAIN", 1), now + Duration::from_secs(seconds));
        assert_eq!(known(59).as_deref(), Some("Ann"));
        assert_eq!(known(60), None);
    }

    #[test]
    fn at_capacity_reserved_uids_are_removed_first() {
        let members = Members::new(3, Duration::from_secs(86_400));
        let now = Instant::now();
        assert!(members.create(key("MAIN", 1), "Ann", now));
        for _ in 0..100 {
            members.reserve("MAIN".to_owned(), now);
        }
        assert_eq!(members.current(now).len(), 3);
        assert!(members.name(&key("MAIN", 1), now).is_some());
        for uid in 2..100 {
            members.create(key("MAIN", uid), "Bob", now);
        }
        assert_eq!(members.current(now).len(), 3);
    }
}
