//! An outage has one line in the log when it begins and one when it ends. Calls that fail between them are counted.

use std::time::Duration;

use azure_functions_handler::Outage;
use serde_json::Value;
use tokio::time::{advance, sleep};

use crate::{
    limits::crowd,
    log::{Log, logging, watched},
    wire::{request, send, sized},
};

/// The lines about outages, each with its own fields.
fn outages(log: &Log) -> Vec<Value> {
    let lines = log.text();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].take());
    lines.filter(|line| line["event"].as_str().is_some_and(|event| event.starts_with("outage-"))).collect()
}

fn begin() {
    tracing::error!(event = "outage-began", "it does not answer");
}

#[tokio::test(start_paused = true)]
async fn repeats_are_counted_and_the_end_says_how_many() {
    let log = watched();
    let outage = Outage::new("outage-began");
    for _ in 0..200 {
        outage.failed(None, begin);
        advance(Duration::from_millis(100)).await;
    }
    outage.failing(0, 0, None, begin);
    outage.worked();
    sleep(Duration::from_secs(7)).await;
    let lines = outages(&log);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["event"], "outage-began");
    assert_eq!((&lines[1]["event"], &lines[1]["outage"]), (&"outage-ended".into(), &"outage-began".into()));
    assert_eq!((&lines[1]["failed_calls"], &lines[1]["duration_ms"]), (&200.into(), &20_000.into()));
    assert!(!outage.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_long_outage_is_logged_every_minute() {
    let log = watched();
    let outage = Outage::new("outage-began");
    for second in 0..150 {
        outage.failed(Some(&format!("failure {second}")), begin);
        advance(Duration::from_secs(1)).await;
    }
    let lines = outages(&log);
    let told: Vec<_> = lines.iter().map(|line| (&line["failed_calls"], &line["error"])).collect();
    assert_eq!(
        told[1..],
        [(&61.into(), &"failure 60".into()), (&121.into(), &"failure 120".into())],
        "{lines:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn calls_that_fail_now_and_then_are_one_outage() {
    let log = watched();
    let outage = Outage::new("outage-began");
    for _ in 0..20 {
        outage.failed(None, begin);
        outage.worked();
        sleep(Duration::from_secs(2)).await;
    }
    sleep(Duration::from_secs(6)).await;
    assert_eq!(outages(&log).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_outage_lasts_until_each_part_that_failed_works() {
    let log = watched();
    let outage = Outage::new("outage-began");
    outage.failed(None, begin);
    outage.failing(31, 1, None, begin);
    outage.worked();
    sleep(Duration::from_secs(30)).await;
    assert!(outage.is_open());
    outage.working(31);
    sleep(Duration::from_secs(2)).await;
    assert!(!outage.is_open());
    assert_eq!(outages(&log).len(), 2);
}

#[tokio::test]
async fn refusals_of_too_many_requests_are_one_outage() {
    let (server, log) = logging().await;
    let crowd = crowd(&server, 128).await;
    for _ in 0..100 {
        assert_eq!(send(&server, request("POST", "/api/wait", &[], "x")).await.status, 503);
        assert_eq!(send(&server, sized(&server, "Take", "{}")).await.status, 500);
    }
    server.app.gate.add_permits(128);
    for mut wire in crowd {
        assert_eq!(wire.read().await.status, 200);
    }
    assert_eq!(send(&server, request("GET", "/api/say/hello", &[], "")).await.status, 200);
    tokio::time::pause();
    sleep(Duration::from_secs(7)).await;
    let text = log.text();
    assert_eq!(text.matches("\"overloaded\",\"running\":128").count(), 1, "{text}");
    let lines = outages(&log);
    let [ended] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&ended["outage"], &ended["failed_calls"]), (&"overloaded".into(), &200.into()));
    assert_eq!(text.matches("invocation ended").count(), 129, "those that ran, and no other");
    assert!(!text.contains("invocation failed"), "{text}");
}
