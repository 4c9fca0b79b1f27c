//! The app's components in a real browser.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::cell::RefCell;
use std::rc::Rc;

use videocalls_app::components::{Icon, JoinPage, JoinPageProps, Tile, TileProps, ToggleButton};
use videocalls_app::components::{call_ended, controls, toasts, toggle_button};
use videocalls_app::state::{CallAction, CallView, JoinOptions, Toast};
use videocalls_client::{
    CallState, Connection, MediaState, Snapshot, Source, TrackState, UnavailableReason,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Document, Element, Event, EventInit, HtmlElement, HtmlInputElement};
use yew::{AppHandle, BaseComponent, Callback, Html, Properties, component, scheduler};

wasm_bindgen_test_configure!(run_in_browser);

/// A mounted component; unmounted when dropped.
struct Mounted<C: BaseComponent> {
    root: Element,
    app: Option<AppHandle<C>>,
}

impl<C: BaseComponent> Mounted<C> {
    async fn new(props: C::Properties) -> Self {
        let root = document().create_element("div").unwrap();
        document().body().unwrap().append_child(&root).unwrap();
        let app = yew::Renderer::<C>::with_root_and_props(root.clone(), props).render();
        scheduler::flush().await;
        Self {
            root,
            app: Some(app),
        }
    }

    async fn update(&mut self, props: C::Properties) {
        self.app.as_mut().unwrap().update(props);
        scheduler::flush().await;
    }

    fn find<T: JsCast>(&self, selector: &str) -> T {
        let found = self.root.query_selector(selector).unwrap();
        found
            .unwrap_or_else(|| panic!("no {selector}"))
            .unchecked_into()
    }

    fn has(&self, selector: &str) -> bool {
        self.root.query_selector(selector).unwrap().is_some()
    }

    fn text(&self, selector: &str) -> String {
        self.find::<Element>(selector)
            .text_content()
            .unwrap()
            .trim()
            .to_owned()
    }

    fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.find::<Element>(selector).get_attribute(name)
    }

    async fn click(&self, selector: &str) {
        self.find::<HtmlElement>(selector).click();
        scheduler::flush().await;
    }

    async fn fill(&self, selector: &str, text: &str) {
        let input: HtmlInputElement = self.find(selector);
        input.set_value(text);
        let bubbles = EventInit::new();
        bubbles.set_bubbles(true);
        let event = Event::new_with_event_init_dict("input", &bubbles).unwrap();
        input.dispatch_event(&event).unwrap();
        scheduler::flush().await;
    }
}

impl<C: BaseComponent> Drop for Mounted<C> {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.root.remove();
    }
}

/// Wraps the output of a drawing function in a component.
#[component]
fn Drawing(props: &DrawingProps) -> Html {
    props.html.clone()
}

#[derive(PartialEq, Properties)]
struct DrawingProps {
    html: Html,
}

async fn drawn(html: Html) -> Mounted<Drawing> {
    Mounted::new(DrawingProps { html }).await
}

fn document() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

fn focused() -> String {
    document().active_element().unwrap().id()
}

/// A callback and the record of its calls.
fn record<T: 'static>() -> (Callback<T>, Rc<RefCell<Vec<T>>>) {
    let calls = Rc::new(RefCell::new(Vec::new()));
    let record = calls.clone();
    (
        Callback::from(move |call| record.borrow_mut().push(call)),
        calls,
    )
}

async fn join_page() -> (Mounted<JoinPage>, Rc<RefCell<Vec<JoinOptions>>>) {
    let (on_join, joined) = record();
    (Mounted::new(JoinPageProps { on_join }).await, joined)
}

#[wasm_bindgen_test]
async fn the_join_page_suggests_a_room_and_shows_its_link() {
    let (page, _) = join_page().await;
    let room = page.find::<HtmlInputElement>("#room").value();
    assert_eq!(room.len(), "lusab-babad-gutih".len());
    assert!(page.text(".link-text").ends_with(&format!("?room={room}")));
    assert_eq!(focused(), "name", "no name is stored");
    for id in ["room", "name"] {
        assert!(page.has(&format!("label[for={id}]")));
    }
    page.fill("#room", "Straße").await;
    assert!(page.text(".link-text").ends_with("?room=Stra%C3%9Fe"));
}

#[wasm_bindgen_test]
async fn the_join_page_shows_errors_beside_the_field_after_submission() {
    let (page, joined) = join_page().await;
    page.fill("#room", "a room/").await;
    assert_eq!(page.text("#room-error"), "");
    assert!(!page.has(".link-text"), "an invalid room has no link");
    page.click("#join").await;
    assert_eq!(focused(), "room");
    assert!(page.text("#room-error").contains("spaces"));
    assert_eq!(page.attribute("#room", "aria-invalid").unwrap(), "true");
    assert_eq!(
        page.attribute("#room", "aria-describedby").unwrap(),
        "room-error"
    );
    assert_eq!(page.attribute("#room-error", "role").unwrap(), "alert");

    page.fill("#room", "a-room").await;
    assert_eq!(page.text("#room-error"), "");
    assert_ne!(page.text("#name-error"), "");
    page.click("#join").await;
    assert_eq!(focused(), "name");
    assert!(joined.borrow().is_empty());
}

#[wasm_bindgen_test]
async fn the_join_page_trims_the_name() {
    let (page, joined) = join_page().await;
    page.fill("#room", "standup").await;
    page.fill("#name", " Ann ").await;
    page.click("#join").await;
    let joined = joined.borrow();
    assert_eq!(joined.len(), 1);
    assert_eq!(
        (joined[0].room.as_str(), joined[0].name.as_str()),
        ("standup", "Ann")
    );
}

fn media(microphone: TrackState, camera: TrackState) -> MediaState {
    let tracks = [(Source::Microphone, microphone), (Source::Camera, camera)];
    tracks.into_iter().collect()
}

fn tile(name: &str, connection: Connection, media: MediaState) -> TileProps {
    TileProps {
        id: "p1".into(),
        name: name.to_owned().into(),
        is_own: false,
        connection,
        media,
        stream: None,
        on_autoplay_blocked: Callback::noop(),
    }
}

#[wasm_bindgen_test]
async fn a_name_is_shown_as_text_not_markup() {
    let name = "<img src=x onerror=alert(1)>";
    let tile = Mounted::<Tile>::new(tile(name, Connection::Connected, MediaState::assumed())).await;
    assert_eq!(tile.text(".tile-name-text"), name);
    assert!(!tile.has("img"));
    assert_eq!(tile.attribute("video", "aria-label").unwrap(), name);
}

#[wasm_bindgen_test]
async fn a_tile_shows_the_state_of_its_participant_and_keeps_its_video() {
    let live = tile("Ann", Connection::Connected, MediaState::assumed());
    let mut shown = Mounted::<Tile>::new(live).await;
    let video: Element = shown.find("video");
    assert!(!shown.has(".tile-cover") && !shown.has(".tile-silent"));

    let off = media(TrackState::Muted, TrackState::Off);
    shown.update(tile("Ann", Connection::Connected, off)).await;
    assert_eq!(shown.attribute("li", "data-audio").unwrap(), "muted");
    assert_eq!(shown.attribute("li", "data-video").unwrap(), "off");
    assert_eq!(shown.text(".tile-reason"), "Camera off");
    assert_eq!(
        shown.attribute(".tile-silent", "title").unwrap(),
        "Microphone muted"
    );

    shown
        .update(tile("Ann", Connection::Interrupted, MediaState::assumed()))
        .await;
    assert_eq!(
        shown.attribute("li", "data-connection").unwrap(),
        "interrupted"
    );
    assert_eq!(shown.text(".tile-reason"), "Connection interrupted");
    assert!(
        shown.find::<Element>("video") == video,
        "a new element would stop the sound"
    );
}

#[wasm_bindgen_test]
async fn a_toggle_button_keeps_its_label_and_reports_its_state() {
    let (on_toggle, toggled) = record();
    let button = |is_pressed, unavailable| DrawingProps {
        html: toggle_button(
            ToggleButton {
                id: "toggle",
                label: "Mute microphone",
                text: "Mute",
                shortcut: "M",
                icon: Icon::Microphone,
                is_pressed,
                unavailable,
            },
            on_toggle.clone(),
        ),
    };
    let mut shown = Mounted::<Drawing>::new(button(false, None)).await;
    assert_eq!(shown.attribute("button", "aria-pressed").unwrap(), "false");
    shown.click("button").await;
    assert_eq!(toggled.borrow().len(), 1);

    shown.update(button(true, None)).await;
    assert_eq!(shown.attribute("button", "aria-pressed").unwrap(), "true");
    assert_eq!(
        shown.attribute("button", "aria-label").unwrap(),
        "Mute microphone"
    );

    shown.update(button(false, Some("No microphone"))).await;
    assert_eq!(shown.attribute("button", "title").unwrap(), "No microphone");
    shown.click("button").await;
    assert_eq!(toggled.borrow().len(), 2, "a missing device can be retried");
}

#[wasm_bindgen_test]
async fn a_missing_device_can_be_retried_and_a_pending_one_turned_off() {
    let snapshot = Snapshot {
        state: CallState::Connected,
        me: None,
        participants: Vec::new(),
        local: media(
            TrackState::Requested,
            TrackState::Unavailable(UnavailableReason::PermissionDenied),
        ),
        is_hand_raised: false,
    };
    let view = CallView::default().after(CallAction::SnapshotChanged(snapshot));
    let ((on_toggle, toggled), (on_leave, left)) = (record(), record());
    let shown = drawn(controls(&view, on_toggle, on_leave)).await;
    let label = |id| shown.attribute(id, "aria-label").unwrap();
    assert_eq!(label("#toggle-audio"), "Mute microphone");
    assert_eq!(label("#toggle-video"), "Retry camera");
    assert_eq!(
        shown.attribute("#toggle-video", "title").unwrap(),
        "Camera blocked"
    );
    for button in ["#toggle-audio", "#toggle-video", "#leave"] {
        shown.click(button).await;
    }
    assert_eq!(*toggled.borrow(), [Source::Microphone, Source::Camera]);
    assert_eq!(left.borrow().len(), 1);
}

#[wasm_bindgen_test]
async fn each_toast_can_be_dismissed() {
    let (on_dismiss, dismissed) = record();
    let list = ["No camera was found.", "No microphone was found."].map(|sentence| Toast {
        sentence,
        device: None,
    });
    let shown = drawn(toasts(&list, &on_dismiss)).await;
    shown.click(".toast:last-child [aria-label=Dismiss]").await;
    assert_eq!(*dismissed.borrow(), ["No microphone was found."]);
}

#[wasm_bindgen_test]
async fn an_ended_call_offers_to_rejoin_or_go_back() {
    let (on_end, ended) = record();
    let shown = drawn(call_ended(&on_end)).await;
    shown.click("#rejoin").await;
    shown.click("#back").await;
    assert_eq!(*ended.borrow(), [true, false]);
}
