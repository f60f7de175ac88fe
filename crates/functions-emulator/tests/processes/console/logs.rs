//! Lines of worker and host.

use serde_json::{Value, json};

use super::{Page, an_app};
use crate::app::{TestApp, within};

/// The first line that holds a text, as soon as it is there.
async fn line(page: &Page, text: &str) -> Value {
    within(async {
        loop {
            let lines = page.get("lines").await;
            let found =
                lines.as_array().unwrap().iter().find(|line| line["line"].as_str().unwrap().contains(text));
            if let Some(line) = found {
                return line.clone();
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
async fn a_line_of_the_worker_has_its_level_and_its_call() {
    let running = TestApp::new().http("log").http("talk").start().await;
    let page = Page::open(&running).await;
    let number = page.call("/api/log").await["number"].clone();
    let logged = line(&page, "hello").await;
    assert_eq!(
        (&logged["level"], &logged["call"], &logged["source"], &logged["stderr"]),
        (&json!("warn"), &number, &json!("worker"), &json!(false))
    );
    page.call("/api/talk").await;
    let said = line(&page, "a line on stderr").await;
    assert_eq!((&said["level"], &said["call"], &said["stderr"]), (&json!(null), &json!(null), &json!(true)));
    assert!(said["number"].as_u64() > logged["number"].as_u64());
}

#[tokio::test]
async fn the_host_tells_of_its_worker_and_of_what_is_wrong() {
    let running = TestApp::new().http("nonsense").start().await;
    let page = Page::open(&running).await;
    let ready = line(&page, "worker ready after").await;
    assert_eq!((&ready["source"], &ready["level"]), (&json!("host"), &json!("info")));
    page.call("/api/nonsense").await;
    let wrong = line(&page, "nonsense: ").await;
    assert_eq!((&wrong["source"], &wrong["level"]), (&json!("host"), &json!("warn")));
}

#[tokio::test]
async fn a_long_line_is_cut() {
    let running = an_app().http("talk").start().await;
    let page = Page::open(&running).await;
    page.call("/api/talk").await;
    assert_eq!(line(&page, "xxxx").await["line"].as_str().unwrap().len(), 4096);
}
