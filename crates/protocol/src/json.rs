//! JSON objects, read and written field by field.
//!
//! The reader is `hifijson`, which leaves numbers as text: with the floats that no message of ours
//! holds, and the errors for people that nobody sees, `serde_json` costs each visitor 10 kB more
//! (brotli), and 25 kB more with derived records.

mod value;

use std::str::FromStr;

use self::value::{Object, Value};
use crate::DecodeError;

/// A JSON object that was read.
#[derive(Debug)]
pub(crate) struct Record<'a>(Object<'a>);

/// A JSON array that was read, to be taken from the front.
#[derive(Debug)]
pub(crate) struct List<'a>(std::vec::IntoIter<Value<'a>>);

/// Reads a text that must be one JSON value, of the kind that `wanted` takes.
fn parse<'a, T>(
    text: &'a str,
    wanted: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<T, DecodeError> {
    let (value, at) = value::parse(text);
    let wanted = value.and_then(wanted);
    wanted.ok_or(DecodeError::Malformed { at })
}

impl<'a> List<'a> {
    /// Reads a text that must be one JSON array.
    pub(crate) fn parse(text: &'a str) -> Result<Self, DecodeError> {
        parse(text, |value| match value {
            Value::List(items) => Some(Self(items.into_iter())),
            _ => None,
        })
    }

    /// Takes the next item, if it is a text.
    pub(crate) fn text(&mut self) -> Option<String> {
        match self.0.next()? {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }

    /// Takes the next item, if it is an object.
    pub(crate) fn record(&mut self) -> Option<Record<'a>> {
        match self.0.next()? {
            Value::Object(fields) => Some(Record(fields)),
            _ => None,
        }
    }

    /// Takes the next item, if it is a list, and returns the objects in it.
    pub(crate) fn records(&mut self) -> Vec<Record<'a>> {
        self.0.next().map_or_else(Vec::new, objects)
    }
}

/// The objects of a list; whatever else is in it is left out.
fn objects<'a>(list: Value<'a>) -> Vec<Record<'a>> {
    let Value::List(items) = list else {
        return Vec::new();
    };
    let objects = items.into_iter().filter_map(|item| match item {
        Value::Object(fields) => Some(Record(fields)),
        _ => None,
    });
    objects.collect()
}

impl<'a> Record<'a> {
    /// Reads a text that must be one JSON object.
    pub(crate) fn parse(text: &'a str) -> Result<Self, DecodeError> {
        parse(text, |value| match value {
            Value::Object(fields) => Some(Self(fields)),
            _ => None,
        })
    }

    /// Takes a field's text out; `None` if it is missing, null or something else.
    pub(crate) fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }

    /// Takes out a text, or a number as it is written.
    pub(crate) fn text_or_number(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::Text(text) => Some(text.into_owned()),
            Value::Number(digits) => Some(digits.to_owned()),
            _ => None,
        }
    }

    /// Reads a whole number.
    pub(crate) fn number<N: FromStr>(&mut self, field: &str) -> Option<N> {
        match self.take(field)? {
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Whether a field is there and true.
    pub(crate) fn flag(&mut self, field: &str) -> bool {
        matches!(self.take(field), Some(Value::Word(true)))
    }

    /// Takes out a list of texts; whatever else is in it is left out.
    pub(crate) fn texts(&mut self, field: &str) -> Vec<String> {
        let Some(Value::List(items)) = self.take(field) else {
            return Vec::new();
        };
        let texts = items.into_iter().filter_map(|item| match item {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        });
        texts.collect()
    }

    /// Takes out an object.
    pub(crate) fn record(&mut self, field: &str) -> Option<Self> {
        match self.take(field)? {
            Value::Object(fields) => Some(Self(fields)),
            _ => None,
        }
    }

    /// Takes out a list of objects; whatever else is in it is left out.
    pub(crate) fn records(&mut self, field: &str) -> Vec<Self> {
        self.take(field).map_or_else(Vec::new, objects)
    }

    /// Of a field that is there twice, the last counts, as in a browser.
    fn take(&mut self, field: &str) -> Option<Value<'a>> {
        let index = self.0.iter().rposition(|(name, _)| name == field)?;
        Some(self.0.remove(index).1)
    }
}

/// A JSON object in the writing.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn text(self, field: &str, text: &str) -> Self {
        let mut this = self.field(field);
        quote(text, &mut this.0);
        this
    }

    /// Writes a field, unless there is nothing to write.
    pub(crate) fn text_if(self, field: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(field, text),
            None => self,
        }
    }

    /// Writes a number, unless there is none.
    pub(crate) fn number(self, field: &str, number: Option<impl Into<u64>>) -> Self {
        let Some(number) = number else { return self };
        let mut this = self.field(field);
        this.0.push_str(&number.into().to_string());
        this
    }

    pub(crate) fn object(self, field: &str, object: Self) -> Self {
        self.json(field, &object.finish())
    }

    /// Writes what is JSON already.
    pub(crate) fn json(self, field: &str, json: &str) -> Self {
        let mut this = self.field(field);
        this.0.push_str(json);
        this
    }

    /// Writes a flag, if it is up.
    pub(crate) fn flag(self, field: &str, up: bool) -> Self {
        if up { self.json(field, "true") } else { self }
    }

    pub(crate) fn objects(self, field: &str, objects: impl Iterator<Item = Self>) -> Self {
        self.list(field, objects, |object, json| {
            json.push_str(&object.finish());
        })
    }

    pub(crate) fn texts<'t>(self, field: &str, texts: impl Iterator<Item = &'t str>) -> Self {
        self.list(field, texts, quote)
    }

    fn list<T>(
        self,
        field: &str,
        items: impl Iterator<Item = T>,
        write: impl Fn(T, &mut String),
    ) -> Self {
        let mut this = self.field(field);
        this.0.push('[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                this.0.push(',');
            }
            write(item, &mut this.0);
        }
        this.0.push(']');
        this
    }

    /// Returns the text of the whole object.
    pub(crate) fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }

    /// Starts a field, whose name is one of ours and needs no escaping.
    fn field(mut self, name: &str) -> Self {
        self.0
            .push_str(if self.0.is_empty() { "{\"" } else { ",\"" });
        self.0.push_str(name);
        self.0.push_str("\":");
        self
    }
}

/// Writes a string in its quotes.
pub(crate) fn quote(text: &str, json: &mut String) {
    json.push('"');
    text.chars().for_each(|c| escape(c, json));
    json.push('"');
}

/// Writes a character of a string (RFC 8259 section 7). The library's own writer leaves some control
/// characters as they are, which no reader takes.
fn escape(c: char, text: &mut String) {
    match c {
        '"' | '\\' => {
            text.push('\\');
            text.push(c);
        }
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\u{0}'..='\u{1F}' => {
            text.push_str("\\u00");
            for digit in [u32::from(c) >> 4, u32::from(c) & 0xf] {
                text.push(char::from_digit(digit, 16).unwrap_or('0'));
            }
        }
        _ => text.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let inner = Text::default().text("sdp", "v=0\r\n\"\\\u{1}\u{1f}é🎥");
        let text = Text::default()
            .text("type", "x")
            .number("n", Some(7_u32))
            .object("inner", inner)
            .objects(
                "list",
                [Text::default(), Text::default().text("a", "b")].into_iter(),
            )
            .finish();
        let mut record = Record::parse(&text).expect("it is JSON");
        assert!(text.starts_with("{\"type\":\"x\",\"n\":7,"));
        assert_eq!(record.number("n"), Some(7_u16));
        assert_eq!(record.records("list").len(), 2);
        let sdp = record
            .record("inner")
            .and_then(|mut inner| inner.text("sdp"));
        assert_eq!(sdp.as_deref(), Some("v=0\r\n\"\\\u{1}\u{1f}é🎥"));
    }

    #[test]
    fn python_spacing_and_escapes_are_read_alike() {
        let mut record =
            Record::parse(r#" {"a": "\u00e9\ud83c\udfa5" , "a": "last"} "#).expect("ok");
        assert_eq!(record.text("a").as_deref(), Some("last"));
        assert_eq!(record.text("a").as_deref(), Some("é🎥"));
    }

    #[test]
    fn the_last_of_a_field_counts_whatever_was_taken_before() {
        let mut record = Record::parse(r#"{"x":"","a":"first","a":"last"}"#).expect("ok");
        record.text("x");
        assert_eq!(record.text("a").as_deref(), Some("last"));
    }

    #[test]
    fn what_is_not_one_object_is_malformed() {
        let deep = "[".repeat(100_000);
        let huge = format!("{{\"a\":{deep}");
        for text in [
            "",
            "[]",
            "null",
            "{",
            "{}{}",
            "{\"a\":}",
            "{\"a\":\"\\ud800\"}",
            &deep,
            &huge,
        ] {
            assert!(Record::parse(text).is_err(), "{text:.20}");
        }
        let error = Record::parse("{\"a\": nonsense}").expect_err("it is not JSON");
        assert!(
            matches!(error, DecodeError::Malformed { at: 6..=14 }),
            "{error:?}"
        );
    }
}
