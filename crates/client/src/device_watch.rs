//! Reports devices that appear, and devices that the person allows.

use std::future::pending;
use std::rc::Rc;

use videocalls_protocol::Source;
use videocalls_session::Input;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;

use crate::event_listener::EventListener;
use crate::media_devices::{
    DEVICES, Permission, is_for, list, media_devices, permission_in, permission_status,
};
use crate::task::Task;

type Report = Rc<dyn Fn(Input)>;

/// Reports until the task is dropped.
pub(crate) fn watch(report: Report) -> Task {
    Task::spawn(async move {
        let mut listeners: Vec<_> = listen_to_devices(&report).into_iter().collect();
        for source in DEVICES {
            if let Some(status) = permission_status(source).await {
                listeners.push(listen_to_permission(source, status, &report));
            }
        }
        pending::<()>().await;
        drop(listeners);
    })
}

fn listen_to_devices(report: &Report) -> Option<EventListener> {
    let devices = media_devices().ok()?;
    let (report, mut looking) = (report.clone(), None);
    Some(EventListener::new(&devices, "devicechange", move |_| {
        drop(looking.replace(Task::spawn(report_devices(report.clone()))));
    }))
}

fn listen_to_permission(source: Source, status: JsValue, report: &Report) -> EventListener {
    let report = report.clone();
    let target: EventTarget = status.clone().unchecked_into();
    EventListener::new(&target, "change", move |_| {
        if permission_in(&status) == Permission::Granted {
            report(Input::PermissionGranted(source));
        }
    })
}

async fn report_devices(report: Report) {
    let listed = list().await;
    for source in DEVICES {
        if listed.iter().any(|device| is_for(&device, source)) {
            report(Input::DeviceAppeared(source));
        }
    }
}
