//! Exchanges recorded from the real host's code, replayed against this one.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod caller;
mod compare;
mod exchange;
mod host;
mod promises;
mod recorder;
mod recording;
mod wire;

use std::io::{self, Write};

use serde_json::{Value, json};

use exchange::{check, replay};
use recording::{Recording, group, listed};

/// Replays every named recording, prints the count and fails with all differences.
async fn hold(group: &str, names: &[String]) {
    let mut faults = Vec::new();
    let mut held = 0;
    for batch in names.chunks(16) {
        let tasks: Vec<_> = batch
            .iter()
            .map(|name| {
                let recording = Recording::load(name);
                (name, tokio::spawn(async move { check(&recording).await }))
            })
            .collect();
        for (name, task) in tasks {
            let found = task.await.unwrap();
            held += usize::from(found.is_empty());
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    let (run, recorded) = (names.len(), recording::group(group).len());
    // Written past the test harness, which shows the prints of failing tests alone.
    let count = format!("{group}: {held} held / {run} run / {recorded} recorded\n");
    io::stdout().write_all(count.as_bytes()).unwrap();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let row = format!("| `{group}` | {held} | {run} | {recorded} |");
    assert!(include_str!("../../README.md").contains(&row), "the README says otherwise: {row}");
}

/// The listed cases of a group.
fn listed_of(group: &str) -> Vec<String> {
    listed().0.into_iter().filter(|name| name.starts_with(&format!("{group}-"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_reach_the_worker_through_the_envelope_as_recorded() {
    let whole = |name: &String| Recording::load(name).0["replay"] == "full";
    hold("env", &group("env").into_iter().filter(whole).collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_principal_is_believed_where_the_platform_checks_it() {
    hold("easyauth", &group("easyauth")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn envelope_answers_reach_the_caller_as_recorded() {
    hold("ans", &listed_of("ans")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queue_outputs_become_the_recorded_messages() {
    hold("qout", &group("qout")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forwarded_calls_and_answers_are_as_recorded() {
    hold("fwd", &listed_of("fwd")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proxied_calls_and_answers_are_as_recorded() {
    hold("pxy", &listed_of("pxy")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_without_a_caller_post_the_recorded_envelope() {
    hold("timer", &["timer-first".to_owned()]).await;
    let binary = group("qin").into_iter().filter(|name| name.starts_with("qin-binary-"));
    hold("qin", &binary.collect::<Vec<_>>()).await;
}

#[test]
fn at_most_twelve_of_at_least_sixty_listed_cases_stand_aside() {
    let (held, aside) = listed();
    assert!(held.len() + aside.len() >= 60);
    assert!(aside.len() <= 12);
    assert!(aside.iter().all(|(name, reason)| !reason.is_empty() && Recording::load(name).name() == name));
    assert!(aside.iter().all(|(name, _)| !held.contains(name)));
}

/// Replaces a text at a place of a recording.
fn altered(recording: &Recording, place: &str, from: &str, to: &str) -> Value {
    let mut value = recording.0.clone();
    let slot = value.pointer_mut(place).unwrap_or_else(|| panic!("{place}"));
    let text = slot.as_str().unwrap_or_else(|| panic!("{place} is no text"));
    assert!(text.contains(from), "{place} does not hold {from}");
    *slot = json!(text.replacen(from, to, 1));
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn each_altered_part_of_a_recording_is_noticed() {
    let alterations = [
        ("env-http-post-json", "/request/line", "POST", "PUT"),
        ("env-http-post-json", "/request/line", "/api1", "/api2"),
        ("env-http-post-json", "/request/headers/5/1", "utf-8", "utf-16"),
        ("env-http-post-json", "/request/framing", "chunked", "Content-Length: 9"),
        ("env-http-post-json", "/request/bodyText", "1.50", "1.5"),
        ("env-http-post-json", "/request/bodyText", "\"kind\":\"shoes\"", "\"kind\":\"shoe\""),
        ("env-http-post-json", "/callerSees/statusLine", "200", "201"),
        ("env-http-post-json", "/callerSees/headers/0/1", "utf-8", "utf-16"),
        ("env-http-post-json", "/callerSees/framing", "chunked", "Content-Length: 2"),
        ("env-http-post-json", "/callerSees/bodyText", "ok", "OK"),
        ("fwd-post-json", "/request/bodyText", "1", "1.0"),
        ("pxy-a-599", "/callerSees/statusLine", "Custom Reason", "Other Reason"),
        ("qin-binary-json", "/request/bodyText", "eyJq", "eyJr"),
        ("qout-base64-of-json", "/queueMessages/0/rawMessageText", "eyJh", "eyJi"),
    ];
    for (name, place, from, to) in alterations {
        let recording = Recording::load(name);
        let seen = replay(&recording).await;
        assert_eq!(compare::differences(&recording.0, &seen), Vec::<String>::new());
        let altered = altered(&recording, place, from, to);
        assert_ne!(compare::differences(&altered, &seen), Vec::<String>::new(), "{name} {place}");
    }
}
