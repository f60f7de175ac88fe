//! The worker's process: environment, output, exits, strikes. See `docs/reference/host-protocol.md#process`.

use functions_emulator::{Event, easyauth::EasyAuthMode};
use serde_json::Value;

use crate::app::{Running, TestApp, alive, gone, within};

async fn exited(running: &mut Running) -> (Option<i32>, u32) {
    running
        .next(|event| {
            if let Event::WorkerExited { code, strikes, .. } = event { Some((code, strikes)) } else { None }
        })
        .await
}

async fn worker_ready(running: &mut Running) {
    running.next(|event| matches!(event, Event::WorkerReady { .. }).then_some(())).await;
}

async fn environment(app: TestApp) -> Value {
    let running = app.http("environment").start().await;
    let (status, body) = running.get("environment").await;
    assert_eq!(status, 200);
    running.host.stop().await;
    serde_json::from_str(&body).expect("the worker's environment is JSON")
}

#[tokio::test]
async fn the_worker_gets_the_hosts_environment_and_the_settings() {
    let app = TestApp::new().setting("A_SETTING", "its value");
    let root = app.options.app_root.display().to_string();
    let seen = environment(app).await;
    assert_eq!(seen["A_SETTING"], "its value");
    assert_eq!(seen["FUNCTIONS_APP_ROOT_PATH"], root);
    assert_eq!(seen["FUNCTIONS_CUSTOMHANDLER_PORT"], seen["FUNCTIONS_HTTPWORKER_PORT"]);
    assert_eq!(seen["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"], seen["FUNCTIONS_HTTPWORKER_ID"]);
    assert_eq!(seen["AZURE_FUNCTIONS_ENVIRONMENT"], "Development");
    assert_eq!(seen["FUNCTIONS_WORKER_RUNTIME"], "custom");
    assert_eq!(seen["PATH"].as_str(), std::env::var("PATH").ok().as_deref());
    assert_eq!(seen.get("WEBSITE_AUTH_ENABLED"), None);
}

#[tokio::test]
async fn a_setting_can_name_the_url_that_the_host_is_called_by() {
    let app =
        TestApp::new().setting("AUTHORITY", "%FUNCTIONS_EMULATOR_URL%/_emulator/issuer").http("environment");
    let running = app.start().await;
    let (_, body) = running.get("environment").await;
    let seen: Value = serde_json::from_str(&body).expect("the worker's environment is JSON");
    assert_eq!(seen["AUTHORITY"], format!("{}/_emulator/issuer", running.host.url()));
}

#[tokio::test]
async fn settings_win_over_defaults_and_easyauth_is_announced() {
    let mut app = TestApp::new().setting("AZURE_FUNCTIONS_ENVIRONMENT", "Staging");
    app.options.easyauth = EasyAuthMode::Bypassed;
    let seen = environment(app).await;
    assert_eq!(seen["AZURE_FUNCTIONS_ENVIRONMENT"], "Staging");
    assert_eq!(seen["WEBSITE_AUTH_ENABLED"], "True");
}

#[tokio::test]
async fn printed_lines_arrive_as_events_and_endless_ones_are_cut() {
    let mut running = TestApp::new().http("talk").start().await;
    let mut stderr = running.listen();
    running.get("talk").await;
    running.line(|line| (line == "a line on stdout").then_some(())).await;
    let long = running.line(|line| line.starts_with("xxx").then_some(line.len())).await;
    assert_eq!(long, 16 * 1024);
    let on_stderr = |event| {
        matches!(event, Event::Output { stderr: true, line } if line == "a line on stderr").then_some(())
    };
    crate::app::next(&mut stderr, on_stderr).await;
    running.host.stop().await;
}

#[tokio::test]
async fn a_worker_that_exits_with_0_stays_dead_and_calls_fail_at_once() {
    let mut running = TestApp::new().http("exit-0").http("ok").start().await;
    assert_eq!(running.get("exit-0").await.0, 500);
    assert_eq!(exited(&mut running).await, (Some(0), 0));
    assert_eq!(running.get("ok").await.0, 500);
    assert_eq!(running.host.worker_pid(), None);
    running.host.stop().await;
}

#[tokio::test]
async fn a_worker_that_exits_with_200_is_restarted_without_a_strike() {
    let mut running = TestApp::new().http("exit-200").http("ok").start().await;
    for _ in 0..4 {
        running.get("exit-200").await;
        assert_eq!(exited(&mut running).await, (Some(200), 0));
        worker_ready(&mut running).await;
    }
    assert_eq!(running.get("ok").await, (200, "ok".to_owned()));
    running.host.stop().await;
}

#[tokio::test]
async fn a_crash_is_a_strike_and_restarts_the_worker() {
    let mut running = TestApp::new().http("exit-3").http("environment").start().await;
    let port = |body: &str| {
        serde_json::from_str::<Value>(body).expect("JSON")["FUNCTIONS_CUSTOMHANDLER_PORT"].clone()
    };
    let before = running.get("environment").await.1;
    assert_eq!(running.get("exit-3").await.0, 500);
    assert_eq!(exited(&mut running).await, (Some(3), 1));
    let (status, after) = running.get("environment").await;
    assert_eq!((status, port(&after)), (200, port(&before)));
    running.host.stop().await;
}

#[tokio::test]
async fn a_timed_out_invocation_restarts_the_worker_without_a_strike() {
    let app = TestApp::new().http("hang").http("ok").set("/functionTimeout", "00:00:01");
    let mut running = app.start().await;
    assert_eq!(running.get("hang").await.0, 500);
    assert_eq!(exited(&mut running).await, (None, 0));
    assert_eq!(running.get("ok").await.0, 200);
    running.host.stop().await;
}

#[tokio::test]
async fn a_worker_that_never_listens_gets_a_strike_at_its_time_limit() {
    let app = TestApp::new().setting("ECHO_START", "silent");
    let mut running = app.set("/customHandler/initializationTimeout", "00:00:01").launch().await;
    assert_eq!(exited(&mut running).await, (None, 1));
    let refusal = within(running.host.ready()).await.unwrap_err().to_string();
    assert!(refusal.contains("initializationTimeout"), "{refusal}");
    running.host.stop().await;
}

#[tokio::test]
async fn a_worker_that_refuses_to_start_is_quoted() {
    let running = TestApp::new().setting("ECHO_START", "exit-2").launch().await;
    let refusal = within(running.host.ready()).await.unwrap_err().to_string();
    assert!(refusal.contains("code 2") && refusal.contains("refusing to start"), "{refusal}");
    running.host.stop().await;
}

#[tokio::test]
async fn nothing_runs_after_a_stop_or_a_drop() {
    let running = TestApp::new().http("hang").start().await;
    let pid = running.host.worker_pid().expect("it runs");
    running.host.stop().await;
    assert!(!alive(pid));
    let running = TestApp::new().start().await;
    let pid = running.host.worker_pid().expect("it runs");
    drop(running);
    within(gone(pid)).await;
}
