use serde_json::{Map, Value};
use videocalls_protocol::{DisplayName, Grant, Grants};

use super::room_pattern::RoomPattern;

/// The longest `sub` or `jti`, in bytes.
const MAX_ID_BYTES: usize = 256;

/// What an access token says of its bearer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claims {
    pub(super) room: RoomPattern,
    pub(super) identity: Option<String>,
    pub(super) name: Option<DisplayName>,
    pub(super) grants: Grants,
    /// In seconds since 1970.
    pub(super) expires: u64,
    /// The id of a token that admits one participant only.
    pub(super) once: Option<String>,
}

impl Claims {
    /// Reads verified claims; nothing if one is missing or of another kind than documented.
    pub(super) fn read(claims: &Map<String, Value>) -> Option<Self> {
        let text = |name| match claims.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => value.as_str().map(Some),
        };
        let id = |name| {
            let id: Option<&str> = text(name)?.filter(|id| !id.is_empty());
            let fits = id.is_none_or(|id| id.len() <= MAX_ID_BYTES);
            fits.then(|| id.map(str::to_owned))
        };
        let once = match claims.get("once") {
            None => None,
            Some(once) if once.as_bool()? => Some(id("jti")??),
            Some(_) => None,
        };
        Some(Self {
            room: RoomPattern::new(text("room")??),
            identity: id("sub")?,
            name: DisplayName::optional(text("name")?).ok()?,
            grants: grants(claims.get("grants"))?,
            expires: claims.get("exp")?.as_u64()?,
            once,
        })
    }
}

/// Reads a list of grants. A token without one lets its bearer join and send everything.
fn grants(claim: Option<&Value>) -> Option<Grants> {
    let Some(claim) = claim else {
        return Some(Grants::from_names(["publish"]).with(Grant::Join));
    };
    let names: Option<Vec<_>> = claim.as_array()?.iter().map(Value::as_str).collect();
    Some(Grants::from_names(names?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value) -> Option<Claims> {
        Claims::read(claims.as_object().unwrap())
    }

    #[test]
    fn a_room_and_an_expiry_are_enough() {
        let claims = read(&json!({ "room": "standup", "exp": 7 })).unwrap();
        let grants: Vec<_> = claims.grants.iter().map(Grant::as_str).collect();
        assert_eq!(grants.len(), 4);
        assert!(!claims.grants.has(Grant::Moderate));
        assert!(!claims.grants.has(Grant::BypassLobby));
        assert_eq!(
            (claims.identity, claims.name, claims.once),
            (None, None, None)
        );
        assert_eq!(claims.expires, 7);
    }

    #[test]
    fn reads_the_documented_claims() {
        let claims = read(&json!({
            "room": "team-*", "exp": 7, "sub": "ann@example.org", "name": "Ann", "jti": "1",
            "once": true, "grants": ["join", "moderate", "fly"],
        }));
        let claims = claims.unwrap();
        assert_eq!(claims.identity.as_deref(), Some("ann@example.org"));
        assert_eq!(claims.name, DisplayName::new("Ann").ok());
        assert_eq!(claims.once.as_deref(), Some("1"));
        let grants: Vec<_> = claims.grants.iter().collect();
        assert_eq!(grants, [Grant::Join, Grant::Moderate]);
    }

    #[test]
    fn refuses_claims_of_another_kind() {
        for (name, wrong) in [
            ("room", json!(null)),
            ("room", json!(["a"])),
            ("exp", json!("soon")),
            ("exp", json!(-1)),
            ("sub", json!(7)),
            ("sub", json!("x".repeat(257))),
            ("name", json!("a\u{202e}b")),
            ("grants", json!("join")),
            ("grants", json!([1])),
            ("once", json!(true)),
            ("once", json!("yes")),
        ] {
            let mut claims = json!({ "room": "standup", "exp": 7 });
            claims[name] = wrong;
            assert_eq!(read(&claims), None, "{claims}");
        }
    }
}
