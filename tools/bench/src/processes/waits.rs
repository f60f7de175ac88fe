//! What the sessions of the workers wait for, looked at many times a second.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sqlx::PgConnection;
use tokio::task::JoinHandle;

/// From one look to the next: rare enough that looking is not what is measured.
const EVERY: Duration = Duration::from_millis(20);

/// A session that runs a statement and waits for nothing has a processor, or wants one.
const LOOK: &str = "SELECT coalesce(wait_event_type, 'processor'), count(*) FROM pg_stat_activity
     WHERE application_name = 'orders-worker' AND datname = current_database() AND state = 'active' GROUP BY 1";

/// Looks for this time; the average number of sessions by what they wait for.
pub(super) fn look(
    mut connection: PgConnection,
    time: Duration,
) -> JoinHandle<anyhow::Result<BTreeMap<String, f64>>> {
    tokio::spawn(async move {
        let (began, mut looks, mut seen) = (Instant::now(), 0_u32, BTreeMap::new());
        while began.elapsed() < time {
            let rows: Vec<(String, i64)> = sqlx::query_as(LOOK).fetch_all(&mut connection).await?;
            for (wait, sessions) in rows {
                *seen.entry(wait).or_insert(0.0) += f64::from(i32::try_from(sessions)?);
            }
            looks += 1;
            tokio::time::sleep(EVERY).await;
        }
        Ok(seen.into_iter().map(|(wait, sessions)| (wait, sessions / f64::from(looks.max(1)))).collect())
    })
}
