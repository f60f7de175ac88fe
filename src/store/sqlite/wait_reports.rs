//! Reports that a migration waits: a file does not show which process holds its lock.

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::store::{
    OnWait,
    timeouts::{FIRST_WAIT_REPORT, WAIT_REPORT_INTERVAL},
};

/// Runs `work`, and reports if it takes long.
pub(super) async fn with_wait_reports<T>(work: impl Future<Output = T>, on_wait: OnWait<'_>) -> T {
    let watch = async {
        let mut look = interval_at(Instant::now() + FIRST_WAIT_REPORT, WAIT_REPORT_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            on_wait("the migration waits for the file's write lock, which another process may hold");
        }
    };
    tokio::select! {
        done = work => done,
        () = watch => unreachable!("it watches for as long as there is work"),
    }
}
