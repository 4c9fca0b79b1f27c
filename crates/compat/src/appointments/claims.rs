use serde_json::{Map, Value};

/// The spellings in copies of the system, the original's first.
const PROFESSIONAL: &[&str] = &[
    "professionalsFullName",
    "proffessionalsFullName",
    "professionalFullName",
    "professionFullName",
];
const DATE: &[&str] = &["apptDate", "appDate"];

/// The longest uuid, in bytes.
const MAX_UUID_BYTES: usize = 128;

/// Who the bearer of a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Person {
    Professional(String),
    Client(Claims),
}

/// The appointment that a client's token names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claims {
    pub(super) uuid: String,
    pub(super) professional: String,
    /// All claims, with the original's spellings added.
    pub(super) info: Map<String, Value>,
}

impl Person {
    /// Reads claims. Those with a `proId` are a professional's, all others a client's.
    pub(super) fn read(claims: Map<String, Value>) -> Option<Self> {
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

/// A uuid, which may be a number or a text, as text.
pub(super) fn uuid(value: &Value) -> Option<String> {
    let uuid = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (uuid.len() <= MAX_UUID_BYTES).then_some(uuid)
}

/// The value of the first of these fields that exists.
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
    fn claims_with_a_pro_id_are_a_professionals() {
        let claims = json!({ "fullName": "Dr. Who", "proId": 1234, "uuid": 1 });
        let professional = Some(Person::Professional("Dr. Who".to_owned()));
        assert_eq!(read(claims), professional);
        assert_eq!(read(json!({ "proId": 1234 })), None);
    }

    #[test]
    fn reads_the_spellings_of_all_copies() {
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
    fn refuses_claims_of_neither_kind() {
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
