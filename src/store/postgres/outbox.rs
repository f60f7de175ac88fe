//! Messages that are on their way until their consumer has committed.

use chrono::{DateTime, Duration, Utc};

use crate::store::{
    DueMessage, Gauges, Hold, RelayBatch, StoreError,
    relay_schedule::{self, RelaySchedule},
    rows::{DueMessageRow, GaugesRow, PoolUsage},
    sql::GAUGES,
};

use super::{pool::PoolExecutor, sql};

pub(super) async fn take_due(
    executor: PoolExecutor<'_>,
    now: DateTime<Utc>,
    deadline: Duration,
    batch: RelayBatch,
    hold: Hold,
) -> Result<Vec<DueMessage>, StoreError> {
    let schedule = RelaySchedule::new(now, deadline);
    let mut due: Vec<DueMessageRow> = sqlx::query_as(sql::TAKE_DUE)
        .bind(schedule.now)
        .bind(schedule.base_delay)
        .bind(schedule.max_delay)
        .bind(i64::from(batch.max_messages))
        .bind(schedule.future_cutoff)
        .bind(schedule.first_delay)
        .bind(hold.binding())
        .bind(batch.created_from_micros())
        .bind(i64::from(batch.max_bytes))
        .fetch_all(executor)
        .await?;
    due.sort_unstable_by_key(DueMessageRow::sort_key);
    due.into_iter().map(DueMessage::try_from).collect()
}

pub(super) async fn gauges(
    executor: PoolExecutor<'_>,
    now: DateTime<Utc>,
    hold: Hold,
    pool: PoolUsage,
) -> Result<Gauges, StoreError> {
    let row: GaugesRow = sqlx::query_as(GAUGES)
        .bind(relay_schedule::future_cutoff(now))
        .bind(hold.binding())
        .fetch_one(executor)
        .await?;
    row.into_gauges(pool)
}
