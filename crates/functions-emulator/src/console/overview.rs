//! The console's first view: app, functions, worker, users, switches.

use serde_json::{Value, json};

use super::users;
use crate::{
    app::{App, Function, OutputKind, TriggerKind},
    easyauth::EasyAuthMode,
    host::Host,
    queues::MemoryQueues,
};

/// The overview as one JSON document.
pub(super) fn of(host: &Host) -> Value {
    let instance = host.instance();
    let app = instance.as_ref().map(|instance| instance.app());
    let worker = instance.as_ref().map(|instance| instance.worker());
    let functions: Vec<Value> =
        app.map(|app| app.functions.iter().map(|one| function(app, one)).collect()).unwrap_or_default();
    let name = host.options().app_root.file_name().unwrap_or_default().to_string_lossy();
    json!({
        "app": name,
        "url": host.url(),
        "worker": {
            "pid": worker.and_then(crate::worker::Worker::pid),
            "ready": worker.is_some_and(crate::worker::Worker::is_ready),
        },
        "build": host.builds().state(),
        "easyauth": easyauth(host.options().easyauth),
        "functions": functions,
        "messageEncoding": super::queues::encoding(app),
        "openapi": document(host),
        "users": users::all(host),
        "keys": host.options().keys.as_ref().map(crate::access_keys::AccessKeys::names),
        "switches": switches(host),
    })
}

/// The name of a mode of EasyAuth.
pub(super) fn easyauth(mode: EasyAuthMode) -> String {
    format!("{mode:?}").to_lowercase()
}

/// The states of the fault switches.
pub(super) fn switches(host: &Host) -> Value {
    let unavailable = super::queues::in_process(host).map(MemoryQueues::is_unavailable);
    let traffic = host.events().traffic();
    json!({
        "answers": traffic.response_fault(),
        "outputs": traffic.output_delay(),
        "storageUnavailable": unavailable,
    })
}

/// Every timer function with its last and its next run.
pub(super) fn timers(host: &Host) -> Value {
    match host.instance() {
        Some(instance) => instance.timers().overview(),
        None => json!([]),
    }
}

/// Path of the app's OpenAPI document; none while it is not named and no app is read.
pub(super) fn document(host: &Host) -> Option<String> {
    let named = host.options().console.openapi.clone();
    named.or_else(|| host.instance().map(|instance| default_document(instance.app())))
}

fn default_document(app: &App) -> String {
    [app.host.route_prefix.as_str(), "openapi.json"]
        .into_iter()
        .filter(|part| !part.is_empty())
        .fold(String::new(), |path, part| path + "/" + part)
}

fn function(app: &App, function: &Function) -> Value {
    let outputs: Vec<&str> = function
        .outputs
        .iter()
        .filter_map(|output| match &output.kind {
            OutputKind::Queue { queue, .. } => Some(queue.as_str()),
            OutputKind::Other { kind } => Some(kind.as_str()),
            OutputKind::Http => None,
        })
        .collect();
    let mut shown = json!({"name": function.name, "sendsTo": outputs, "modes": modes(function)});
    let more = match &function.trigger.kind {
        TriggerKind::Http { methods, route, auth_level } => {
            let path = app.path_of(route);
            let level = format!("{auth_level:?}").to_lowercase();
            let refuses_all = methods.as_ref().is_some_and(Vec::is_empty);
            let methods = methods.clone().unwrap_or_default();
            json!({"kind": "http", "methods": methods, "refusesAll": refuses_all, "path": path, "authLevel": level})
        }
        TriggerKind::Queue { queue, .. } => json!({"kind": "queue", "queue": queue}),
        TriggerKind::Timer { schedule, .. } => json!({"kind": "timer", "schedule": schedule}),
        TriggerKind::Other { kind } => json!({"kind": "other", "trigger": kind}),
    };
    if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
        shown.extend(more);
    }
    shown
}

/// A call can reach the worker otherwise than in an envelope only if the function has nothing but an HTTP trigger and
/// an `http` output.
fn modes(function: &Function) -> Vec<&'static str> {
    if function.is_http_in_out() { vec!["proxied", "forwarded", "enveloped"] } else { vec!["enveloped"] }
}
