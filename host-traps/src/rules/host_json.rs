//! Traps in host.json.

use serde_json::Value;

use super::{Fault, Rule, fail, warn};
use crate::{App, app::is};

pub(super) const RULES: &[&Rule] =
    &[&READABLE, &HANDLER, &ARGUMENTS, &ENTRANCE, &TIMEOUT, &BUNDLE, &ENCODING];

pub(super) const READABLE: Rule = Rule {
    id: "host-json",
    promise: "host.json can be read and says version 2.0",
    source: "protocol sheet §7.1",
    find: |app| match &app.host {
        Err(why) => vec![fail("host.json", why, "put a host.json at the root of the app folder")],
        Ok(_) if app.host(&["version"]).and_then(Value::as_str) != Some("2.0") => {
            vec![fail(
                "host.json",
                "`version` is not \"2.0\", so the host does not start",
                "write \"version\": \"2.0\"",
            )]
        }
        Ok(_) => Vec::new(),
    },
};

const HANDLER: Rule = Rule {
    id: "custom-handler",
    promise: "host.json names the program to start",
    source: "protocol sheet §1.1",
    find: |app| {
        if app.program.is_some() {
            return Vec::new();
        }
        let remedy = "name the program in customHandler.description.defaultExecutablePath";
        vec![fail(
            "host.json",
            "no program is named, so the host takes the app for another language's",
            remedy,
        )]
    },
};

const ARGUMENTS: Rule = Rule {
    id: "argument-with-blank",
    promise: "no argument of the program falls apart",
    source: "protocol sheet §1.1",
    find: |app| {
        let lists = ["arguments", "workerArguments"].map(|name| {
            let list = app.host(&["customHandler", "description", name]).and_then(Value::as_array);
            (
                name,
                list.into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .any(|text| text.contains(char::is_whitespace)),
            )
        });
        let split = lists.into_iter().filter(|(_, split)| *split);
        split
            .map(|(name, _)| {
                let why =
                    "an argument holds a blank, and the host joins them without quotes: it arrives as two";
                fail(format!("host.json {name}"), why, "write one argument a word, without blanks inside")
            })
            .collect()
    },
};

const ENTRANCE: Rule = Rule {
    id: "http-entrance",
    promise: "HTTP calls reach the program as they are",
    source: "protocol sheet §2.1; host issues 4926, 7930, 7860",
    find: entrance,
};

fn entrance(app: &App) -> Vec<Fault> {
    let says = |name| app.host_says(&["customHandler", name]);
    let http = app.functions.iter().any(crate::app::FunctionFolder::is_http_alone);
    match (says("enableProxyingHttpRequest"), says("enableForwardingHttpRequest")) {
        (true, true) => Vec::new(),
        _ if !http => Vec::new(),
        (true, false) => vec![warn(
            "host.json",
            "only enableProxyingHttpRequest is on, which older hosts do not know: they send envelopes",
            "set enableForwardingHttpRequest to true too, and serve both",
        )],
        (false, true) => vec![warn(
            "host.json",
            "only enableForwardingHttpRequest is on: a body sent in chunks is lost, and paths are decoded once more",
            "set enableProxyingHttpRequest to true too, or refuse bodies without Content-Length",
        )],
        (false, false) => vec![warn(
            "host.json",
            "every HTTP call travels as an envelope, which costs the host six to nine times a direct one",
            "set enableProxyingHttpRequest and enableForwardingHttpRequest to true",
        )],
    }
}

const TIMEOUT: Rule = Rule {
    id: "function-timeout",
    promise: "a call that hangs has an end",
    source: "protocol sheet §1.6; host issue 6601",
    find: |app| match app.host(&["functionTimeout"]).and_then(Value::as_str) {
        Some("-1") => vec![warn(
            "host.json functionTimeout",
            "there is no limit, so a call that hangs hangs for ever",
            "set a limit, and one of your own below it: at the host's the whole program is killed, with every call",
        )],
        _ => Vec::new(),
    },
};

const BUNDLE: Rule = Rule {
    id: "extension-bundle",
    promise: "the host finds the extensions that the bindings need",
    source: "protocol sheet §7.4",
    find: |app| {
        let built_in = ["httpTrigger", "http", "timerTrigger"];
        // What `func extensions install` leaves is loaded in place of a bundle.
        let installed = app.root.join("bin/extensions.json").is_file();
        let needs =
            !installed && app.bindings().any(|(_, binding)| !built_in.iter().any(|kind| is(binding, kind)));
        let version = app.host(&["extensionBundle", "version"]).and_then(Value::as_str);
        let remedy = "use Microsoft.Azure.Functions.ExtensionBundle with the version \"[4.*, 5.0.0)\"";
        match version.map(|version| version.trim_start_matches(['[', '(', ' '])) {
            None if needs => {
                vec![fail("host.json extensionBundle", "it is missing, and a binding needs it", remedy)]
            }
            Some(version) if version.starts_with(['1', '2', '3']) => {
                vec![warn("host.json extensionBundle", "its version is no longer supported", remedy)]
            }
            _ => Vec::new(),
        }
    },
};

const ENCODING: Rule = Rule {
    id: "queue-encoding",
    promise: "the encoding of queue messages is said",
    source: "protocol sheet §5.1; azure-webjobs-sdk issue 2667",
    find: |app| {
        let queues = app.bindings().any(|(_, binding)| is(binding, "queue") || is(binding, "queueTrigger"));
        if !queues || app.host(&["extensions", "queues", "messageEncoding"]).is_some() {
            return Vec::new();
        }
        vec![warn(
            "host.json extensions.queues",
            "messageEncoding is not said: a sender that writes plain text makes every message poison",
            "write \"messageEncoding\": \"base64\" or \"none\", as the senders do, and try a message of four letters",
        )]
    },
};
