//! Queues that are seen and worked on.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, an_app, refused};
use crate::app::TestApp;

fn one(queues: &Value, name: &str) -> Value {
    let found = queues.as_array().unwrap().iter().find(|queue| queue["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not among {queues}")).clone()
}

async fn queue(page: &Page, name: &str) -> Value {
    one(&page.get("queues").await, name)
}

#[tokio::test]
async fn a_console_message_is_encoded_and_reaches_its_function() {
    let mut running = an_app().start().await;
    let page = Page::open(&running).await;
    page.post("queues/jobs/messages", json!({"text": "{\"a\":1}"})).await;
    assert_eq!(running.invoked("ok_take").await["Data"]["job"], "\"{\\\"a\\\":1}\"");
}

#[tokio::test]
async fn a_queue_shows_its_messages_with_dequeue_counts() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    page.post("queues/jobs/messages", json!({"text": "later", "delaySeconds": 60})).await;
    page.post("queues/jobs/messages", json!({"text": "%", "raw": true, "delaySeconds": 90})).await;
    let seen = queue(&page, "jobs").await;
    assert_eq!(
        (&seen["visible"], &seen["hidden"], &seen["readBy"]),
        (&json!(0), &json!(2), &json!("ok_take"))
    );
    let first = &seen["messages"][0];
    assert_eq!(
        (&first["text"], &first["decoded"], &first["dequeueCount"]),
        (&json!("later"), &json!(true), &json!(0))
    );
    assert_eq!((&first["nextVisibleAt"], &first["hidden"]), (&json!("2026-03-02T12:01:00Z"), &json!(true)));
    assert_eq!((&seen["encoding"], &first["stored"]), (&json!("base64"), &json!("bGF0ZXI=")));
    assert_eq!((&seen["messages"][1]["text"], &seen["messages"][1]["decoded"]), (&json!("%"), &json!(false)));
    assert_eq!(queue(&page, "jobs-poison").await["messages"], json!([]), "there before the first poison");
}

#[tokio::test]
async fn without_an_encoding_a_message_is_put_and_shown_as_it_is() {
    let app = an_app().set("/extensions/queues/messageEncoding", "none");
    let running = app.start().await;
    let page = Page::open(&running).await;
    assert_eq!(page.get("overview").await["messageEncoding"], "none");
    page.post("queues/jobs/messages", json!({"text": "bGF0ZXI=", "delaySeconds": 60})).await;
    let seen = queue(&page, "jobs").await;
    let message = &seen["messages"][0];
    assert_eq!(
        (&seen["encoding"], &message["text"], &message["decoded"], &message["stored"]),
        (&json!("none"), &json!("bGF0ZXI="), &json!(false), &json!(null))
    );
}

#[tokio::test]
async fn a_poisoned_message_is_requeued_to_where_it_came_from() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    running.queues.put("jobs-poison", "eyJhIjoxfQ==".to_owned()).unwrap();
    let id = queue(&page, "jobs-poison").await["messages"][0]["id"].as_str().unwrap().to_owned();
    let moved = page.post(&format!("queues/jobs-poison/messages/{id}/requeue"), json!({})).await;
    assert_eq!(moved["queue"], "jobs");
    running
        .queues_until(|queues| queues.peek("jobs").is_empty() && queues.peek("jobs-poison").is_empty())
        .await;
    let again = page.request(Method::POST, &format!("queues/jobs-poison/messages/{id}/requeue"));
    assert_eq!(refused(again).await.0, 404, "it is there no more");
}

#[tokio::test]
async fn messages_are_removed_one_by_one_and_all_at_once() {
    let running = TestApp::new().http("ok_hello").start().await;
    let page = Page::open(&running).await;
    for text in ["one", "two", "three"] {
        page.post("queues/any-name/messages", json!({"text": text})).await;
    }
    let held = running.queues.receive("any-name", 1, std::time::Duration::from_mins(1));
    page.delete(&format!("queues/any-name/messages/{}", held[0].id)).await;
    let left = queue(&page, "any-name").await["messages"].as_array().unwrap().len();
    assert_eq!(left, 2, "a lease does not protect it");
    page.delete("queues/any-name/messages").await;
    assert_eq!(queue(&page, "any-name").await["messages"], json!([]));
}

#[tokio::test]
async fn what_a_queue_refuses_is_refused_with_its_sentence() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let put = |queue: &str, text: &str| {
        let path = format!("queues/{queue}/messages");
        page.request(Method::POST, &path).json(&json!({"text": text, "raw": true}))
    };
    assert_eq!(refused(put("no_name", "x")).await.0, 400);
    let (status, sentence) = refused(put("jobs", &"x".repeat(65537))).await;
    assert!(status == 409 && sentence.contains("65,536"), "{sentence}");
    let wrong = page.request(Method::DELETE, "queues/jobs/messages/not-an-id");
    assert_eq!(refused(wrong).await.0, 400);
}
