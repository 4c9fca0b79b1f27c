use std::borrow::Cow;

use hifijson::num::LexWrite as _;
use hifijson::str::LexAlloc as _;
use hifijson::token::Lex as _;
use hifijson::{Expect, SliceLexer};

/// How deep a message may nest; ours need three levels.
const MAX_DEPTH: usize = 16;

/// A JSON value as far as messages need it. The library's own would carry into the bundle how its
/// errors are shown to people.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    /// Its digits, as they are written.
    Number(&'a str),
    List(Vec<Value<'a>>),
    Object(Object<'a>),
    /// True, or else false or null.
    Word(bool),
}

pub(super) type Object<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// Why a text is no JSON; where, the lexer knows.
struct Broken;

impl From<Expect> for Broken {
    fn from(_: Expect) -> Self {
        Self
    }
}

/// Reads a text that must be one value, and returns how far it came.
pub(super) fn parse(text: &str) -> (Option<Value<'_>>, usize) {
    let mut lexer = SliceLexer::new(text.as_bytes());
    let value = lexer.exactly_one(SliceLexer::ws_peek, |next, lexer| {
        value(MAX_DEPTH, next, lexer)
    });
    (value.ok(), text.len() - lexer.as_slice().len())
}

fn value<'a>(depth: usize, next: u8, lexer: &mut SliceLexer<'a>) -> Result<Value<'a>, Broken> {
    let depth = depth.checked_sub(1).ok_or(Broken)?;
    match next {
        b'a'..=b'z' => lexer
            .null_or_bool()
            .map(|word| Value::Word(word == Some(true)))
            .ok_or(Broken),
        b'0'..=b'9' | b'-' => {
            let digits = lexer.num_bytes().validated().map_err(|_| Broken)?.0;
            let digits = std::str::from_utf8(digits).map_err(|_| Broken)?;
            Ok(Value::Number(digits))
        }
        b'"' => string(lexer.discarded()).map(Value::Text),
        b'[' => list(depth, lexer.discarded()).map(Value::List),
        b'{' => object(depth, lexer.discarded()).map(Value::Object),
        _ => Err(Broken),
    }
}

fn string<'a>(lexer: &mut SliceLexer<'a>) -> Result<Cow<'a, str>, Broken> {
    lexer.str_string().map_err(|_| Broken)
}

fn list<'a>(depth: usize, lexer: &mut SliceLexer<'a>) -> Result<Vec<Value<'a>>, Broken> {
    let mut items = Vec::new();
    lexer.seq(b']', SliceLexer::ws_peek, |next, lexer| {
        items.push(value(depth, next, lexer)?);
        Ok::<_, Broken>(())
    })?;
    Ok(items)
}

fn object<'a>(depth: usize, lexer: &mut SliceLexer<'a>) -> Result<Object<'a>, Broken> {
    let mut fields = Vec::new();
    lexer.seq(b'}', SliceLexer::ws_peek, |next, lexer| {
        lexer.expect(|_| Some(next), b'"').ok_or(Broken)?;
        let name = string(lexer)?;
        lexer.expect(SliceLexer::ws_peek, b':').ok_or(Broken)?;
        let next = lexer.ws_peek().ok_or(Broken)?;
        fields.push((name, value(depth, next, lexer)?));
        Ok::<_, Broken>(())
    })?;
    Ok(fields)
}
