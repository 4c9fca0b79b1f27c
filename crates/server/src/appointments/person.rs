use serde_json::{Map, Value};

/// Spellings in copies of the system, the original's first.
const PROFESSIONAL: &[&str] = &[
    "professionalsFullName",
    "proffessionalsFullName",
    "professionalFullName",
    "professionFullName",
];
const DATE: &[&str] = &["apptDate", "appDate"];

/// The longest uuid, in bytes.
const MAX_UUID_BYTES: usize = 128;

/// Whom a token makes its bearer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Person {
    Professional(String),
    Client(Claims),
}

/// What a client's token says of their appointment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claims {
    pub(super) uuid: String,
    pub(super) professional: String,
    /// For the appointments, under the original's names and whatever others the token has.
    pub(super) info: Map<String, Value>,
}

impl Person {
    /// A token with a `proId` is a professional's, any other a client's.
    pub(crate) fn read(claims: Map<String, Value>) -> Option<Self> {
        if claims.contains_key("proId") {
            let name = claims.get("fullName")?.as_str()?;
            return Some(Self::Professional(name.to_owned()));
        }
        Claims::read(claims).map(Self::Client)
    }
}

impl Claims {
    pub(super) fn read(mut info: Map<String, Value>) -> Option<Self> {
        let uuid = uuid(info.get("uuid")?)?;
        let name = any_of(&info, PROFESSIONAL)?.clone();
        let professional = name.as_str()?.to_owned();
        let date = any_of(&info, DATE).cloned();
        info.entry(PROFESSIONAL[0]).or_insert(name);
        info.entry(DATE[0]).or_insert(date.unwrap_or_default());
        info.remove("exp");
        Some(Self {
            uuid,
            professional,
            info,
        })
    }
}

/// A uuid as it is compared: number and text alike.
pub(super) fn uuid(value: &Value) -> Option<String> {
    let uuid = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (uuid.len() <= MAX_UUID_BYTES).then_some(uuid)
}

/// The first of these fields that is there.
pub(super) fn any_of<'a>(map: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| map.get(*name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Option<Person> {
        Person::read(claims.as_object().unwrap().clone())
    }

    #[test]
    fn a_token_with_a_number_of_a_professional_is_theirs() {
        let claims = json!({ "fullName": "Dr. Who", "proId": 1234, "uuid": 1 });
        let professional = Some(Person::Professional("Dr. Who".to_owned()));
        assert_eq!(read(claims), professional);
        assert_eq!(read(json!({ "proId": 1234 })), None);
    }

    #[test]
    fn copies_spell_their_fields_as_they_like() {
        for name in PROFESSIONAL {
            let Some(Person::Client(claims)) =
                read(json!({ "uuid": 1, *name: "Dr. Who", "appDate": 7 }))
            else {
                panic!("{name}");
            };
            assert_eq!(
                (claims.uuid.as_str(), claims.professional.as_str()),
                ("1", "Dr. Who")
            );
            assert_eq!(claims.info["professionalsFullName"], "Dr. Who");
            assert_eq!(claims.info["apptDate"], 7);
        }
    }

    #[test]
    fn who_is_neither_is_nobody() {
        for claims in [
            json!({}),
            json!({ "uuid": 1 }),
            json!({ "professionalsFullName": "Dr. Who" }),
            json!({ "uuid": null, "professionalsFullName": "Dr. Who" }),
            json!({ "uuid": 1, "professionalsFullName": 7 }),
            json!({ "uuid": "x".repeat(129), "professionalsFullName": "Dr. Who" }),
        ] {
            assert_eq!(read(claims.clone()), None, "{claims}");
        }
    }
}
