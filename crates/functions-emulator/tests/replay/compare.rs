//! What must be equal between a recording and its replay, and what is masked: fields by their name, never a
//! pattern over bodies.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

use crate::{exchange::Seen, recording::body, wire::Message};

/// Header values that differ from run to run.
const MASKED_HEADERS: [&str; 4] = ["x-azure-functions-invocationid", "x-ms-invocation-id", "date", "server"];

/// Members of an envelope that differ from run to run.
const MASKED_MEMBERS: [&str; 12] = [
    "/Metadata/sys/UtcNow",
    "/Metadata/sys/RandGuid",
    "/Metadata/$sys/UtcNow",
    "/Metadata/$sys/RandGuid",
    "/Metadata/Id",
    "/Metadata/PopReceipt",
    "/Metadata/InsertionTime",
    "/Metadata/ExpirationTime",
    "/Metadata/NextVisibleTime",
    "/Data/myTimer/ScheduleStatus/Last",
    "/Data/myTimer/ScheduleStatus/Next",
    "/Data/myTimer/ScheduleStatus/LastUpdated",
];

/// The time of what never was, which is compared.
const NEVER: &str = "\"0001-01-01T00:00:00+00:00\"";

/// The parts of the host's own .NET exception that are compared; the others say nothing about the host's behaviour.
const EXCEPTION: &str = "/Metadata/RetryContext/Exception";

/// Recordings whose worker set `Date` and `Server` itself, so that they are compared.
const OWN_DATE: [&str; 3] = ["fwd-a-headers", "pxy-a-headers", "ans-headers-special"];

/// Every difference, one line each.
pub(crate) fn differences(recording: &Value, seen: &Seen) -> Vec<String> {
    let name = recording["case"].as_str().unwrap();
    let mut out = requests(recording, seen);
    let expected = &recording["callerSees"];
    match &seen.answer {
        _ if expected.is_null() || expected["end"] == "caller closed" => {}
        None if expected["closedWithoutAnswer"] == true => {}
        None => out.push("answer: none came".to_owned()),
        Some(answer) => {
            out.extend(status(name, expected, answer));
            let unmasked = OWN_DATE.contains(&name);
            out.extend(headers("answer", expected, answer, |header| unmasked && !header.starts_with("x-")));
            out.extend(framing("answer", expected, answer));
            out.extend(same("answer body", &text(&body(expected)), &text(&answer.body)));
        }
    }
    if let Some(messages) = recording["queueMessages"].as_array() {
        let raw = |message: &Value| {
            text(&crate::recording::bytes(message.get("rawMessageText").unwrap_or(message)))
        };
        let expected: Vec<String> = messages.iter().map(raw).collect();
        out.extend(same("queue", &format!("{expected:?}"), &format!("{:?}", seen.messages)));
    }
    out
}

fn requests(recording: &Value, seen: &Seen) -> Vec<String> {
    let expected = &recording["request"];
    let (count, first) = match expected {
        Value::Null => (0, None),
        Value::Array(calls) => (calls.len() as u64, calls.first()),
        one => (one["count"].as_u64().unwrap_or(1), Some(one.get("first").unwrap_or(one))),
    };
    // A timer's recordings hold one call of several each; a caller that left may see none end.
    let call = call_of_timer(recording);
    let mut out = match call {
        Some(_) => Vec::new(),
        None => same("calls", &count.to_string(), &seen.requests.len().to_string()),
    };
    if let (Some(first), Some(request)) = (first, seen.requests.get(call.unwrap_or_default())) {
        out.extend(same("request line", first["line"].as_str().unwrap(), &request.line));
        let mut request = request.clone();
        if recording["case"].as_str().unwrap().starts_with("core-") {
            out.extend(own_length(first, &mut request));
        }
        let request = &request;
        out.extend(headers("request", first, request, |_| false));
        out.extend(framing("request", first, request));
        let (expected, actual) = (text(&body(first)), text(&request.body));
        out.extend(if recording["mode"] == "envelope" {
            same("envelope", &canonical(&expected, ""), &canonical(&actual, ""))
        } else {
            same("request body", &expected, &actual)
        });
    }
    out
}

/// The length of these envelopes varies with the digits of the time in them, so it is held against the body.
fn own_length(recorded: &Value, request: &mut Message) -> Vec<String> {
    let length = request.body.len().to_string();
    let of_recorded = recorded["headers"].as_array().unwrap().iter();
    let of_recorded =
        of_recorded.filter(|line| line[0] == "Content-Length").find_map(|line| line[1].as_str());
    let mut out = Vec::new();
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case("content-length") {
            out.extend(same("length of the body", &length, value));
            of_recorded.unwrap_or_default().clone_into(value);
        }
    }
    out
}

/// Which call of a retried timer a recording shows.
fn call_of_timer(recording: &Value) -> Option<usize> {
    let number = recording["case"].as_str().unwrap().strip_prefix("timer-retry-")?;
    Some(number.parse::<usize>().unwrap() - 1)
}

fn status(name: &str, expected: &Value, answer: &Message) -> Vec<String> {
    let line = expected["statusLine"].as_str().unwrap();
    let status = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
    let reason = |line: &str| line.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
    let mut out = same("status", &status(line), &status(&answer.line));
    if name.starts_with("fwd-a-") || name.starts_with("pxy-a-") {
        out.extend(same("reason", &reason(line), &reason(&answer.line)));
    }
    out
}

fn headers(what: &str, expected: &Value, seen: &Message, compared: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = expected["headers"].as_array().unwrap().iter();
    let lines =
        lines.map(|line| (line[0].as_str().unwrap().to_owned(), line[1].as_str().unwrap().to_owned()));
    let mask = |lines: Vec<(String, String)>| {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in lines {
            let name = name.to_ascii_lowercase();
            let masked = MASKED_HEADERS.contains(&name.as_str()) && !compared(&name);
            names.entry(name).or_default().push(if masked { "(masked)".to_owned() } else { value });
        }
        names
    };
    let (expected, actual) = (mask(lines.collect()), mask(seen.headers.clone()));
    let names: std::collections::BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
    let line = |name: &String, side: &BTreeMap<String, Vec<String>>| format!("{name}: {:?}", side.get(name));
    names
        .into_iter()
        .flat_map(|name| same(&format!("{what} header"), &line(name, &expected), &line(name, &actual)))
        .collect()
}

/// The kind of framing and how it ended; lengths are compared with the headers and the body.
fn framing(what: &str, expected: &Value, seen: &Message) -> Vec<String> {
    let kind = |framing: &str| {
        let (kind, end) = framing.split_once(',').unwrap_or((framing, ""));
        format!("{},{end}", kind.split(':').next().unwrap_or_default())
    };
    same(&format!("{what} framing"), &kind(expected["framing"].as_str().unwrap()), &kind(&seen.framing))
}

fn same(what: &str, expected: &str, actual: &str) -> Vec<String> {
    let short = |text: &str| text.chars().take(1500).collect::<String>();
    if expected == actual {
        Vec::new()
    } else {
        vec![format!("{what}\n    recorded {}\n    replayed {}", short(expected), short(actual))]
    }
}

/// Bytes as text, those that are not UTF-8 in a form of their own.
fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| format!("{bytes:?}"))
}

/// JSON in one spelling: members sorted, strings escaped alike, numbers unchanged, names of headers in lower case,
/// masked members masked.
fn canonical(raw: &str, path: &str) -> String {
    let fallback = || format!("(no JSON) {raw}");
    match raw.trim_start().as_bytes().first() {
        Some(b'{') => {
            let Ok(members) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(raw) else {
                return fallback();
            };
            let compared =
                |name: &str| !path.starts_with(EXCEPTION) || name == "Message" || name == "InnerException";
            let members = members.iter().filter(|(name, _)| compared(name));
            let mut lines: Vec<String> =
                members.map(|(name, value)| member(name, value.get(), path)).collect();
            lines.sort();
            format!("{{{}}}", lines.join(", "))
        }
        Some(b'[') => {
            let Ok(items) = serde_json::from_str::<Vec<Box<RawValue>>>(raw) else { return fallback() };
            let items: Vec<String> = items.iter().map(|item| canonical(item.get(), path)).collect();
            format!("[{}]", items.join(", "))
        }
        Some(b'"') => {
            serde_json::from_str::<String>(raw).map_or_else(|_| fallback(), |text| format!("{text:?}"))
        }
        _ => raw.to_owned(),
    }
}

fn member(name: &str, value: &str, path: &str) -> String {
    let name = if path.ends_with("/Headers") { name.to_ascii_lowercase() } else { name.to_owned() };
    let path = format!("{path}/{name}");
    let masked = MASKED_MEMBERS.contains(&path.as_str()) && value != NEVER;
    format!("{name:?}: {}", if masked { "(masked)".to_owned() } else { canonical(value, &path) })
}
