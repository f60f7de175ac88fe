//! Traps in host.json.

use super::{Rule, Violation, diagnosed, fail, warn};
use crate::{
    App,
    app::{FunctionFolder, is},
};

pub(super) const RULES: &[&Rule] = &[&READABLE, &HANDLER, &ARGUMENTS, &ENTRANCE, &TIMEOUT, &ENCODING];

pub(super) const READABLE: Rule = Rule {
    id: "host-json",
    promise: "host.json can be read and has version 2.0",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-host-json#version",
    find: |app| Some(diagnosed::faults(app, "host-json").collect()),
};

const HANDLER: Rule = Rule {
    id: "custom-handler",
    promise: "host.json names the program to start",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#configuration",
    find: |app| {
        let Some(program) = &app.program else {
            let why = "no program is named, so the host looks for the worker of another language: in Azure it does not \
                       start, and answers every call with 503";
            let remedy = "name the program in customHandler.description.defaultExecutablePath";
            return Some(vec![fail("host.json", why, remedy)]);
        };
        let is_older = program.section == "httpWorker";
        let is_ignored = !is_older && app.host_has(&["httpWorker"]);
        let remedy = "move its `description` into `customHandler`, set enableForwardingHttpRequest there if calls are to \
                      keep their paths, and remove `httpWorker`";
        let older = is_older.then(|| {
            let why = "the section is the older one, which the host still reads and warns of: it forwards each call to \
                       /<FunctionName> and knows neither proxying nor routes";
            warn("host.json httpWorker", why, remedy)
        });
        let ignored = is_ignored.then(|| {
            let why = "there is a `customHandler` too, so the host ignores `httpWorker`";
            warn("host.json httpWorker", why, "remove it")
        });
        Some(older.into_iter().chain(ignored).collect())
    },
};

const ARGUMENTS: Rule = Rule {
    id: "argument-with-blank",
    promise: "every argument of the program arrives as one",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#configuration; \
             https://learn.microsoft.com/dotnet/api/system.diagnostics.processstartinfo.arguments",
    find: |app| {
        let lists = ["arguments", "workerArguments"].map(|name| (name, app.handler_texts(name)));
        if lists.iter().all(|(_, texts)| texts.is_empty()) {
            return None;
        }
        let faults =
            lists.iter().flat_map(|(name, texts)| texts.iter().filter_map(|text| argument(app, name, text)));
        Some(faults.collect())
    },
};

/// How one entry ends up when the host joins all of them with blanks and .NET splits the line again.
fn argument(app: &App, list: &str, text: &str) -> Option<Violation> {
    let section = app.program.as_ref().map_or("customHandler", |program| program.section);
    let subject = format!("host.json {section}.description.{list}");
    let (is_open, has_blank) = outside_quotes(text);
    if is_open {
        let why = "an entry has an unmatched quotation mark: the entries up to the next one arrive as one \
                   argument, in Azure as here";
        return Some(warn(subject, why, "close it in the same entry, or write \\\" for the mark itself"));
    }
    if text.trim_matches([' ', '\t']).is_empty() {
        let why =
            "an empty entry is lost: the host joins the entries with blanks, so the program does not get it";
        return Some(warn(subject, why, "write \"\\\"\\\"\" for an empty argument"));
    }
    has_blank.then(|| {
        let why = "an entry holds a blank, and the host joins the entries with blanks and splits the line anew: it arrives \
                   as several arguments, in Azure as here";
        warn(subject, why, "write one entry a word; where a blank belongs to an argument, put it between \\\" and \\\"")
    })
}

/// Whether an entry ends between quotation marks, and whether a blank stands outside of them. A backslash before a
/// quotation mark makes it an ordinary character.
fn outside_quotes(text: &str) -> (bool, bool) {
    let (mut is_quoted, mut has_blank, mut backslashes) = (false, false, 0);
    for letter in text.chars() {
        match letter {
            '"' if backslashes % 2 == 0 => is_quoted = !is_quoted,
            ' ' | '\t' if !is_quoted => has_blank = true,
            _ => {}
        }
        backslashes = if letter == '\\' { backslashes + 1 } else { 0 };
    }
    (is_quoted, has_blank)
}

const ENTRANCE: Rule = Rule {
    id: "http-entrance",
    promise: "HTTP calls reach the program unchanged",
    source: "https://github.com/Azure/azure-functions-host/issues/4926; \
             https://github.com/Azure/azure-functions-host/issues/7930",
    find: |app| {
        let is_older = app.program.as_ref().is_some_and(|program| program.section == "httpWorker");
        let has_http = app.functions.iter().any(FunctionFolder::is_http_only);
        (has_http && !is_older).then(|| entrance(app).into_iter().collect())
    },
};

fn entrance(app: &App) -> Option<Violation> {
    let says = |name| app.host_flag(&["customHandler", name]);
    match (says("enableProxyingHttpRequest"), says("enableForwardingHttpRequest")) {
        (true, true) => None,
        (true, false) => Some(warn(
            "host.json",
            "only enableProxyingHttpRequest is on, which older hosts do not know: they send envelopes",
            "set enableForwardingHttpRequest to true too, and serve both",
        )),
        (false, true) => Some(warn(
            "host.json",
            "only enableForwardingHttpRequest is on: a body sent in chunks gets 500, and paths are decoded once more",
            "set enableProxyingHttpRequest to true too, or refuse bodies without Content-Length",
        )),
        (false, false) => Some(warn(
            "host.json",
            "every HTTP call travels as an envelope, which costs the host six to nine times a direct one",
            "set enableProxyingHttpRequest and enableForwardingHttpRequest to true",
        )),
    }
}

const TIMEOUT: Rule = Rule {
    id: "function-timeout",
    promise: "a call that hangs is ended",
    source: "https://github.com/Azure/azure-functions-host/issues/6601",
    find: |app| {
        let is_endless = app.host_text(&["functionTimeout"]).as_deref() == Some("-1");
        let endless = is_endless.then(|| {
            warn(
                "host.json functionTimeout",
                "there is no limit, so a call that hangs never ends",
                "set a limit, and a shorter deadline in the program: at the host's limit the host kills the program \
                 with all its calls",
            )
        });
        Some(endless.into_iter().collect())
    },
};

const ENCODING: Rule = Rule {
    id: "queue-encoding",
    promise: "host.json sets the encoding of queue messages",
    source: "https://github.com/Azure/azure-webjobs-sdk/issues/2667",
    find: |app| {
        if !app.bindings().any(|(_, binding)| is(binding, "queue") || is(binding, "queueTrigger")) {
            return None;
        }
        let is_said = app.host(&["extensions", "queues", "messageEncoding"]).is_some();
        let unsaid = (!is_said).then(|| {
            warn(
                "host.json extensions.queues",
                "messageEncoding is not set: with the default, base64, a message that was sent as plain text goes to the \
                 poison queue, and the program never sees it",
                "write \"messageEncoding\": \"base64\" or \"none\", as the senders do, and try a message of four letters",
            )
        });
        Some(unsaid.into_iter().collect())
    },
};
