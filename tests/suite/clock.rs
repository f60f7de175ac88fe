//! A clock that jumps while the worker runs: what has to be remembered is, and what was written under the wrong time goes
//! on once the time is right. The worker under test is one whose clock a file shifts.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::{
    fulfilment::{Known, on_the_platform},
    support::{EventLog, IdentityMode, Mode, SOON, Setup, TestApp, TokenPostgres, an_order},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Where the worker reads how many seconds its clock is off.
struct ShiftedClock {
    file: PathBuf,
    _folder: TempDir,
}

impl ShiftedClock {
    fn right() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let clock = Self { file: folder.path().join("shift"), _folder: folder };
        clock.jump_to(0);
        clock
    }

    fn jump_to(&self, seconds: i64) {
        let new = self.file.with_extension("new");
        fs::write(&new, seconds.to_string()).expect("the shift can be written");
        fs::rename(&new, &self.file).expect("the shift can be put in place");
    }

    fn under(&self, setup: Setup) -> Setup {
        setup.set("SHIFTED_CLOCK", &self.file.display().to_string())
    }

    async fn app(&self) -> TestApp {
        self.waiting(header_alone()).await
    }

    /// A worker with a shifted clock that fulfils no orders.
    async fn waiting(&self, setup: Setup) -> TestApp {
        let app = self.under(setup).set("AzureWebJobs_FulfilOrder_Disabled", "true").start().await;
        app.user("admin").stock("BEANS", 1290).await;
        app
    }
}

/// By a clock that is off by hours every token is out of date, so the worker trusts the header of EasyAuth, which has
/// checked it.
fn header_alone() -> Setup {
    Setup::in_mode(Mode::Proxy).identity_mode(IdentityMode::Header)
}

/// Places an order and processes it.
async fn processed(app: &TestApp) -> String {
    let location = app.user("buyer").place("BEANS").await;
    assert_eq!(app.user("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
    location
}

/// Waits until an order is fulfilled, and sees that this was done once.
async fn fulfilled_once(app: &TestApp, location: &str) {
    let buyer = app.user("buyer");
    app.becomes(&buyer, location, "fulfilled", SOON).await;
    app.queues.until_empty("orders-fulfilment").await;
    let history = buyer.get(&format!("{location}/history")).await.json();
    let actions = history["items"].as_array().into_iter().flatten().map(|item| item["action"].clone());
    assert_eq!(actions.collect::<Vec<_>>(), ["fulfil", "process", "place"]);
}

#[tokio::test]
#[ignore = "needs a worker whose clock can jump: the stage `clock` of `cargo xtask test` runs it"]
async fn clock_jumps_under_a_day_keep_idempotency_keys() {
    let clock = ShiftedClock::right();
    let app = clock.app().await;
    let buyer = app.user("buyer").with("idempotency-key", "k");
    let first = buyer.post("/api/orders", &an_order("BEANS")).await;
    assert_eq!(first.status, 201);
    for ahead in [3 * HOUR, 26 * HOUR, 0, 23 * HOUR, 46 * HOUR] {
        clock.jump_to(ahead);
        app.host.fire_timer("PurgeExpired").await.expect("the timer runs");
        let again = buyer.post("/api/orders", &an_order("BEANS")).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")), "{ahead}");
        assert_eq!(again.header("location"), first.header("location"), "{ahead}");
    }
}

#[tokio::test]
#[ignore = "needs a worker whose clock can jump: the stage `clock` of `cargo xtask test` runs it"]
async fn a_message_from_the_future_is_sent_after_clock_correction() {
    let clock = ShiftedClock::right();
    let mut app = clock.app().await;
    let location = app.user("buyer").place("BEANS").await;
    clock.jump_to(10 * 365 * 24 * HOUR);
    assert_eq!(app.user("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
    app.queues.purge("orders-fulfilment").await;
    clock.jump_to(0);
    let mut heard = EventLog::default();
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    assert_eq!(app.queues.peek("orders-fulfilment").await.len(), 1, "it is sent again at once");
    heard.until(&mut app, "the gauges", |heard| !heard.events("metrics").is_empty()).await;
    let gauges = heard.events("metrics")[0];
    assert_eq!((&gauges["open_rows"], &gauges["open_rows_from_future"]), (&1.into(), &1.into()), "{gauges}");
    assert!(gauges.get("oldest_open_seconds").is_none(), "{gauges}");
    assert_eq!(heard.events("clock-jumped").len(), 2, "there and back");
}

#[tokio::test]
#[ignore = "needs a worker whose clock can jump: the stage `clock` of `cargo xtask test` runs it"]
async fn a_function_outage_of_70_minutes_is_survived() {
    let (clock, known) = (ShiftedClock::right(), Known::start().await);
    let app = clock.app().await;
    let location = processed(&app).await;
    for minutes in [2, 6, 14, 30, 62, 70] {
        clock.jump_to(minutes * MINUTE);
        app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    }
    assert_eq!(app.queues.held("orders-fulfilment").await, 6, "it was sent again and again");
    let later = known.under(clock.under(header_alone().continuing(&app)));
    app.host.stop().await;
    fulfilled_once(&later.start().await, &location).await;
}

#[tokio::test]
#[ignore = "needs a worker whose clock can jump: the stage `clock` of `cargo xtask test` runs it"]
async fn a_backend_outage_of_70_minutes_is_survived_on_postgres() {
    let (clock, known, guarded) = (ShiftedClock::right(), Known::start().await, TokenPostgres::start().await);
    let mut app = clock.waiting(on_the_platform(&guarded)).await;
    let lost = processed(&app).await;
    app.queues.purge("orders-fulfilment").await;
    let kept = processed(&app).await;
    clock.jump_to(70 * MINUTE);
    let mut heard = EventLog::default();
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    heard.until(&mut app, "the gauges", |heard| !heard.events("metrics").is_empty()).await;
    let gauges = heard.events("metrics")[0];
    let rows = (&gauges["open_rows"], &gauges["open_rows_without_backend"]);
    assert_eq!(rows, (&2.into(), &2.into()), "{gauges}");
    assert!(gauges.get("oldest_open_seconds").is_none(), "what the alert reads: {gauges}");
    assert_eq!(app.queues.held("orders-fulfilment").await, 1, "no message goes out without a backend");

    let later = known.under(clock.under(on_the_platform(&guarded).continuing(&app)));
    app.host.stop().await;
    let app = later.start().await;
    fulfilled_once(&app, &kept).await;
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    fulfilled_once(&app, &lost).await;
    assert_eq!(known.backend.requests().len(), 2);
}
