//! JSON objects, read and written field by field.
//!
//! The parser is `hifijson`, which keeps numbers as text. `serde_json` would add 10 kB (brotli) to
//! each visitor's download, and 25 kB with derived records.

mod value;

use self::value::{Object, Value};
use crate::DecodeError;

/// A parsed JSON object. Reading a field takes it out.
#[derive(Debug)]
pub(crate) struct Record<'a>(Object<'a>);

/// A parsed JSON array, read from the front.
#[derive(Debug)]
pub(crate) struct List<'a>(std::vec::IntoIter<Value<'a>>);

/// Parses a text that must be one JSON value, of the kind that `wanted` accepts.
fn parse<'a, T>(
    text: &'a str,
    wanted: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<T, DecodeError> {
    let (value, at) = value::parse(text);
    let wanted = value.and_then(wanted);
    wanted.ok_or(DecodeError::Malformed { at })
}

impl<'a> List<'a> {
    /// Parses a text that must be one JSON array.
    pub(crate) fn parse(text: &'a str) -> Result<Self, DecodeError> {
        parse(text, |value| match value {
            Value::List(items) => Some(Self(items.into_iter())),
            _ => None,
        })
    }

    /// Takes the next item, if it is a string.
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

    /// Takes the next item and returns the objects in it, if it is an array.
    pub(crate) fn records(&mut self) -> Vec<Record<'a>> {
        self.0.next().map_or_else(Vec::new, objects)
    }
}

/// The objects in an array; other items are left out.
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
    /// Parses a frame of a server that also sends texts of its own, such as heartbeats. Returns
    /// `None` for a text that does not begin like an object.
    pub(crate) fn parse_unless_foreign(text: &'a str) -> Result<Option<Self>, DecodeError> {
        match text.trim_start().starts_with('{') {
            true => Self::parse(text).map(Some),
            false => Ok(None),
        }
    }

    /// Parses a text that must be one JSON object.
    pub(crate) fn parse(text: &'a str) -> Result<Self, DecodeError> {
        parse(text, |value| match value {
            Value::Object(fields) => Some(Self(fields)),
            _ => None,
        })
    }

    /// Whether a field is present, be it null.
    pub(crate) fn holds(&self, field: &str) -> bool {
        self.position(field).is_some()
    }

    /// Whether a field is present and not null.
    pub(crate) fn has(&self, field: &str) -> bool {
        let value = self.0.iter().rfind(|(name, _)| name == field);
        value.is_some_and(|(_, value)| !matches!(value, Value::Null))
    }

    /// Takes a string; `None` if the field is missing, null or of another type.
    pub(crate) fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }

    /// Takes a string, or the digits of a number.
    pub(crate) fn text_or_number(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::Text(text) => Some(text.into_owned()),
            Value::Number(digits) => Some(digits.to_owned()),
            _ => None,
        }
    }

    /// Takes an integer.
    pub(crate) fn number<N: TryFrom<u64>>(&mut self, field: &str) -> Option<N> {
        self.whole_number(field)?.try_into().ok()
    }

    fn whole_number(&mut self, field: &str) -> Option<u64> {
        match self.take(field)? {
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Takes a boolean; `false` if the field is missing or of another type.
    pub(crate) fn flag(&mut self, field: &str) -> bool {
        matches!(self.take(field), Some(Value::Bool(true)))
    }

    /// Takes an array of strings; other items are left out.
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

    /// Takes an object. A value of another type stays.
    pub(crate) fn record(&mut self, field: &str) -> Option<Self> {
        match self.0.iter_mut().rfind(|(name, _)| name == field)? {
            (_, Value::Object(fields)) => Some(Self(std::mem::take(fields))),
            _ => None,
        }
    }

    /// The fields that are strings, with their names; in their order.
    pub(crate) fn entries(self) -> impl Iterator<Item = (String, String)> {
        let fields = self.0.into_iter();
        fields.filter_map(|(name, value)| match value {
            Value::Text(text) => Some((name.into_owned(), text.into_owned())),
            _ => None,
        })
    }

    /// Takes an array of objects; other items are left out.
    pub(crate) fn records(&mut self, field: &str) -> Vec<Self> {
        self.take(field).map_or_else(Vec::new, objects)
    }

    /// Takes the last field of this name, as `JSON.parse` does.
    fn take(&mut self, field: &str) -> Option<Value<'a>> {
        let index = self.position(field)?;
        Some(self.0.remove(index).1)
    }

    fn position(&self, field: &str) -> Option<usize> {
        self.0.iter().rposition(|(name, _)| name == field)
    }
}

/// Writes a JSON object, field by field.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn text(self, field: &str, text: &str) -> Self {
        let mut this = self.field(field);
        quote(text, &mut this.0);
        this
    }

    /// Writes a string into a field whose name is not one of ours.
    pub(crate) fn entry(mut self, name: &str, text: &str) -> Self {
        self.separate();
        quote(name, &mut self.0);
        self.0.push(':');
        quote(text, &mut self.0);
        self
    }

    /// Writes a string, if there is one.
    pub(crate) fn text_if(self, field: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(field, text),
            None => self,
        }
    }

    /// Writes an integer, if there is one.
    pub(crate) fn number(self, field: &str, number: Option<impl Into<u64>>) -> Self {
        match number {
            Some(number) => self.json(field, &digits(number.into())),
            None => self,
        }
    }

    pub(crate) fn object(self, field: &str, object: Self) -> Self {
        self.json(field, &object.finish())
    }

    /// Writes a value that is JSON already.
    pub(crate) fn json(self, field: &str, json: &str) -> Self {
        let mut this = self.field(field);
        this.0.push_str(json);
        this
    }

    /// Writes a boolean, if it is true.
    pub(crate) fn flag(self, field: &str, value: bool) -> Self {
        if value {
            self.json(field, "true")
        } else {
            self
        }
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

    /// Returns the JSON text of the object.
    pub(crate) fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }

    /// Starts a field. Its name is one of ours and needs no escaping.
    fn field(mut self, name: &str) -> Self {
        self.separate();
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
        self
    }

    /// Begins the object, or separates two of its fields.
    fn separate(&mut self) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
    }
}

fn digits(number: u64) -> String {
    number.to_string()
}

/// Writes a string in quotes.
pub(crate) fn quote(text: &str, json: &mut String) {
    json.push('"');
    text.chars().for_each(|c| escape(c, json));
    json.push('"');
}

/// Writes a character of a string (RFC 8259 section 7). The library's own writer leaves some control
/// characters unescaped, which is not valid JSON.
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
    fn written_object_reads_back() {
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
    fn python_spacing_and_escapes_are_read() {
        let mut record =
            Record::parse(r#" {"a": "\u00e9\ud83c\udfa5" , "a": "last"} "#).expect("ok");
        assert_eq!(record.text("a").as_deref(), Some("last"));
        assert_eq!(record.text("a").as_deref(), Some("é🎥"));
    }

    #[test]
    fn last_of_duplicate_fields_counts_after_another_was_taken() {
        let mut record = Record::parse(r#"{"x":"","a":"first","a":"last"}"#).expect("ok");
        record.text("x");
        assert_eq!(record.text("a").as_deref(), Some("last"));
    }

    #[test]
    fn text_that_is_not_one_object_is_malformed() {
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
