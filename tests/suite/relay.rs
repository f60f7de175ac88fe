//! The outbox: a message that was not acknowledged is sent again, and no other is.

use std::{
    fs,
    time::{Duration, Instant},
};

use functions_emulator::easyauth::EasyAuthMode;

use crate::support::{
    Mode, Principal, SOON, Setup, TENANT, TestApp, in_every_mode_and_at_a_queue_server, payload,
};

in_every_mode_and_at_a_queue_server!(
    a_lost_message_is_sent_again_with_the_same_id,
    several_lost_messages_all_arrive,
    an_acknowledged_message_is_not_sent_again,
    messages_of_proxied_requests_leave_with_the_relay,
);

/// An app that reads no messages, and whose outbox messages are due again after one second.
fn unread(setup: Setup) -> Setup {
    setup.set("AzureWebJobs.FulfilOrder.Disabled", "true").set("ORDERS_OUTBOX_DEADLINE", "1s")
}

async fn a_lost_message_is_sent_again_with_the_same_id(setup: Setup) {
    let app = unread(setup).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    app.user("clerk").post_nothing(&format!("{location}/process")).await;
    let sent = payload(&app.queues.peek("orders-fulfilment").await[0]);
    app.queues.purge("orders-fulfilment").await;
    app.eventually("the message is sent again", SOON, async || {
        app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
        !app.queues.is_empty("orders-fulfilment").await
    })
    .await;
    assert_eq!(payload(&app.queues.peek("orders-fulfilment").await[0]), sent);
}

async fn several_lost_messages_all_arrive(setup: Setup) {
    let app = unread(setup).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    for _ in 0..3 {
        let location = app.user("buyer").place("BEANS").await;
        app.user("clerk").post_nothing(&format!("{location}/process")).await;
    }
    let ids = async || {
        let mut ids: Vec<String> = app
            .queues
            .peek("orders-fulfilment")
            .await
            .iter()
            .map(|message| payload(message)["messageId"].to_string())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let sent = ids().await;
    app.queues.purge("orders-fulfilment").await;
    app.eventually("all are sent again", SOON, async || {
        app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
        ids().await.len() == 3
    })
    .await;
    assert_eq!(ids().await, sent);
}

async fn an_acknowledged_message_is_not_sent_again(setup: Setup) {
    let app = setup.set("ORDERS_OUTBOX_DEADLINE", "1s").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let (buyer, clerk) = (app.user("buyer"), app.user("clerk"));
    let done = buyer.place("BEANS").await;
    clerk.post_nothing(&format!("{done}/process")).await;
    app.becomes(&buyer, &done, "fulfilled", SOON).await;
    app.queues.until_empty("orders-fulfilment").await;
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    assert!(app.queues.is_empty("orders-fulfilment").await);
}

async fn messages_of_proxied_requests_leave_with_the_relay(setup: Setup) {
    let app =
        setup.easyauth(EasyAuthMode::Bypassed).set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    app.principal(&Principal::user(TENANT, 4).role("OrderAdmin")).stock("BEANS", 1290).await;
    let location = app.principal(&Principal::user(TENANT, 1)).place("BEANS").await;
    let clerk = Principal::user(TENANT, 3).role("OrderProcessor");
    let direct = app.signed_in(&app.at_the_worker().await, &clerk);
    let reply = direct.post_nothing(&format!("{location}/process")).await;
    assert_eq!((reply.status, &reply.json()["status"]), (202, &"queued".into()));
    assert!(app.queues.is_empty("orders-fulfilment").await);
    for _ in 0..2 {
        app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
        let sent = app.queues.peek("orders-fulfilment").await;
        assert_eq!(sent.len(), 1, "once, and not again before the deadline");
        let order = payload(&sent[0])["orderId"].clone();
        assert!(location.ends_with(order.as_str().expect("an id")), "{order}");
    }
}

/// An app that reads none of its messages, and sends none a second time within the hour. One mode is enough: timers are
/// envelopes in all of them.
async fn without_consumer() -> TestApp {
    without_consumer_within("00:05:00").await
}

/// The same with this `functionTimeout`.
async fn without_consumer_within(function_timeout: &str) -> TestApp {
    let setup = Setup::in_mode(Mode::Proxy)
        .set("AzureFunctionsJobHost__functionTimeout", function_timeout)
        .set("AzureWebJobs.FulfilOrder.Disabled", "true")
        .set("ORDERS_OUTBOX_DEADLINE", "1h");
    let app = setup.start().await;
    // A file has its tables after the first unit of work.
    assert!(run(&app).await.is_empty());
    app
}

/// The messages of one run of the relay.
async fn run(app: &TestApp) -> Vec<String> {
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    app.queues.drain("orders-fulfilment").await
}

#[tokio::test]
async fn a_backlog_of_100_000_messages_leaves_within_11_runs() {
    const BACKLOG: i64 = 100_000;
    let app = without_consumer().await;
    app.add_due_messages(BACKLOG, 0).await;
    let mut sent = Vec::new();
    for _ in 0..11 {
        let messages = run(&app).await;
        assert!(messages.len() <= 10_000, "{}", messages.len());
        sent.extend(messages.iter().map(|message| payload(message)["messageId"].clone()));
    }
    let oldest_first = (1..=BACKLOG).rev().map(|number| format!("00000000-0000-7000-8000-{number:012x}"));
    assert_eq!(sent.len(), 100_000);
    assert!(oldest_first.eq(sent), "each once, oldest first");
    assert!(run(&app).await.is_empty());
}

/// All of it ten times as fast as at a real queue: 1.5 ms for each message instead of 15, and a tenth of the time that
/// host.json gives a function. What the worker needs is not faster.
#[tokio::test]
async fn a_full_run_ends_within_the_function_timeout_at_15_ms_a_message() {
    let app = without_consumer_within("00:00:30").await;
    app.add_due_messages(11_000, 0).await;
    app.host.delay_outputs(Duration::from_micros(1500));
    let start = Instant::now();
    let sent = run(&app).await.len();
    let took = start.elapsed();
    assert_eq!(sent, 10_000);
    assert!(took >= Duration::from_secs(15), "each message is delayed: {took:?}");
}

/// The bar of a loaded worker is 40 MiB, and an idle one needs 13.
#[tokio::test]
async fn a_run_of_8_mib_needs_at_most_27_mib_of_memory() {
    let app = without_consumer().await;
    app.add_due_messages(1000, 40_000).await;
    let status = format!("/proc/{}/status", app.host.worker_pid().expect("it runs"));
    let kib = |name: &str| {
        let status = fs::read_to_string(&status).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the system tells");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
    };
    let before = kib("VmRSS:");
    // The highest value begins anew: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
    fs::write(status.replace("status", "clear_refs"), "5").expect("it runs");
    assert!(run(&app).await.len() > 200, "a full run");
    let needed = kib("VmHWM:").saturating_sub(before) >> 10;
    assert!(needed <= 27, "{needed} MiB more than before");
}

#[tokio::test]
async fn a_run_sends_at_most_8_mib() {
    let app = without_consumer().await;
    app.add_due_messages(400, 40_000).await;
    let first = run(&app).await;
    let answer = serde_json::to_vec(&first).expect("JSON").len();
    assert!((8_200_000..=8 << 20).contains(&answer), "{answer}");
    assert_eq!(first.len() + run(&app).await.len(), 400);
}
