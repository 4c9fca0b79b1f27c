use web_sys::HtmlInputElement;
use yew::{AttrValue, Callback, Html, InputEvent, Properties, TargetCast as _, component, html};

/// What a [`Field`] takes.
#[derive(PartialEq, Properties)]
pub struct FieldProps {
    /// The input's id.
    pub id: AttrValue,
    /// What is asked for.
    pub label: AttrValue,
    /// What stands in it.
    pub value: AttrValue,
    /// What is wrong with that, if the person is to know.
    #[prop_or_default]
    pub complaint: Option<AttrValue>,
    /// Called with each new value.
    pub on_input: Callback<String>,
    /// What the browser may fill in.
    pub autocomplete: AttrValue,
}

/// A line of text to be filled in, with its label and what is wrong with it.
#[component]
pub fn Field(props: &FieldProps) -> Html {
    let error_id = AttrValue::from([&props.id, "-error"].concat());
    let on_input = props
        .on_input
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    let invalid = if props.complaint.is_some() {
        "true"
    } else {
        "false"
    };
    html! {
        <div class="field">
            <label for={props.id.clone()}>{ &props.label }</label>
            <input
                id={props.id.clone()}
                name={props.id.clone()}
                type="text"
                value={props.value.clone()}
                oninput={on_input}
                autocomplete={props.autocomplete.clone()}
                autocapitalize="off"
                spellcheck="false"
                aria-invalid={invalid}
                aria-describedby={error_id.clone()}
            />
            <p id={error_id} class="field-error" role="alert">
                { props.complaint.clone().unwrap_or_default() }
            </p>
        </div>
    }
}
