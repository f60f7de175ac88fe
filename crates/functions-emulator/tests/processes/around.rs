//! What stands around every call: other origins, limits, settings of a developer's machine.

use reqwest::{Method, Response, header};
use serde_json::{Value, json};

use crate::app::{Running, TestApp, client};

const HERE: &str = "http://localhost:3000";
const ELSEWHERE: &str = "http://elsewhere.example";

fn with_cors(origins: &str, credentials: bool) -> TestApp {
    let app = TestApp::new().http("ok").http("environment");
    let host = json!({ "Host": { "CORS": origins, "CORSCredentials": credentials } });
    app.write("local.settings.json", &host.to_string());
    app
}

async fn from(running: &Running, origin: &str) -> Response {
    let call = client().get(format!("{}/api/ok", running.host.url())).header(header::ORIGIN, origin);
    call.send().await.expect("an answer")
}

fn allowed(answer: &Response) -> Option<&str> {
    answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().expect("ASCII"))
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_read_and_another_may_not() {
    let running = with_cors("http://localhost:3000,http://localhost:4000", true).start().await;
    let answer = from(&running, HERE).await;
    assert_eq!((answer.status().as_u16(), allowed(&answer)), (200, Some(HERE)));
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    assert_eq!(answer.headers()[header::VARY], "Origin");
    assert_eq!(allowed(&from(&running, ELSEWHERE).await), None);
    running.host.stop().await;
    let running = with_cors("*", false).start().await;
    assert_eq!(allowed(&from(&running, ELSEWHERE).await), Some("*"));
    running.host.stop().await;
    let running = TestApp::new().http("ok").start().await;
    assert_eq!(allowed(&from(&running, HERE).await), None);
    running.host.stop().await;
}

#[tokio::test]
async fn a_browsers_question_before_a_call_reaches_no_worker() {
    let running = with_cors(HERE, false).start().await;
    let ask = async |origin| {
        let call = client().request(Method::OPTIONS, format!("{}/api/exit-1", running.host.url()));
        let call = call.header(header::ORIGIN, origin).header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT");
        call.header(header::ACCESS_CONTROL_REQUEST_HEADERS, "x-one").send().await.expect("an answer")
    };
    let answer = ask(HERE).await;
    assert_eq!((answer.status().as_u16(), allowed(&answer)), (204, Some(HERE)));
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], "PUT");
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "x-one");
    assert_eq!(allowed(&ask(ELSEWHERE).await), None);
    running.host.stop().await;
}

#[tokio::test]
async fn what_is_the_hosts_own_is_for_no_other_origin() {
    let running = with_cors("*", false).start().await;
    let call = client().get(format!("{}/admin/host/status", running.host.url())).header(header::ORIGIN, HERE);
    assert_eq!(allowed(&call.send().await.expect("an answer")), None);
    running.host.stop().await;
}

#[tokio::test]
async fn calls_beyond_the_outstanding_ones_get_429() {
    let app = TestApp::new()
        .http("slow")
        .http("ok")
        .set("/extensions/http", json!({ "maxOutstandingRequests": 1 }));
    let mut running = app.start().await;
    let first = running.call("slow");
    running.invoked("slow").await;
    let refused = from(&running, HERE).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["x-function-scaleout"], "1");
    assert_eq!(first.await.expect("an answer").0, 200);
    running.host.stop().await;
}

#[tokio::test]
async fn calls_beyond_the_concurrent_ones_wait_for_their_turn() {
    let app =
        TestApp::new().http("slow").http("ok").set("/extensions/http", json!({ "maxConcurrentRequests": 1 }));
    let mut running = app.start().await;
    let first = running.call("slow");
    running.invoked("slow").await;
    let second = running.call("ok");
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.expect("an answer").0, second.expect("an answer").0), (200, 200));
    let next = |event| {
        if let functions_emulator::Event::Invoked { function, .. } = event { Some(function) } else { None }
    };
    assert_eq!(running.next(next).await, "slow", "the second began when the first had ended");
    running.host.stop().await;
}

#[tokio::test]
async fn strict_transport_security_is_not_told_over_http() {
    let hsts = json!({ "hsts": { "isEnabled": true, "maxAge": "10.00:00:00" } });
    let running = TestApp::new().http("ok").set("/extensions/http", hsts).start().await;
    assert!(!from(&running, HERE).await.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    running.host.stop().await;
    let wrong = json!({ "hsts": { "isEnabled": true, "maxAge": "a year" } });
    assert!(TestApp::new().set("/extensions/http", wrong).refusal().await.contains("hsts.maxAge"));
}

#[tokio::test]
async fn local_settings_reach_the_worker_below_those_of_the_shell() {
    let app = TestApp::new().http("environment").setting("GIVEN", "by hand");
    let local = json!({
        "IsEncrypted": false,
        "Values": { "ONE": "1", "GIVEN": "in the file", "PATH": "/nowhere", "NONE": null, "AUTHORITY": "%FUNCTIONS_EMULATOR_URL%/x" },
        "ConnectionStrings": { "db": "there" },
    });
    app.write("local.settings.json", &local.to_string());
    let running = app.start().await;
    let seen: Value = serde_json::from_str(&running.get("environment").await.1).expect("JSON");
    assert_eq!((&seen["ONE"], &seen["GIVEN"]), (&json!("1"), &json!("by hand")));
    assert_eq!(seen["PATH"].as_str(), std::env::var("PATH").ok().as_deref());
    assert_eq!(seen.get("NONE"), None);
    assert_eq!(seen["ConnectionStrings:db"], "there");
    assert_eq!(seen["AUTHORITY"], format!("{}/x", running.host.url()));
    running.host.stop().await;
}

#[tokio::test]
async fn unreadable_local_settings_are_told() {
    let cases = [
        (r#"{"IsEncrypted": true, "Values": {"A": "x"}}"#, "func settings decrypt"),
        (r#"{"Values": {"A": {"b": 1}}}"#, "A must be a text"),
        (r#"{"Values": []}"#, "Values must be an object"),
        (r#"{"Values": {"A": "x"}}"#, "IsEncrypted"),
        (r#"{"Host": {"CORS": "*", "CORSCredentials": true}}"#, "CORSCredentials"),
        ("{", "not valid JSON"),
    ];
    for (text, sentence) in cases {
        let app = TestApp::new();
        app.write("local.settings.json", text);
        let refusal = app.refusal().await;
        assert!(refusal.contains(sentence), "{refusal}");
    }
}

#[tokio::test]
async fn a_setting_switches_a_function_off_and_fills_its_bindings_in() {
    let app = TestApp::new().http("ok").http("environment").queue("ok_job", "%WHERE%");
    let values = json!({ "IsEncrypted": false, "Values": { "WHERE": "Jobs", "AzureWebJobs.environment.Disabled": "1" } });
    app.write("local.settings.json", &values.to_string());
    let mut running = app.start().await;
    assert_eq!(running.get("environment").await.0, 404);
    running.queues.put("jobs", "AAAA".to_owned()).expect("put");
    running.invoked("ok_job").await;
    running.host.stop().await;
}

#[tokio::test]
async fn of_two_routes_that_match_the_first_function_by_name_answers() {
    let routed = |route: &str| {
        json!([
            { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": route },
            { "type": "http", "direction": "out", "name": "res" },
        ])
    };
    // The more exact one comes second.
    let app =
        TestApp::new().function("ok_a", &routed("things/{id}")).function("ok_b", &routed("things/exact"));
    let mut running = app.start().await;
    assert_eq!(running.get("things/exact").await.0, 200);
    running.invoked("ok_a").await;
    running.host.stop().await;
}
