//! A clock that jumps while the worker runs: what has to be remembered is, and what was written under the wrong time goes
//! on once the time is right. The worker under test is one whose clock a file shifts.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::support::{Evidence, Heard, Mode, Setup, TestApp, an_order};

const HOUR: i64 = 60 * 60;

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

    /// By a clock that is off by hours every token is of another time, so the worker trusts the front that has judged it.
    async fn app(&self) -> TestApp {
        let setup = Setup::in_mode(Mode::Proxy).evidence(Evidence::Header);
        let setup = setup.set("SHIFTED_CLOCK", &self.file.display().to_string());
        let app = setup.set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
        app.person("admin").stock("BEANS", 1290).await;
        app
    }
}

#[tokio::test]
#[ignore = "needs a worker whose clock can jump: the stage `clock` of `cargo xtask test` runs it"]
async fn jumps_of_less_than_a_day_forget_no_request_key() {
    let clock = ShiftedClock::right();
    let app = clock.app().await;
    let buyer = app.person("buyer").with("idempotency-key", "k");
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
async fn a_message_from_the_future_goes_out_once_the_clock_is_right() {
    let clock = ShiftedClock::right();
    let mut app = clock.app().await;
    let location = app.person("buyer").place("BEANS").await;
    clock.jump_to(10 * 365 * 24 * HOUR);
    assert_eq!(app.person("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
    app.queues.purge("orders-fulfilment").await;
    clock.jump_to(0);
    let mut heard = Heard::default();
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    assert_eq!(app.queues.peek("orders-fulfilment").await.len(), 1, "it is sent again at once");
    heard.until(&mut app, "the gauges", |heard| !heard.events("gauges").is_empty()).await;
    let gauges = heard.events("gauges")[0];
    assert_eq!((&gauges["open_rows"], &gauges["open_rows_from_future"]), (&1.into(), &1.into()), "{gauges}");
    assert!(gauges.get("oldest_open_seconds").is_none(), "{gauges}");
    assert_eq!(heard.events("clock-jumped").len(), 2, "there and back");
}
