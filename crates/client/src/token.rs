//! The access token of a call: a text, or a function of the page that supplies one after another.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::browser::{exception_text, within};
use crate::task::Task;
use crate::{CallError, ErrorCode};

/// How long the page's function may take, in milliseconds.
const TIME_LIMIT: i32 = 10_000;

/// Asks the page for access tokens.
#[derive(Default)]
pub(crate) struct TokenSource {
    /// Returns a string, or a promise of one.
    function: Option<Function>,
    asking: Cell<Option<Task>>,
}

impl TokenSource {
    pub(crate) fn new(function: Option<Function>) -> Self {
        Self {
            function,
            asking: Cell::default(),
        }
    }

    /// Asks for a token, and reports it or why there is none.
    pub(crate) fn ask(&self, report: Rc<dyn Fn(Result<String, CallError>)>) {
        let answer = match &self.function {
            Some(function) => function.call0(&JsValue::UNDEFINED),
            None => Ok(JsValue::UNDEFINED),
        };
        let answer =
            answer.map_or_else(|error| Promise::reject(&error), |it| Promise::resolve(&it));
        let answer = within(TIME_LIMIT, &answer, "no answer within 10 s");
        let asking = Task::spawn(async move {
            let token = JsFuture::from(answer).await;
            let token = token.and_then(|token| token.as_string().ok_or(token));
            report(token.map_err(failed));
        });
        self.asking.set(Some(asking));
    }
}

fn failed(cause: JsValue) -> CallError {
    let message = ["'token' gave no string: ", &exception_text(&cause)].concat();
    CallError {
        cause: Some(cause),
        ..CallError::new(ErrorCode::TokenFailed, message)
    }
}
