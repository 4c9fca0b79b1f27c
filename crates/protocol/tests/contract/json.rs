//! Ways to write the same JSON.

use serde_json::Value;

pub(crate) fn value(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap_or_else(|error| panic!("{error}: {frame}"))
}

/// The same message as `json.dumps` of Python writes it.
pub(crate) fn python(frame: &str) -> String {
    let mut text = String::new();
    let (mut inside, mut escaped) = (false, false);
    for c in value(frame).to_string().chars() {
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
    write(&value(frame))
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
    let kept = value(frame).to_string();
    assert_eq!(
        colons(frame),
        colons(&kept),
        "a field is there twice: {frame}"
    );
}
