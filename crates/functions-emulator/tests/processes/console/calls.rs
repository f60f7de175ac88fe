//! Calls that are seen, made and repeated.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, an_app, refused};
use crate::app::{Running, TestApp, client, within};

/// Looks at a call until it is as wanted.
async fn shown(page: &Page, number: &Value, holds: impl Fn(&Value) -> bool) -> Value {
    within(async {
        loop {
            let call = page.get(&format!("calls/{number}")).await;
            if holds(&call) {
                return call;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn last(page: &Page) -> Value {
    page.get("calls").await[0].clone()
}

#[tokio::test]
async fn a_call_shows_request_worker_request_and_response() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let sent = json!({"method": "POST", "path": "/api/ok_hello?a=1", "headers": [["X-Mine", "yes"]], "body": "{\"b\":2}"});
    let call = page.post("calls", sent).await;
    assert_eq!(
        (&call["status"], &call["function"], &call["mode"]),
        (&json!(200), &json!("ok_hello"), &json!("enveloped"))
    );
    assert_eq!(call["request"]["head"], "POST /api/ok_hello?a=1");
    assert!(call["request"]["headers"].as_array().unwrap().contains(&json!(["x-mine", "yes"])));
    assert_eq!(call["request"]["body"]["text"], "{\"b\":2}");
    assert_eq!(call["workerRequest"]["head"], "POST /ok_hello");
    let envelope: Value =
        serde_json::from_str(call["workerRequest"]["body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(envelope["Data"]["req"]["Body"], "{\"b\":2}");
    assert!(call["workerResponse"]["body"]["text"].as_str().unwrap().contains("\"Outputs\""));
    assert_eq!(call["answer"]["body"]["text"], "ok");
    assert!(call["duration"].is_number() && call["invocation"].is_string(), "{call}");
}

#[tokio::test]
async fn calls_of_other_callers_are_shown() {
    let mut running = an_app().start().await;
    let page = Page::open(&running).await;
    running.get("ok_hello").await;
    assert_eq!(
        (last(&page).await["function"].clone(), last(&page).await["status"].clone()),
        (json!("ok_hello"), json!(200))
    );
    assert_eq!(running.get("nothing").await.0, 404);
    assert_eq!(
        (last(&page).await["function"].clone(), last(&page).await["status"].clone()),
        (json!(null), json!(404))
    );
    running.queues.put("jobs", "e30=".to_owned()).unwrap();
    running.ended("ok_take").await;
    let call = last(&page).await;
    assert_eq!(
        (&call["function"], &call["succeeded"], &call["head"]),
        (&json!("ok_take"), &json!(true), &json!(null))
    );
    assert_eq!(page.get("calls").await.as_array().unwrap().len(), 3, "the console's own requests are none");
}

#[tokio::test]
async fn what_console_and_browser_ask_for_themselves_is_no_call() {
    let mut app = an_app();
    app.options.console.openapi = Some("/api/ok_hello".to_owned());
    let running = app.start().await;
    let page = Page::open(&running).await;
    assert_eq!(page.post("document", json!({"user": null})).await["status"], 200);
    let own = [
        "/favicon.ico",
        "/apple-touch-icon.png?size=180",
        "/.well-known/appspecific/com.chrome.devtools.json",
        "/_emulator/main.js",
        "/_emulator/main.js.map",
        "/_emulator/no-such-file",
    ];
    for path in own {
        let asked = client().get(format!("{}{path}", running.host.url())).send().await.unwrap();
        drop(asked.bytes().await);
    }
    assert_eq!(page.get("calls").await, json!([]));
    page.call("/api/favicon.ico").await;
    assert_eq!(last(&page).await["head"], "GET /api/favicon.ico", "a path of the app is one");
}

#[tokio::test]
async fn an_icon_that_a_function_serves_is_a_call() {
    let icon = json!([
        { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": "favicon.ico" },
        { "type": "http", "direction": "out", "name": "res" },
    ]);
    let app = TestApp::new().function("ok_icon", &icon).set("/extensions/http", json!({"routePrefix": ""}));
    let running = app.start().await;
    let page = Page::open(&running).await;
    page.call("/favicon.ico").await;
    assert_eq!(last(&page).await["function"], "ok_icon");
}

#[tokio::test]
async fn a_call_travels_through_the_mode_that_the_console_asks_for() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    for (mode, head) in [
        ("proxied", "GET /api/ok_hello"),
        ("forwarded", "GET /api/ok_hello"),
        ("enveloped", "POST /ok_hello"),
    ] {
        let call = page.post("calls", json!({"method": "GET", "path": "/api/ok_hello", "mode": mode})).await;
        assert_eq!((&call["mode"], &call["workerRequest"]["head"]), (&json!(mode), &json!(head)));
    }
    assert_eq!(
        page.call("/api/ok_hello").await["mode"],
        "enveloped",
        "host.json decides unless somebody asks"
    );
}

#[tokio::test]
async fn a_call_is_repeated_as_it_was_sent() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let sent =
        json!({"method": "PUT", "path": "/api/ok_hello", "headers": [["X-Mine", "yes"]], "body": "again"});
    let first = page.post("calls", sent).await;
    let again = page.post(&format!("calls/{}/replay", first["number"]), json!({})).await;
    assert_ne!((&again["number"], &again["invocation"]), (&first["number"], &first["invocation"]));
    assert_eq!((&again["request"], &again["status"]), (&first["request"], &json!(200)));
}

#[tokio::test]
async fn a_queue_invocation_is_replayed_without_a_message() {
    let mut running = an_app().start().await;
    let page = Page::open(&running).await;
    running.queues.put("jobs", "eyJhIjoxfQ==".to_owned()).unwrap();
    let first = running.invoked("ok_take").await;
    running.ended("ok_take").await;
    let again = page.post(&format!("calls/{}/replay", last(&page).await["number"]), json!({})).await;
    assert_eq!(again["succeeded"], true);
    let second = running.invoked("ok_take").await;
    assert_eq!(second["Data"], first["Data"]);
    assert_eq!(second["Metadata"]["a"], first["Metadata"]["a"]);
    assert_ne!(second["Metadata"]["sys"]["RandGuid"], first["Metadata"]["sys"]["RandGuid"]);
}

#[tokio::test]
async fn a_run_by_hand_waits_for_its_last_attempt() {
    let app = TestApp::new().timer("fail_tick", "0 0 3 * * *", false, false);
    let policy = json!({
        "bindings": [{ "type": "timerTrigger", "direction": "in", "name": "tick", "schedule": "0 0 3 * * *" }],
        "retry": { "strategy": "fixedDelay", "maxRetryCount": 1, "delayInterval": "00:00:00" },
    });
    app.write("fail_tick/function.json", &policy.to_string());
    let running = app.start().await;
    let page = Page::open(&running).await;
    let run = page.post("functions/fail_tick/run", json!({"input": null})).await;
    assert_eq!((&run["number"], &run["succeeded"]), (&json!(2), &json!(false)), "{run}");
}

#[tokio::test]
async fn a_run_by_hand_that_is_refused_leaves_no_call() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    for (function, input, status) in [
        ("ok_hello", json!(null), 409),
        ("ok_tick", json!({"Late": true}), 400),
        ("ok_take", json!("x".repeat(70_000)), 400),
        ("other", json!(null), 404),
    ] {
        let run = page.request(Method::POST, &format!("functions/{function}/run"));
        assert_eq!(refused(run.json(&json!({"input": input}))).await.0, status, "{function}");
    }
    assert_eq!(page.get("calls").await, json!([]));
}

#[tokio::test]
async fn an_answer_is_given_whole_to_those_who_want_it() {
    let running = TestApp::new().http("environment").setting("LONG", &"x".repeat(100_000)).start().await;
    let page = Page::open(&running).await;
    let call = json!({"method": "GET", "path": "/api/environment", "wholeBody": true});
    let body = page.post("calls", call).await["wholeBody"].as_str().unwrap().len();
    assert!(body > 100_000 * 4 / 3, "{body} characters of base64");
    assert_eq!(page.call("/api/environment").await.get("wholeBody"), None);
    let both = json!({"method": "POST", "path": "/api/environment", "body": "a", "bodyBase64": "YQ=="});
    assert_eq!(refused(page.request(Method::POST, "calls").json(&both)).await.0, 400);
}

#[tokio::test]
async fn worker_logs_are_shown_with_their_invocation() {
    let running = TestApp::new().http("log").start().await;
    let page = Page::open(&running).await;
    let number = page.call("/api/log").await["number"].clone();
    let call = shown(&page, &number, |call| call["trace"].is_string()).await;
    assert_eq!(call["trace"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(
        call["logs"].as_array().unwrap().len(),
        1,
        "lines about nothing in particular are not its own"
    );
    let lines = page.get("lines").await.to_string();
    assert!(lines.contains("hello"), "{lines}");
    let traced = json!({"method": "GET", "path": "/api/log",
        "headers": [["traceparent", "00-11111111111111111111111111111111-2222222222222222-01"]]});
    assert_eq!(page.post("calls", traced).await["trace"], "1".repeat(32), "the caller's counts first");
}

#[tokio::test]
async fn a_failed_call_says_why() {
    let running = TestApp::new().http("fail").start().await;
    let page = Page::open(&running).await;
    let call = page.call("/api/fail").await;
    assert_eq!((&call["status"], &call["succeeded"]), (&json!(500), &json!(false)));
    assert!(call["faults"][0].as_str().unwrap().contains("the answer is 500"), "{call}");
}

#[tokio::test]
async fn recorded_calls_and_bodies_are_bounded() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let long = "x".repeat(100_000);
    let call = page.post("calls", json!({"method": "POST", "path": "/api/ok_hello", "body": long})).await;
    let body = &call["request"]["body"];
    assert_eq!((body["text"].as_str().unwrap().len(), &body["length"]), (32 * 1024, &json!(100_000)));
    assert_eq!(body["note"], "cut: 32768 of 100000 bytes are kept");
    let replay = page.request(Method::POST, &format!("calls/{}/replay", call["number"]));
    let (status, sentence) = refused(replay).await;
    assert_eq!(status, 409);
    assert!(sentence.contains("too long"), "{sentence}");
    for _ in 0..200 {
        running.get("nothing").await;
    }
    assert_eq!(page.get("calls").await.as_array().unwrap().len(), 200);
    assert_eq!(refused(page.request(Method::GET, &format!("calls/{}", call["number"]))).await.0, 404);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_a_sentence() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    for (wrong, word) in [
        (json!({"method": "GET", "path": "nowhere"}), "begins with /"),
        (json!({"method": "GET", "path": "http://evil.example/"}), "begins with /"),
        (json!({"method": "G T", "path": "/"}), "no method"),
        (json!({"method": "GET", "path": "/", "headers": [["a b", "c"]]}), "header"),
        (json!({"method": "GET", "path": "/", "user": "stranger"}), "no user is named"),
        (json!({"method": "GET", "path": "/", "key": "none"}), "no key"),
        (json!({"method": "GET"}), "path"),
    ] {
        let (status, sentence) = refused(page.request(Method::POST, "calls").json(&wrong)).await;
        assert!((400..500).contains(&status) && sentence.contains(word), "{wrong}: {status} {sentence}");
    }
    let text = page.request(Method::POST, "calls").header("content-type", "text/plain").body("{}");
    assert_eq!(refused(text).await.0, 400, "nothing that a form can send is read");
}

#[tokio::test]
async fn a_timer_is_run_now_and_shows_when_it_ran_and_when_it_will() {
    let running: Running = an_app().start().await;
    let page = Page::open(&running).await;
    let before = &page.get("timers").await[0];
    assert_eq!((&before["last"], &before["next"]), (&json!(null), &json!("2026-03-03T03:00:00Z")));
    page.post("timers/ok_tick/run", json!({})).await;
    assert_eq!(page.get("timers").await[0]["last"], "2026-03-02T12:00:00Z");
    assert_eq!(last(&page).await["function"], "ok_tick");
    let (status, _) = refused(page.request(Method::POST, "timers/none/run")).await;
    assert_eq!(status, 409);
}

#[tokio::test]
async fn the_apps_description_is_read_whole_where_the_flag_says() {
    let mut app = an_app();
    app.options.console.openapi = Some("/api/ok_hello".to_owned());
    let running = app.start().await;
    let page = Page::open(&running).await;
    assert_eq!(page.get("overview").await["openapi"], "/api/ok_hello");
    assert_eq!(page.post("document", json!({"user": null})).await, json!({"status": 200, "text": "ok"}));
}
