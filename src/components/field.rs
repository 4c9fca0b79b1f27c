use web_sys::HtmlInputElement;
use yew::{AttrValue, Callback, Html, InputEvent, TargetCast as _, html};

/// A labelled text input.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// The input's id.
    pub id: &'static str,
    /// The label.
    pub label: &'static str,
    /// The `autocomplete` attribute.
    pub autocomplete: &'static str,
    /// The current text.
    pub text: &'a str,
    /// What is wrong with the text, if anything.
    pub error: Option<String>,
}

/// Draws a field with its label and error; calls back with each new text.
pub fn field(field: Field<'_>, on_text: Callback<String>) -> Html {
    let Field {
        id,
        label,
        autocomplete,
        text,
        error,
    } = field;
    let error_id = AttrValue::from([id, "-error"].concat());
    let on_input = on_text
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    let invalid = if error.is_some() { "true" } else { "false" };
    html! {
        <div class="field">
            <label for={id}>{ label }</label>
            <input
                {id}
                value={text.to_owned()}
                oninput={on_input}
                {autocomplete}
                autocapitalize="off"
                spellcheck="false"
                aria-invalid={invalid}
                aria-describedby={error_id.clone()}
            />
            <p id={error_id} class="field-error" role="alert">{ error }</p>
        </div>
    }
}
