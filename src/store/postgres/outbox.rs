//! Messages that are on their way until their consumer has committed.

use chrono::{DateTime, Duration, Utc};

use crate::store::{
    DueMessage, Gauges, StoreError,
    rows::{DueRow, GaugesRow},
    sql::GAUGES,
};

use super::{pool::Pool, sql};

pub(super) async fn take_due(
    pool: &Pool,
    now: DateTime<Utc>,
    deadline: Duration,
    limit: u32,
) -> Result<Vec<DueMessage>, StoreError> {
    let longest = Duration::hours(1);
    let mut due: Vec<DueRow> = sqlx::query_as(sql::TAKE_DUE)
        .bind(now.timestamp_micros())
        .bind(deadline.min(longest).num_microseconds())
        .bind(longest.num_microseconds())
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    due.sort_unstable_by(|one, other| one.age().cmp(&other.age()));
    Ok(due.into_iter().map(DueMessage::from).collect())
}

pub(super) async fn gauges(pool: &Pool, connections: (u32, u32)) -> Result<Gauges, StoreError> {
    let row: GaugesRow = sqlx::query_as(GAUGES).fetch_one(pool).await?;
    row.with(connections)
}
