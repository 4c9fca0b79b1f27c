//! Rewrites frames as equivalent JSON.

use serde_json::Value;

pub(crate) fn value(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap_or_else(|error| panic!("{error}: {frame}"))
}

/// Splits a frame into its prefix and its JSON, which may be empty.
pub(crate) fn split(frame: &str) -> (&str, &str) {
    frame.split_at(frame.find(['{', '[']).unwrap_or(frame.len()))
}

/// The prefix and the parsed JSON of a frame.
pub(crate) fn read(frame: &str) -> (&str, Option<Value>) {
    let (head, json) = split(frame);
    (head, Some(json).filter(|json| !json.is_empty()).map(value))
}

/// The same message as written by `json.dumps` in Python.
pub(crate) fn python(frame: &str) -> String {
    let (head, Some(json)) = read(frame) else {
        return frame.to_owned();
    };
    let mut text = head.to_owned();
    let (mut inside, mut escaped) = (false, false);
    for c in json.to_string().chars() {
        let mut units = [0; 2];
        match c {
            ':' | ',' if !inside => text.extend([c, ' ']),
            _ if c.is_ascii() => text.push(c),
            _ => c
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
        inside ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    text
}

/// The same message with the fields of each object in reverse order.
pub(crate) fn backwards(frame: &str) -> String {
    fn write(value: &Value) -> String {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().rev();
                let fields = fields.map(|(name, value)| format!("{name:?}:{}", write(value)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }
            Value::Array(items) => {
                let items = items.iter().map(write).collect::<Vec<_>>();
                format!("[{}]", items.join(","))
            }
            plain => plain.to_string(),
        }
    }
    let (head, json) = read(frame);
    head.to_owned() + &json.map_or_else(String::new, |json| write(&json))
}

/// The same message with an additional field in its first object, if it has one.
pub(crate) fn with_a_field(frame: &str) -> String {
    let more = r#"{"later":{"a":[1,null,-2.5e300]}"#;
    match frame.split_once('{') {
        Some((before, after)) if after.starts_with('}') => [before, more, after].concat(),
        Some((before, after)) => [before, more, ",", after].concat(),
        None => frame.to_owned(),
    }
}

/// Fails if a field is written twice: readers differ in which one they use.
pub(crate) fn no_field_twice(frame: &str) {
    let colons = |text: &str| {
        let (mut count, mut inside, mut escaped) = (0, false, false);
        for c in text.chars() {
            count += usize::from(c == ':' && !inside);
            inside ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
        }
        count
    };
    let (_, Some(json)) = read(frame) else {
        return;
    };
    let kept = json.to_string();
    assert_eq!(
        colons(frame),
        colons(&kept),
        "a field is written twice: {frame}"
    );
}
