//! The function folders directly under the app root and their function.json, and the functions that routes of
//! host.json make. Errors that the host would refuse have been reported already when this module reads a file.

// The host: docs/reference/host-protocol.md#functionjson and docs/reference/host-protocol.md#routes-in-hostjson.

mod binding;

use functions_lint::{Settings, configuration::Section, retry::RetryPolicy};
use serde_json::{Value, json};

use super::Function;
use binding::Binding;

/// Methods of a function that a route of host.json makes.
const METHODS: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT"];

/// Reads every function, those that are switched off too if they can be read.
pub(super) fn all(app: &functions_lint::App, file: &Section<'_>) -> Result<Vec<Function>, Vec<String>> {
    let (mut functions, mut faults) = (Vec::new(), Vec::new());
    for Found { name, place, json } in found(app, file) {
        match json.and_then(|json| function(&name, &json, &app.settings)) {
            Ok(function) => functions.push(function),
            Err(_) if app.settings.disables(&name) => {}
            Err(fault) => faults.push(format!("{place}: {fault}")),
        }
    }
    functions.sort_by_key(|function| function.name.to_ascii_uppercase());
    if faults.is_empty() { Ok(functions) } else { Err(faults) }
}

/// A function and the file that defines it.
struct Found {
    name: String,
    place: String,
    json: Result<Value, String>,
}

fn found(app: &functions_lint::App, file: &Section<'_>) -> Vec<Found> {
    let http = file.section("customHandler").section("http");
    let default = http.text("defaultAuthorizationLevel");
    let routes = http.items("routes");
    if !routes.is_empty() {
        let routes = routes.iter().enumerate();
        return routes.map(|(at, route)| of_route(at, route, default.as_deref())).collect();
    }
    // An empty list makes no key of the configuration, so it limits nothing.
    let only = file.texts("functions");
    let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one.eq_ignore_ascii_case(name));
    let folders = app.functions.iter().filter(|folder| wanted(&folder.name));
    folders
        .map(|folder| Found {
            name: folder.name.clone(),
            place: format!("{}/function.json", folder.name),
            json: folder.json.clone(),
        })
        .collect()
}

fn of_route(at: usize, route: &Section<'_>, default: Option<&str>) -> Found {
    let level = route.text("authorizationLevel").or_else(|| default.map(str::to_owned));
    let json = json!({ "bindings": [
        {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": level, "methods": METHODS, "route": route.text("route")},
        {"type": "http", "direction": "out", "name": "res"},
    ] });
    let place = format!("host.json customHandler.http.routes[{at}]");
    Found { name: format!("http-handler{}", at + 1), place, json: Ok(json) }
}

fn function(name: &str, json: &Value, settings: &Settings) -> Result<Function, String> {
    let bindings = json.get("bindings").and_then(Value::as_array).ok_or("it must have a list of bindings")?;
    let bindings: Vec<Binding<'_>> = bindings.iter().map(Binding).collect();
    let trigger = bindings.iter().find(|binding| binding.is_trigger()).ok_or("it must have a trigger")?;
    let others = || bindings.iter().filter(|binding| !binding.is_trigger());
    let outputs = others().filter(|binding| !binding.is_input()).map(|binding| binding.output(settings));
    let retry = json.get("retry").filter(|policy| !policy.is_null()).map(RetryPolicy::read);
    Ok(Function {
        name: name.to_owned(),
        trigger: trigger.trigger(name, settings)?,
        outputs: outputs.collect::<Result<_, _>>()?,
        inputs: others().filter(|binding| binding.is_input()).map(Binding::input).collect(),
        retry: retry.transpose()?,
    })
}
