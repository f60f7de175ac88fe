//! Rules about host.json and function.json: the files must configure what the code relies on.

use functions_lint::{App, Finding};
use serde_json::Value;

use super::{fail, pass};
use crate::functions::FUNCTIONS;

/// The host.json that this version was tested with.
const SHIPPED_HOST_JSON: &str = include_str!("../../host.json");

/// Values in host.json that the worker relies on: their place, the rule, and what is lost otherwise.
const REQUIRED_VALUES: [(&str, &str, &str); 11] = [
    (
        "C31-host-json",
        "customHandler.enableProxyingHttpRequest",
        "newer hosts send envelopes instead of requests",
    ),
    (
        "C31-host-json",
        "customHandler.enableForwardingHttpRequest",
        "older hosts send envelopes instead of requests",
    ),
    ("C31-host-json", "extensions.http.routePrefix", "routes may lead to the paths of envelopes"),
    (
        "C18-host-json",
        "functionTimeout",
        "the host may kill all running work before the worker's own deadlines end",
    ),
    (
        "C18-host-json",
        "extensions.queues.messageEncoding",
        "a message that is not Base64 moves to the poison queue, and the worker never sees it",
    ),
    (
        "C18-host-json",
        "extensions.queues.visibilityTimeout",
        "while a dependency is down, messages move to the poison queue at once",
    ),
    (
        "C18-host-json",
        "extensions.queues.maxDequeueCount",
        "while a dependency is down, messages soon move to the poison queue",
    ),
    (
        "C33-host-json",
        "extensions.queues.batchSize",
        "more messages run at once than the pool was measured for",
    ),
    (
        "C33-host-json",
        "extensions.queues.newBatchThreshold",
        "more messages run at once than the pool was measured for",
    ),
    ("C27-host-json", "extensions.http.hsts.isEnabled", "browsers are not told to use only https"),
    (
        "C55-host-json",
        "customHandler.description.defaultExecutablePath",
        "the package does not mark it as executable",
    ),
];

pub(super) fn rules(app: &App) -> Vec<Finding> {
    [host_json(app), function_json(app)].concat()
}

fn host_json(app: &App) -> Vec<Finding> {
    // It is in this repository, and a test reads it whenever it is compiled.
    let shipped: Value = serde_json::from_str(SHIPPED_HOST_JSON).unwrap_or_default();
    let findings = REQUIRED_VALUES.iter().map(|(rule, path, lost)| {
        let subject = format!("host.json {path}");
        let parts: Vec<&str> = path.split('.').collect();
        let wanted = parts.iter().fold(&shipped, |value, part| &value[part]);
        let found = app.host(&parts);
        // An override arrives as text.
        let same =
            found.is_some_and(|found| found == wanted || text(found).eq_ignore_ascii_case(&text(wanted)));
        if same {
            return pass(rule, subject, "it has the value that this version relies on");
        }
        fail(
            rule,
            subject,
            format!("it does not have the value that this version relies on: {lost}"),
            format!("set it to {wanted}"),
        )
    });
    findings.collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn function_json(app: &App) -> Vec<Finding> {
    let rule = "C01-function-json";
    // If the registrations contradicted each other, there would be no files to compare with; a test ensures that they
    // do not.
    let known = FUNCTIONS.function_json().unwrap_or_default();
    let findings = app.functions.iter().map(|folder| {
        let subject = format!("{}/function.json", folder.name);
        let Some(function) = known.iter().find(|function| function.name == folder.name) else {
            let why = "the worker has no such function, so it does not start";
            return fail(rule, subject, why, "remove the folder, or deploy the version that has it");
        };
        let expected = serde_json::from_str::<Value>(&function.text).ok();
        if folder.json.as_ref().ok() == expected.as_ref() {
            return pass(rule, subject, "trigger, route, key and outputs are what the worker expects");
        }
        let why = "it differs from what the worker expects: calls may need no key, or never arrive";
        fail(rule, subject, why, "deploy the file of this version")
    });
    findings.collect()
}
