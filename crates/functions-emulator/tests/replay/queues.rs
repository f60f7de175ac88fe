//! Exchanges with Storage.Queues 5.3.10 in both message encodings: messages through the host's own listener, outputs
//! through its own binding.

mod whole;

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    compare::differences,
    exchange::{self, Seen},
    recording::{Recording, bytes},
    say,
};
use whole::Life;

const ENCODING: &str = "AzureFunctionsJobHost__extensions__queues__messageEncoding";

/// Every exchange of an encoding, sorted by name.
fn exchanges(encoding: &str) -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/recordings/storage-queues-5.3.10")
        .join(encoding);
    let mut found: Vec<Value> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap())
        .collect();
    found.sort_by_key(|one: &Value| one["case"].as_str().unwrap().to_owned());
    found
}

/// The exchange with the members that the older recordings have.
fn completed(mut exchange: Value) -> Value {
    exchange["app"] = json!("appq");
    exchange["mode"] = json!("envelope");
    exchange["env"] = json!({ ENCODING: exchange["encoding"] });
    if let Some(raw) = exchange["callerSees"].get("rawBody") {
        let (framing, body) = unframed(&exchange["callerSees"], &bytes(raw));
        exchange["callerSees"]["framing"] = json!(framing);
        exchange["callerSees"]["bodyText"] = json!(body);
    }
    exchange
}

/// How an answer was framed, and its body.
fn unframed(answer: &Value, raw: &[u8]) -> (&'static str, String) {
    let raw = String::from_utf8(raw.to_vec()).unwrap();
    let headers = answer["headers"].as_array().unwrap();
    let has = |name: &str| headers.iter().any(|line| line[0].as_str().unwrap().eq_ignore_ascii_case(name));
    if has("transfer-encoding") {
        let (size, rest) = raw.split_once("\r\n").unwrap();
        let body = &rest[..usize::from_str_radix(size, 16).unwrap()];
        assert_eq!(rest[body.len()..], *if body.is_empty() { "\r\n" } else { "\r\n0\r\n\r\n" });
        ("chunked", body.to_owned())
    } else if has("content-length") {
        ("Content-Length: recorded", raw)
    } else {
        // The recorder waited in vain for a body that a 204 does not have.
        assert!(raw.is_empty() || raw == "<<timeout>>", "{raw}");
        ("no body", String::new())
    }
}

/// Every difference between an exchange and its replay.
async fn check(exchange: &Value) -> Vec<String> {
    if exchange.get("callerSends").is_some() {
        let mut seen = exchange::replay(&Recording(exchange.clone())).await;
        return compare_output(exchange, &mut seen);
    }
    compare_life(exchange, &whole::live(exchange).await)
}

/// Several messages of one output are compared whatever their sequence, which a peek does not keep.
fn compare_output(exchange: &Value, seen: &mut Seen) -> Vec<String> {
    let mut expected = exchange.clone();
    let messages = expected["queueMessages"].as_array_mut().unwrap();
    messages.sort_by_key(bytes);
    seen.messages.sort_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
    differences(&expected, seen)
}

fn compare_life(exchange: &Value, life: &Life) -> Vec<String> {
    let attempts: Vec<&Value> = match exchange["attempts"].as_array() {
        Some(attempts) => attempts.iter().map(|attempt| &attempt["request"]).collect(),
        None => Some(&exchange["request"]).filter(|request| !request.is_null()).into_iter().collect(),
    };
    let mut out = Vec::new();
    if attempts.len() != life.requests.len() {
        out.push(format!("calls: recorded {}, replayed {}", attempts.len(), life.requests.len()));
    }
    for (attempt, request) in attempts.iter().zip(&life.requests) {
        let one = json!({ "case": exchange["case"], "mode": "envelope", "request": attempt });
        out.extend(differences(
            &one,
            &Seen { requests: vec![request.clone()], answer: None, messages: Vec::new() },
        ));
    }
    for (what, seen) in [("queueAfter", &life.left), ("poisonMessages", &life.poisoned)] {
        let recorded = exchange[what].as_array().cloned().unwrap_or_default();
        if json!(recorded) != json!(seen) {
            out.push(format!("{what}: recorded {recorded:?}, replayed {seen:?}"));
        }
    }
    out
}

/// Replays every exchange of an encoding, prints the count and fails with all differences.
async fn hold(encoding: &str) {
    let exchanges: Vec<Value> = exchanges(encoding).into_iter().map(completed).collect();
    let (mut faults, mut equal) = (Vec::new(), 0);
    for batch in exchanges.chunks(8) {
        let tasks: Vec<_> = batch
            .iter()
            .map(|exchange| {
                let exchange = exchange.clone();
                tokio::spawn(async move { (exchange["case"].clone(), check(&exchange).await) })
            })
            .collect();
        for task in tasks {
            let (name, found) = task.await.unwrap();
            equal += usize::from(found.is_empty());
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    say(&format!("queues, {encoding}: {equal} equal / {} recorded", exchanges.len()));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert_eq!(equal, 82);
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_in_base64_behave_as_with_storage_queues_5_3_10() {
    hold("base64").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_without_encoding_behave_as_with_storage_queues_5_3_10() {
    hold("none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_altered_part_of_a_queue_exchange_is_noticed() {
    let alterations = [
        ("base64", "qin-rawtext", "/poisonMessages", json!([])),
        ("base64", "qin-json", "/request/bodyText", json!("{}")),
        ("base64", "qin-json", "/request", Value::Null),
        ("base64", "qout-array-mixed", "/queueMessages/6", json!("AA==")),
        ("none", "qin-rawtext", "/request", Value::Null),
        ("none", "qin-rawtext", "/queueAfter", json!(["hello world!"])),
        ("none", "qout-base64-binary", "/callerSees/statusLine", json!("HTTP/1.1 202 Accepted")),
        ("none", "qout-base64-binary", "/queueMessages", json!(["AAH/"])),
        ("none", "qout-string-test", "/queueMessages/0", json!("test")),
        ("none", "queue-poison-rawtext", "/attempts", json!([])),
    ];
    for (encoding, name, place, to) in alterations {
        let exchange = exchanges(encoding).into_iter().find(|one| one["case"] == name).unwrap();
        let mut altered = completed(exchange);
        *altered.pointer_mut(place).unwrap() = to;
        assert_ne!(check(&altered).await, Vec::<String>::new(), "{encoding} {name} {place}");
    }
}
