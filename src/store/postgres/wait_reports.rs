//! Reports what a migration waits for.

use std::fmt::{Display, Formatter, Result};

use sqlx::{Connection as _, Error, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::store::{
    OnWait,
    timeouts::{FIRST_WAIT_REPORT, WAIT_REPORT_INTERVAL},
};

use super::sql;

/// A lock that a process waits for, and a process that holds it or waits before it.
#[derive(sqlx::FromRow)]
struct Wait {
    /// The kind of lock, as `pg_locks` names it.
    locktype: String,
    /// The table, where it is one's.
    relation: Option<String>,
    /// The process that is in the way; 0 for a prepared transaction.
    pid: i32,
    application_name: Option<String>,
    state: Option<String>,
    /// How long ago its last query began; unknown where the login may not see it.
    query_seconds: Option<i64>,
}

/// Runs `work` on the connection of the process `pid`, and reports the locks that it waits for. If no second
/// connection can be opened, it continues without a report.
pub(super) async fn with_wait_reports<T>(
    address: &PgConnectOptions,
    pid: i32,
    work: impl Future<Output = T>,
    on_wait: OnWait<'_>,
) -> T {
    let watch = async {
        let mut look = interval_at(Instant::now() + FIRST_WAIT_REPORT, WAIT_REPORT_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            for wait in waits(address, pid).await.unwrap_or_default() {
                on_wait(&wait.to_string());
            }
        }
    };
    tokio::select! {
        done = work => done,
        () = watch => unreachable!("it watches for as long as there is work"),
    }
}

async fn waits(address: &PgConnectOptions, pid: i32) -> std::result::Result<Vec<Wait>, Error> {
    let mut connection = PgConnection::connect_with(address).await?;
    let waits = sqlx::query_as(sql::WAITS).bind(pid).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(waits)
}

impl Display for Wait {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str("the migration waits for ")?;
        match (&self.relation, &*self.locktype) {
            (Some(table), _) => write!(formatter, "a lock on the table `{table}`")?,
            (None, "advisory") => formatter.write_str("the lock that another migration holds")?,
            (None, kind) => write!(formatter, "a lock of the type {kind}")?,
        }
        write!(formatter, ", which process {} has", self.pid)?;
        let application = self.application_name.as_deref().filter(|name| !name.is_empty());
        let mut details = Vec::new();
        details.extend(application.map(|name| format!("application {name}")));
        details.extend(self.state.clone());
        details.extend(self.query_seconds.map(|seconds| format!("last query began {seconds} s ago")));
        if details.is_empty() { Ok(()) } else { write!(formatter, " ({})", details.join(", ")) }
    }
}
