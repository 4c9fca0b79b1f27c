use std::borrow::Cow;

use hifijson::num::LexWrite as _;
use hifijson::str::LexAlloc as _;
use hifijson::token::Lex as _;
use hifijson::{Expect, SliceLexer};

/// The deepest nesting of a message; ours need three levels.
const MAX_DEPTH: usize = 16;

/// A JSON value. The library's own type would add its error messages to the download.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    /// The digits as written.
    Number(&'a str),
    List(Vec<Value<'a>>),
    Object(Object<'a>),
    Bool(bool),
    Null,
}

pub(super) type Object<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// The text is not JSON. The position is known to the lexer.
struct Invalid;

impl From<Expect> for Invalid {
    fn from(_: Expect) -> Self {
        Self
    }
}

/// Parses a text that must be one value. Returns it, and how many bytes were read.
pub(super) fn parse(text: &str) -> (Option<Value<'_>>, usize) {
    let mut lexer = SliceLexer::new(text.as_bytes());
    let value = lexer.exactly_one(SliceLexer::ws_peek, |next, lexer| {
        value(MAX_DEPTH, next, lexer)
    });
    (value.ok(), text.len() - lexer.as_slice().len())
}

fn value<'a>(depth: usize, next: u8, lexer: &mut SliceLexer<'a>) -> Result<Value<'a>, Invalid> {
    let depth = depth.checked_sub(1).ok_or(Invalid)?;
    match next {
        b'a'..=b'z' => lexer
            .null_or_bool()
            .map(|word| word.map_or(Value::Null, Value::Bool))
            .ok_or(Invalid),
        b'0'..=b'9' | b'-' => {
            let digits = lexer.num_bytes().validated().map_err(|_| Invalid)?.0;
            let digits = std::str::from_utf8(digits).map_err(|_| Invalid)?;
            Ok(Value::Number(digits))
        }
        b'"' => string(lexer.discarded()).map(Value::Text),
        b'[' => list(depth, lexer.discarded()).map(Value::List),
        b'{' => object(depth, lexer.discarded()).map(Value::Object),
        _ => Err(Invalid),
    }
}

fn string<'a>(lexer: &mut SliceLexer<'a>) -> Result<Cow<'a, str>, Invalid> {
    lexer.str_string().map_err(|_| Invalid)
}

fn list<'a>(depth: usize, lexer: &mut SliceLexer<'a>) -> Result<Vec<Value<'a>>, Invalid> {
    let mut items = Vec::new();
    lexer.seq(b']', SliceLexer::ws_peek, |next, lexer| {
        items.push(value(depth, next, lexer)?);
        Ok::<_, Invalid>(())
    })?;
    Ok(items)
}

fn object<'a>(depth: usize, lexer: &mut SliceLexer<'a>) -> Result<Object<'a>, Invalid> {
    let mut fields = Vec::new();
    lexer.seq(b'}', SliceLexer::ws_peek, |next, lexer| {
        lexer.expect(|_| Some(next), b'"').ok_or(Invalid)?;
        let name = string(lexer)?;
        lexer.expect(SliceLexer::ws_peek, b':').ok_or(Invalid)?;
        let next = lexer.ws_peek().ok_or(Invalid)?;
        fields.push((name, value(depth, next, lexer)?));
        Ok::<_, Invalid>(())
    })?;
    Ok(fields)
}
