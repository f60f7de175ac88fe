//! Events of the console's live stream.

use reqwest::{Method, Response};
use serde_json::Value;

use super::{Page, an_app};
use crate::app::within;

/// The next event that is wanted, as the page reads them.
pub(super) async fn event(
    stream: &mut Response,
    rest: &mut String,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    within(async {
        loop {
            while let Some(end) = rest.find("\n\n") {
                let event: String = rest.drain(..end + 2).collect();
                let event =
                    event.strip_prefix("data: ").map(|text| serde_json::from_str::<Value>(text).unwrap());
                if let Some(event) = event.filter(&wanted) {
                    return event;
                }
            }
            let piece = stream.chunk().await.unwrap().expect("the stream goes on");
            rest.push_str(std::str::from_utf8(&piece).unwrap());
        }
    })
    .await
}

#[tokio::test]
async fn calls_and_the_workers_life_are_told_as_they_happen() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let mut stream = page.request(Method::GET, "live").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut rest = String::new();
    event(&mut stream, &mut rest, |event| event["kind"] == "hello").await;
    running.get("ok_hello").await;
    let line = event(&mut stream, &mut rest, |event| event["kind"] == "line").await;
    assert!(line["number"].is_u64() && line["time"].is_string(), "{line}");
    let told = event(&mut stream, &mut rest, |event| event["call"]["duration"].is_number()).await;
    assert_eq!((&told["kind"], &told["call"]["function"]), (&"call".into(), &"ok_hello".into()));
    page.post("worker/kill", Value::Null).await;
    event(&mut stream, &mut rest, |event| {
        event["what"].as_str().is_some_and(|what| what.starts_with("ended"))
    })
    .await;
    event(&mut stream, &mut rest, |event| {
        event["what"].as_str().is_some_and(|what| what.starts_with("ready"))
    })
    .await;
}

#[tokio::test]
async fn a_page_that_listens_does_not_hold_the_host_up_when_it_stops() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let mut stream = page.request(Method::GET, "live").send().await.unwrap();
    stream.chunk().await.unwrap();
    within(running.host.stop()).await;
    // A stream that goes on is cut off in the end, and then breaks instead.
    while stream.chunk().await.expect("the stream ends by itself").is_some() {}
}
