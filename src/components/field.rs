use web_sys::HtmlInputElement;
use yew::{AttrValue, Callback, Html, InputEvent, TargetCast as _, html};

/// A line of text to be filled in.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// The input's id.
    pub id: &'static str,
    /// What is asked for.
    pub label: &'static str,
    /// What the browser may fill in.
    pub autocomplete: &'static str,
    /// What stands in it.
    pub text: &'a str,
    /// What is wrong with that, if the person is to know.
    pub complaint: Option<String>,
}

/// Draws a field with its label and what is wrong with it; calls back with each new text.
pub fn field(field: Field<'_>, on_text: Callback<String>) -> Html {
    let Field {
        id,
        label,
        autocomplete,
        text,
        complaint,
    } = field;
    let error_id = AttrValue::from([id, "-error"].concat());
    let on_input = on_text
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    let invalid = if complaint.is_some() { "true" } else { "false" };
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
            <p id={error_id} class="field-error" role="alert">{ complaint }</p>
        </div>
    }
}
