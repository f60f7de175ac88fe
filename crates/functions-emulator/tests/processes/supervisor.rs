//! Instances come and go; the listener and the queues stay.

use functions_emulator::Event;

use serde_json::json;

use crate::app::{Running, TestApp, alive, client};

async fn strike(running: &mut Running, function: &str) -> u32 {
    assert_eq!(running.get(function).await.0, 500);
    running
        .next(|event| if let Event::WorkerExited { strikes, .. } = event { Some(strikes) } else { None })
        .await
}

#[tokio::test]
async fn three_strikes_start_the_next_instance() {
    let app = TestApp::new().http("exit-1").http("ok").queue("ok_job", "jobs");
    let mut running = app.start().await;
    for strikes in 1..=3 {
        assert_eq!(strike(&mut running, "exit-1").await, strikes);
    }
    running.next(|event| matches!(event, Event::InstanceEnded).then_some(())).await;
    assert_eq!(running.get("ok").await.0, 503);
    running.queues.put("jobs", "AAAA".to_owned()).unwrap();
    running.next(|event| matches!(event, Event::WorkerReady { .. }).then_some(())).await;
    running.queues_until(|queues| queues.peek("jobs").is_empty()).await;
    assert_eq!(running.get("ok").await.0, 200);
    assert_eq!(strike(&mut running, "exit-1").await, 1);
    running.host.stop().await;
}

#[tokio::test]
async fn a_reload_brings_new_functions_and_is_no_strike() {
    let mut running = TestApp::new().http("exit-1").http("ok").start().await;
    let before = running.host.worker_pid().expect("it runs");
    assert_eq!(running.get("ok_new").await.0, 404);
    std::fs::create_dir(running.app().options.app_root.join("ok_new")).unwrap();
    let function = running.app().options.app_root.join("ok/function.json");
    std::fs::copy(function, running.app().options.app_root.join("ok_new/function.json")).unwrap();
    running.host.reload().await.unwrap();
    assert_eq!(running.get("ok_new").await.0, 200);
    assert_ne!(running.host.worker_pid(), Some(before));
    assert!(!alive(before));
    let strikes = running
        .next(|event| if let Event::WorkerExited { strikes, .. } = event { Some(strikes) } else { None });
    assert_eq!(strikes.await, 0);
    assert_eq!(strike(&mut running, "exit-1").await, 1);
    running.host.stop().await;
}

#[tokio::test]
async fn a_reload_of_a_broken_app_leaves_the_old_worker_serving() {
    let running = TestApp::new().http("ok").start().await;
    let before = running.host.worker_pid();
    running.app().write("host.json", "{ not JSON");
    assert!(running.host.reload().await.is_err());
    let gone = r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"not-there"}}}"#;
    running.app().write("host.json", gone);
    let refusal = running.host.reload().await.unwrap_err().to_string();
    assert!(refusal.contains("not-there"), "{refusal}");
    let failing = r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"false"}}}"#;
    running.app().write("host.json", failing);
    let refusal = running.host.reload().await.unwrap_err().to_string();
    assert!(refusal.contains("code 1"), "{refusal}");
    assert_eq!(running.get("ok").await.0, 200);
    assert_eq!(running.host.worker_pid(), before);
    running.host.stop().await;
}

#[tokio::test]
async fn a_reload_lets_a_call_that_runs_end() {
    let mut running = TestApp::new().queue("slow_job", "jobs").start().await;
    running.queues.put("jobs", "AAAA".to_owned()).unwrap();
    running.invoked("slow_job").await;
    running.host.reload().await.unwrap();
    assert!(running.queues.peek("jobs").is_empty());
    running.host.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut app = TestApp::new();
    app.options.listen = taken.local_addr().unwrap();
    let port = app.options.listen.port();
    let expected =
        format!("port {port} is in use by another program; stop it, or choose another port with --port");
    assert_eq!(app.refusal().await, expected);
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let mut app = TestApp::new();
    app.options.listen = ([0, 0, 0, 0], 0).into();
    assert!(app.refusal().await.contains("127.0.0.1"));
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let refusal =
        TestApp::new().set("/customHandler/description/defaultExecutablePath", "not-there").refusal().await;
    assert!(refusal.contains("not-there") && refusal.contains("defaultExecutablePath"), "{refusal}");
}

#[tokio::test]
async fn a_stop_lets_a_call_that_runs_end() {
    let mut running = TestApp::new().http("slow").start().await;
    let call = running.call("slow");
    running.invoked("slow").await;
    running.host.stop().await;
    assert_eq!(call.await.unwrap(), (200, "ok".to_owned()));
}

#[tokio::test]
async fn an_answer_without_a_body_is_framed_as_one() {
    let running = TestApp::new().http("ok").start().await;
    let answer = client().get(format!("{}/api/other", running.host.url())).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.content_length()), (404, Some(0)));
    running.host.stop().await;
}

#[tokio::test]
async fn a_web_server_keeps_its_port_from_host_json() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let app = TestApp::new()
        .set("/configurationProfile", "mcp-custom-handler")
        .set("/customHandler/http", json!({ "defaultAuthorizationLevel": "anonymous" }))
        .set("/customHandler/port", free.port().to_string());
    let running = app.start().await;
    let call = async |path: &str| {
        let answer = client().get(format!("{}/{path}", running.host.url())).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(running.host.worker_address().await.unwrap(), free);
    assert_eq!((call("ok").await, call("fail").await), (200, 500));
    let before = running.host.worker_pid();
    running.host.reload().await.unwrap();
    assert_eq!((call("ok").await, running.host.worker_address().await.unwrap()), (200, free));
    assert_ne!(running.host.worker_pid(), before);
    let taken = TestApp::new().http("ok").set("/customHandler/port", free.port()).refusal().await;
    assert!(taken.contains(&format!("the port {} of customHandler", free.port())), "{taken}");
    running.host.stop().await;
}
