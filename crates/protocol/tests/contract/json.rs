//! Ways to write the same JSON.

use serde_json::Value;

pub(crate) fn value(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap_or_else(|error| panic!("{error}: {frame}"))
}

/// What stands in front of a frame's JSON, and the JSON, if there is any.
pub(crate) fn split(frame: &str) -> (&str, &str) {
    frame.split_at(frame.find(['{', '[']).unwrap_or(frame.len()))
}

/// A frame, without regard to how its JSON is written.
pub(crate) fn read(frame: &str) -> (&str, Option<Value>) {
    let (head, json) = split(frame);
    (head, Some(json).filter(|json| !json.is_empty()).map(value))
}

/// The same message as `json.dumps` of Python writes it.
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

/// The same message with the fields of each object in the opposite order.
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

/// The same message with a field more in its first object, if it has one.
pub(crate) fn with_a_field(frame: &str) -> String {
    let more = r#"{"later":{"a":[1,null,-2.5e300]}"#;
    match frame.split_once('{') {
        Some((before, after)) if after.starts_with('}') => [before, more, after].concat(),
        Some((before, after)) => [before, more, ",", after].concat(),
        None => frame.to_owned(),
    }
}

/// A field that is there twice is read by some as the first and by others as the last.
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
        "a field is there twice: {frame}"
    );
}
