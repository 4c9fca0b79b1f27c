//! JSON, read and written field by field.
//!
//! Deriving `Deserialize` for one record of all fields would be shorter here, and costs a visitor's
//! browser 15 kB more (brotli): each field's reader is compiled anew. A tree of values has one.

use serde_json::{Map, Value};

use crate::DecodeError;

/// A JSON object.
#[derive(Debug, Default)]
pub(crate) struct Record(Map<String, Value>);

impl Record {
    /// Reads a text that must be one JSON object.
    pub(crate) fn parse(text: &str) -> Result<Self, DecodeError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(DecodeError::Malformed { at: (1, 1) }),
            Err(error) => Err(DecodeError::Malformed {
                at: (error.line(), error.column()),
            }),
        }
    }

    /// Takes a field's text out; `None` if it is missing, null or something else.
    pub(crate) fn text(&mut self, field: &str) -> Option<String> {
        match self.0.get_mut(field).map(Value::take) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Reads a whole, non-negative number.
    pub(crate) fn number<N: TryFrom<u64>>(&self, field: &str) -> Option<N> {
        self.0.get(field)?.as_u64()?.try_into().ok()
    }

    /// Takes out an object.
    pub(crate) fn record(&mut self, field: &str) -> Option<Self> {
        match self.0.get_mut(field).map(Value::take) {
            Some(Value::Object(fields)) => Some(Self(fields)),
            _ => None,
        }
    }

    /// Takes out a list of objects; whatever else is in it is left out.
    pub(crate) fn records(&mut self, field: &str) -> Vec<Self> {
        let Some(Value::Array(items)) = self.0.get_mut(field).map(Value::take) else {
            return Vec::new();
        };
        let objects = items.into_iter().filter_map(|item| match item {
            Value::Object(fields) => Some(Self(fields)),
            _ => None,
        });
        objects.collect()
    }

    pub(crate) fn with_text(mut self, field: &str, text: impl Into<String>) -> Self {
        self.0.insert(field.to_owned(), Value::String(text.into()));
        self
    }

    /// Writes a field, unless there is nothing to write.
    pub(crate) fn with_text_if(self, field: &str, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.with_text(field, text),
            None => self,
        }
    }

    /// Writes a number, unless there is none.
    pub(crate) fn with_number(mut self, field: &str, number: Option<impl Into<u64>>) -> Self {
        if let Some(number) = number {
            self.0
                .insert(field.to_owned(), Value::Number(number.into().into()));
        }
        self
    }

    pub(crate) fn with_record(mut self, field: &str, record: Self) -> Self {
        self.0.insert(field.to_owned(), Value::Object(record.0));
        self
    }

    pub(crate) fn with_records(mut self, field: &str, records: impl Iterator<Item = Self>) -> Self {
        let items = records.map(|record| Value::Object(record.0)).collect();
        self.0.insert(field.to_owned(), Value::Array(items));
        self
    }

    /// Writes the text.
    pub(crate) fn write(self) -> String {
        Value::Object(self.0).to_string()
    }
}
