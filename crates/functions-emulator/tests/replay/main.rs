//! Exchanges recorded from the real host's code, replayed against this one.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod caller;
mod compare;
mod exchange;
mod host;
mod promises;
mod queues;
mod recorder;
mod recording;
mod wire;

use std::io::{self, Write};

use serde_json::{Value, json};

use exchange::{check, replay};
use recording::{Recording, aside};

/// Replays every recording of a group that is not listed as an exception, prints the count and fails with all
/// differences.
async fn hold(group: &str) {
    let aside = aside();
    let recorded: Vec<Recording> = recording::group(group).iter().map(|name| Recording::load(name)).collect();
    let run: Vec<&Recording> = recorded
        .iter()
        .filter(|one| one.is_replayable() && aside.iter().all(|(name, _)| name != one.name()))
        .collect();
    let mut faults = Vec::new();
    let mut held = 0;
    for batch in run.chunks(16) {
        let tasks: Vec<_> = batch
            .iter()
            .map(|recording| {
                let recording = (*recording).clone();
                (recording.name().to_owned(), tokio::spawn(async move { check(&recording).await }))
            })
            .collect();
        for (name, task) in tasks {
            let found = task.await.unwrap();
            held += usize::from(found.is_empty());
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    say(&format!("{group}: {held} equal / {} replayed / {} recorded", run.len(), recorded.len()));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let row = format!("| `{group}` | {held} | {} | {} |", run.len(), recorded.len());
    assert!(include_str!("../../README.md").contains(&row), "the README says otherwise: {row}");
}

/// Written past the test harness, which shows the prints of failing tests alone.
pub(crate) fn say(line: &str) {
    io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_reach_the_worker_through_the_envelope_as_recorded() {
    hold("env").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_core_tools_an_envelope_has_a_length() {
    hold("core").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_principal_is_believed_where_the_platform_checks_it() {
    hold("easyauth").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn envelope_answers_reach_the_caller_as_recorded() {
    hold("ans").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_say_nothing_hang_until_the_function_timeout() {
    hold("hang").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queue_outputs_become_the_recorded_messages() {
    hold("qout").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queue_messages_become_the_recorded_envelopes() {
    hold("qin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_post_the_recorded_envelopes_and_try_again_as_recorded() {
    hold("timer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forwarded_calls_and_answers_are_as_recorded() {
    hold("fwd").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proxied_calls_and_answers_are_as_recorded() {
    hold("pxy").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_prints_changes_no_answer() {
    hold("life").await;
}

/// The tests of the groups above fail where a recording differs, so every recording that is not listed as an exception
/// is equal.
#[test]
fn at_least_95_percent_of_recordings_replay_equal() {
    let (aside, all) = (aside(), recording::all());
    assert!(aside.iter().all(|(name, reason)| !reason.is_empty() && all.contains(name)), "{aside:?}");
    let replayable: Vec<String> =
        all.iter().filter(|name| Recording::load(name).is_replayable()).cloned().collect();
    let (listed, elsewhere): (Vec<_>, Vec<_>) = aside.iter().partition(|(name, _)| replayable.contains(name));
    let equal = replayable.len() - listed.len();
    say(&format!(
        "{} recordings: {} replayable, {equal} of them equal ({:.1} %), {} listed; {} need a process",
        all.len(),
        replayable.len(),
        f64::from(u32::try_from(equal * 1000 / replayable.len()).unwrap()) / 10.0,
        listed.len(),
        elsewhere.len(),
    ));
    for (name, reason) in &aside {
        say(&format!("  {name}: {reason}"));
    }
    assert!(equal * 100 >= replayable.len() * 95);
    assert_eq!(all.len(), replayable.len() + elsewhere.len(), "every other recording is on the list");
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
