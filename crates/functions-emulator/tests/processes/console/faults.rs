//! Faults on a switch.

use std::time::{Duration, Instant};

use functions_emulator::Event;
use reqwest::Method;
use serde_json::json;

use super::{Page, an_app, refused};
use crate::app::{gone, within};

#[tokio::test]
async fn the_worker_is_killed_and_the_next_one_serves() {
    let mut running = an_app().start().await;
    let page = Page::open(&running).await;
    let pid = running.host.worker_pid().unwrap();
    assert_eq!(page.post("worker/kill", json!({})).await["killed"], pid);
    within(gone(pid)).await;
    let code = running
        .next(|event| if let Event::WorkerExited { code, .. } = event { Some(code) } else { None })
        .await;
    assert_eq!(code, None, "a signal ended it");
    assert_eq!(running.get("ok_hello").await.0, 200);
    assert_ne!(running.host.worker_pid(), Some(pid));
}

#[tokio::test]
async fn answers_are_late_until_they_are_switched_back() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let switches = page.put("faults", json!({"answers": {"kind": "delayed", "milliseconds": 150}})).await;
    assert_eq!(switches["answers"], json!({"kind": "delayed", "milliseconds": 150}));
    let begun = Instant::now();
    assert_eq!(running.get("ok_hello").await.0, 200);
    assert!(begun.elapsed() >= Duration::from_millis(150));
    page.put("faults", json!({"answers": {"kind": "none"}})).await;
    assert_eq!(page.get("overview").await["switches"]["answers"], json!({"kind": "none"}));
}

#[tokio::test]
async fn a_lost_response_fails_the_invocation() {
    let mut running = an_app().start().await;
    let page = Page::open(&running).await;
    page.put("faults", json!({"answers": {"kind": "dropped"}})).await;
    let call = page.call("/api/ok_hello").await;
    assert_eq!((&call["status"], &call["workerResponse"]["head"]), (&json!(500), &json!("200 OK")));
    assert!(call["faults"][0].as_str().unwrap().contains("lost"), "{call}");
    running.invoked("ok_hello").await;
    page.put("faults", json!({"answers": {"kind": "none"}})).await;
    assert_eq!(page.call("/api/ok_hello").await["status"], 200);
}

#[tokio::test]
async fn each_message_of_an_output_is_put_late_until_it_is_switched_back() {
    let running = an_app().sender().start().await;
    let page = Page::open(&running).await;
    let delayed = json!({"kind": "delayed", "milliseconds": 150.5});
    assert_eq!(page.put("faults", json!({"outputs": delayed})).await["outputs"], delayed);
    let begun = Instant::now();
    assert_eq!(running.get("send").await.0, 200);
    assert!(begun.elapsed() >= Duration::from_micros(150_500));
    let never = page
        .request(Method::PUT, "faults")
        .json(&json!({"outputs": {"kind": "delayed", "milliseconds": -1}}));
    let (status, sentence) = refused(never).await;
    assert!(status == 400 && sentence.contains("between 0 and 600,000"), "{sentence}");
    page.put("faults", json!({"outputs": {"kind": "none"}})).await;
    assert_eq!(page.get("overview").await["switches"]["outputs"], json!({"kind": "none"}));
}

#[tokio::test]
async fn storage_goes_away_and_comes_back_with_all_that_it_held() {
    let mut running = an_app().start().await;
    let page = Page::open(&running).await;
    assert_eq!(page.put("faults", json!({"storageUnavailable": true})).await["storageUnavailable"], true);
    let put = page.request(Method::POST, "queues/jobs/messages").json(&json!({"text": "{}"}));
    let (status, sentence) = refused(put).await;
    assert!(status == 409 && sentence.contains("does not answer"), "{sentence}");
    page.put("faults", json!({"storageUnavailable": false})).await;
    page.post("queues/jobs/messages", json!({"text": "{}"})).await;
    running.ended("ok_take").await;
}

#[tokio::test]
async fn a_fault_reaches_only_the_next_message() {
    let mut running = an_app().start().await;
    let page = Page::open(&running).await;
    page.post("queues/jobs/fault", json!({"kind": "duplicated"})).await;
    page.post("queues/jobs/messages", json!({"text": "1"})).await;
    for _ in 0..2 {
        assert_eq!(running.invoked("ok_take").await["Data"]["job"], "\"1\"");
    }
    page.post("queues/jobs/fault", json!({"kind": "poisoned"})).await;
    page.post("queues/jobs/messages", json!({"text": "2"})).await;
    running.queues_until(|queues| queues.peek("jobs-poison").len() == 1).await;
    page.post("queues/jobs/messages", json!({"text": "3"})).await;
    assert_eq!(running.invoked("ok_take").await["Data"]["job"], "\"3\"");
    let unknown = page.request(Method::POST, "queues/jobs/fault").json(&json!({"kind": "earthquake"}));
    assert_eq!(refused(unknown).await.0, 400);
}
