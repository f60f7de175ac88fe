//! What the host answers below /admin, which belongs to no function.

use functions_emulator::access_keys::AccessKeys;
use serde_json::{Value, json};

use crate::app::{Running, TestApp, client};

async fn run(running: &Running, function: &str, body: &'static str) -> u16 {
    let call = client().post(format!("{}/admin/functions/{function}", running.host.url()));
    let call = call.header("content-type", "application/json").body(body);
    call.send().await.expect("an answer").status().as_u16()
}

async fn status(running: &Running, path: &str) -> u16 {
    client().get(format!("{}{path}", running.host.url())).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_queue_function_can_be_run_by_hand_with_its_message() {
    let mut running = TestApp::new().queue_of_type("ok_job", "jobs", "string").start().await;
    assert_eq!(run(&running, "OK_JOB", r#"{"input": "{\"n\": 1}"}"#).await, 202);
    let envelope = running.invoked("ok_job").await;
    assert_eq!(envelope["Data"]["job"], json!("{\"n\": 1}").to_string());
    assert_eq!(envelope["Metadata"]["n"], "\"1\"");
    assert_eq!(run(&running, "ok_job", r#"{"input": {"n": 2}}"#).await, 202);
    assert_eq!(running.invoked("ok_job").await["Data"]["job"], json!(r#"{"n":2}"#).to_string());
    running.host.stop().await;
}

#[tokio::test]
async fn a_timer_function_can_be_run_by_hand() {
    let mut running = TestApp::new().timer("ok_tick", "0 0 0 1 1 *", false, true).start().await;
    assert_eq!(run(&running, "ok_tick", "{}").await, 202);
    assert_eq!(running.invoked("ok_tick").await["Data"]["tick"]["IsPastDue"], false);
    running.host.stop().await;
}

#[tokio::test]
async fn a_run_by_hand_that_means_nothing_is_refused() {
    let running = TestApp::new().queue("ok_job", "jobs").http("ok").start().await;
    assert_eq!(run(&running, "ok_job", "not JSON").await, 400);
    assert_eq!(run(&running, "other", "{}").await, 404);
    assert_eq!(run(&running, "ok", "{}").await, 400);
    // As a form of a foreign page would send it.
    let call = client().post(format!("{}/admin/functions/ok_job", running.host.url())).body("{}");
    assert_eq!(call.send().await.expect("an answer").status(), 415);
    running.host.stop().await;
}

#[tokio::test]
async fn no_route_of_an_app_shadows_what_is_the_hosts() {
    let everything = json!([
        { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": "{*path}" },
        { "type": "http", "direction": "out", "name": "res" },
    ]);
    let app =
        TestApp::new().set("/extensions/http", json!({ "routePrefix": "" })).function("ok", &everything);
    let running = app.start().await;
    assert_eq!(status(&running, "/anything").await, 200);
    let answer =
        client().get(format!("{}/admin/host/status", running.host.url())).send().await.expect("an answer");
    let host: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    assert_eq!((&host["state"], &host["version"]), (&json!("Running"), &json!("4.1037.0.0")));
    assert_eq!(status(&running, "/admin/host/ping").await, 200);
    assert_eq!(status(&running, "/Admin/host/other").await, 404);
    assert_eq!(status(&running, "/Admin/other").await, 200, "the host has nothing there");
    assert_eq!(status(&running, "/runtime/webhooks/anything").await, 404);
    running.host.stop().await;
}

#[tokio::test]
async fn functions_are_listed_with_what_their_folders_say() {
    let running = TestApp::new().http("ok").queue("ok_job", "jobs").start().await;
    let url = format!("{}/admin/functions", running.host.url());
    let answer = client().get(&url).send().await.expect("an answer").text().await.expect("a body");
    let listed: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(listed[0]["invoke_url_template"], format!("{}/api/ok", running.host.url()));
    assert_eq!(listed[1]["config"]["bindings"][0]["queueName"], "jobs");
    assert_eq!(listed[1]["invoke_url_template"], Value::Null);
    assert_eq!(status(&running, "/admin/functions/ok_job").await, 200);
    assert_eq!(status(&running, "/admin/functions/other").await, 404);
    running.host.stop().await;
}

#[tokio::test]
async fn with_keys_the_master_key_alone_opens_admin() {
    let mut app = TestApp::new().http("ok");
    app.options.keys = Some(AccessKeys { master: "m".to_owned(), ..AccessKeys::default() });
    let running = app.start().await;
    assert_eq!(status(&running, "/admin/host/status").await, 401);
    assert_eq!(status(&running, "/admin/host/status?code=x").await, 401);
    assert_eq!(status(&running, "/admin/host/status?code=m").await, 200);
    assert_eq!(status(&running, "/admin/host/ping").await, 200);
    running.host.stop().await;
}
