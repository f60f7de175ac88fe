//! When timers fire and what the worker receives.

use functions_emulator::{Event, timers::schedule::Schedule};
use serde_json::json;
use tokio::sync::broadcast::Receiver;

use crate::app::{TestApp, noon};

fn next(schedule: &str) -> String {
    let next = Schedule::parse(schedule).expect("a schedule").next_after(noon());
    next.map(|time| time.format("%m-%dT%H:%M:%S").to_string()).unwrap_or_default()
}

#[test]
fn six_fields_start_with_the_second_and_five_with_the_minute() {
    assert_eq!(next("*/20 * * * * *"), "03-02T12:00:20");
    assert_eq!(next("0 */5 * * * *"), "03-02T12:05:00");
    assert_eq!(next("*/5 * * * *"), "03-02T12:05:00");
    assert_eq!(next("30 5/20 * * * *"), "03-02T12:05:30");
    assert_eq!(next("0 0 9-17 * * mon-fri"), "03-02T13:00:00");
    assert_eq!(next("0 0 0 1 JAN *"), "01-01T00:00:00");
}

#[test]
fn day_of_month_and_day_of_week_must_both_match() {
    // 13 March 2026 is a Friday; the sixth, also one, is not the thirteenth.
    assert_eq!(next("0 0 0 13 * FRI"), "03-13T00:00:00");
}

#[test]
fn a_time_span_is_the_pause_between_two_runs() {
    assert_eq!(next("00:01:30"), "03-02T12:01:30");
    assert_eq!(next("1.00:00:00"), "03-03T12:00:00");
    assert!(!Schedule::parse("00:01:30").unwrap().adjusts_for_dst());
    assert!(Schedule::parse("0 * * * * *").unwrap().adjusts_for_dst());
}

#[test]
fn what_the_platform_would_not_read_is_refused() {
    for text in [
        "",
        "* * * *",
        "0 0 0 L * *",
        "@daily",
        "0 0 0 ? * *",
        "60 * * * * *",
        "00:00:00",
        "00:61:00",
        "24:00",
        "0 0 0 * * * 2030",
    ] {
        let refusal = Schedule::parse(text).map(drop).unwrap_err().to_string();
        assert!(refusal.contains("NCRONTAB"), "{text}: {refusal}");
    }
}

#[tokio::test]
async fn a_timer_fires_at_its_times_with_what_the_platform_says() {
    let mut running = TestApp::new().timer("ok_tick", "*/20 * * * * *", false, true).start().await;
    for _ in 0..2 {
        running.advance(20);
        let expected = json!({ "tick": { "Schedule": { "AdjustForDST": true }, "ScheduleStatus": null, "IsPastDue": false } });
        assert_eq!(running.invoked("ok_tick").await["Data"], expected);
        running.ended("ok_tick").await;
    }
    running.host.stop().await;
}

#[tokio::test]
async fn a_monitored_timer_is_told_of_its_last_run() {
    let mut running = TestApp::new().timer("ok_tick", "0 */1 * * * *", true, true).start().await;
    let never = "0001-01-01T00:00:00+00:00";
    let first = running.invoked("ok_tick").await["Data"]["tick"]["ScheduleStatus"].take();
    let minute = "2026-03-02T12:01:00+00:00";
    assert_eq!(first, json!({ "Last": never, "Next": minute, "LastUpdated": never }));
    running.ended("ok_tick").await;
    running.advance(60);
    let second = running.invoked("ok_tick").await["Data"]["tick"]["ScheduleStatus"].take();
    let noon = "2026-03-02T12:00:00+00:00";
    assert_eq!(second, json!({ "Last": noon, "Next": minute, "LastUpdated": noon }));
    running.host.stop().await;
}

#[tokio::test]
async fn two_runs_of_one_timer_never_overlap() {
    let app = TestApp::new().timer("wait_tick", "*/10 * * * * *", false, false).http("release").http("ok");
    let mut running = app.start().await;
    running.advance(10);
    running.invoked("wait_tick").await;
    let mut events = running.listen();
    // Due again and fired by hand, but the first run has not ended.
    running.advance(10);
    let mut by_hand = std::pin::pin!(running.host.fire_timer("wait_tick"));
    let early = tokio::select! {
        biased;
        outcome = &mut by_hand => Some(outcome),
        _ = running.get("ok") => None,
    };
    assert!(early.is_none(), "{early:?}");
    let mut calls = Vec::new();
    let (fired, ()) = tokio::join!(by_hand, async {
        running.get("release").await;
        while calls.len() < 2 {
            calls.push(next_of_timer(&mut events).await);
        }
        running.get("release").await;
    });
    fired.unwrap();
    assert_eq!(calls, ["released wait_tick", "invoked wait_tick"]);
}

async fn next_of_timer(events: &mut Receiver<Event>) -> String {
    crate::app::next(events, |event| match event {
        Event::Output { line, .. } if line.contains("wait_tick") => {
            Some(line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_timer_can_be_fired_now_and_an_unknown_one_is_named() {
    let app = TestApp::new().timer("ok_tick", "0 0 0 1 1 *", false, true).timer(
        "fail_tick",
        "0 0 0 1 1 *",
        false,
        true,
    );
    let mut running = app.start().await;
    running.host.fire_timer("OK_TICK").await.unwrap();
    running.invoked("ok_tick").await;
    assert!(running.host.fire_timer("fail_tick").await.is_err());
    let refusal = running.host.fire_timer("other").await.unwrap_err();
    assert!(refusal.contains("ok_tick"), "{refusal}");
    running.host.stop().await;
}

#[tokio::test]
async fn an_invalid_schedule_names_its_function() {
    let refusal = TestApp::new().timer("ok_tick", "every day", false, true).refusal().await;
    assert!(refusal.contains("ok_tick") && refusal.contains("NCRONTAB"), "{refusal}");
}

#[tokio::test]
async fn a_run_that_was_missed_comes_at_the_next_start_and_says_so() {
    let app = TestApp::new().timer("ok_tick", "0 0 * * * *", false, true);
    let (options, queues) = (app.options.clone(), app.queues.clone());
    let running = app.start().await;
    running.host.stop().await;
    queues.clock().advance(std::time::Duration::from_hours(2));
    let mut events = options.events.subscribe();
    let host = functions_emulator::Emulator::start(options).await.expect("the host starts");
    let line = next_of_timer_whole(&mut events).await;
    assert!(line.contains("\"IsPastDue\":true"), "{line}");
    host.stop().await;
}

async fn next_of_timer_whole(events: &mut Receiver<Event>) -> String {
    crate::app::next(events, |event| match event {
        Event::Output { line, .. } if line.contains("_tick") => Some(line),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_failed_run_is_tried_again_as_its_policy_says() {
    let app = TestApp::new().timer("fail_tick", "0 0 0 1 1 *", true, false);
    let policy = json!({
        "bindings": [{
            "type": "timerTrigger", "direction": "in", "name": "tick", "schedule": "0 0 0 1 1 *",
            "runOnStartup": true, "useMonitor": false,
        }],
        "retry": { "strategy": "exponentialBackoff", "maxRetryCount": 2,
            "minimumInterval": "00:00:10", "maximumInterval": "00:01:00" },
    });
    app.write("fail_tick/function.json", &policy.to_string());
    let mut running = app.start().await;
    let queues = running.queues.clone();
    let time = tokio::spawn(async move {
        loop {
            queues.clock().advance(std::time::Duration::from_secs(5));
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    let mut counts = Vec::new();
    for _ in 0..3 {
        counts.push(running.invoked("fail_tick").await["Metadata"]["RetryContext"]["RetryCount"].take());
    }
    time.abort();
    assert_eq!(counts, [json!(0), json!(1), json!(2)]);
    running.host.stop().await;
}
