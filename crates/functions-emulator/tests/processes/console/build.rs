//! How the app's build stands, as its builder says.

use functions_emulator::BuildStatus;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Page, an_app, live::event};

/// What a compiler writes to a terminal: colours, a link, a line that is written over.
const COLOURED: &str = "\u{1b}[1m\u{1b}[38;5;9merror[E0308]\u{1b}[0m: mismatched types\r\n \
    \u{1b}]8;;https://example.org\u{1b}\\--> src/main.rs:3:5\u{1b}]8;;\u{7}\n\t\u{9b}^^^^\u{7}\n";
const PLAIN: &str = "error[E0308]: mismatched types\n --> src/main.rs:3:5\n\t^^^^";

fn failed(what: impl Into<String>) -> BuildStatus {
    BuildStatus::Failed { what: what.into() }
}

async fn live(page: &Page) -> (Response, String) {
    let mut stream = page.request(Method::GET, "live").send().await.unwrap();
    let mut rest = String::new();
    event(&mut stream, &mut rest, |event| event["kind"] == "hello").await;
    (stream, rest)
}

async fn shown(page: &Page) -> Value {
    page.get("overview").await["build"].clone()
}

#[tokio::test]
async fn a_failed_build_is_shown_on_every_page() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    assert_eq!(shown(&page).await, json!({"running": false, "failure": null}));
    let (mut stream, mut rest) = live(&page).await;
    running.host.set_build_status(failed(COLOURED));
    let told = event(&mut stream, &mut rest, |event| event["kind"] == "build").await;
    let standing = json!({"running": false, "failure": PLAIN});
    assert_eq!(told["build"], standing, "without what only a terminal understands");
    assert_eq!(shown(&Page::open(&running).await).await, standing);
    assert_eq!(running.get("ok_hello").await.0, 200, "what served before keeps serving");
}

#[tokio::test]
async fn a_failure_stays_until_a_build_is_done() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    running.host.set_build_status(failed(COLOURED));
    let (mut stream, mut rest) = live(&page).await;
    for (build, standing) in [
        (BuildStatus::Running, json!({"running": true, "failure": PLAIN})),
        (failed("still wrong"), json!({"running": false, "failure": "still wrong"})),
        (BuildStatus::Running, json!({"running": true, "failure": "still wrong"})),
        (BuildStatus::Done, json!({"running": false, "failure": null})),
    ] {
        running.host.set_build_status(build);
        let told = event(&mut stream, &mut rest, |event| event["kind"] == "build").await;
        assert_eq!(told["build"], standing);
        assert_eq!(shown(&page).await, standing);
    }
}

#[tokio::test]
async fn of_a_long_failure_the_last_whole_lines_are_kept() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let lines: Vec<String> = (0..20_000).map(|number| format!("→ line {number}\n")).collect();
    running.host.set_build_status(failed(lines.concat()));
    let failure = shown(&page).await["failure"].as_str().unwrap().to_owned();
    assert!((60 * 1024..=64 * 1024 + 8).contains(&failure.len()), "{}", failure.len());
    let mut kept = failure.lines();
    assert_eq!(kept.next(), Some("…"));
    assert!(kept.next().unwrap().starts_with("→ line 1"), "a whole line");
    assert_eq!(kept.next_back(), Some("→ line 19999"));
}
