//! Messages that are on their way until their consumer has committed.

use chrono::{DateTime, Duration, Utc};

use crate::store::{
    DueMessage, Gauges, Hold, StoreError,
    rows::{DueRow, GaugesRow, PoolUse},
    schedule::{self, Schedule},
    sql::GAUGES,
};

use super::{pool::Access, sql};

pub(super) async fn take_due(
    access: Access<'_>,
    now: DateTime<Utc>,
    deadline: Duration,
    limit: u32,
    hold: Hold,
) -> Result<Vec<DueMessage>, StoreError> {
    let schedule = Schedule::new(now, deadline);
    let mut due: Vec<DueRow> = sqlx::query_as(sql::TAKE_DUE)
        .bind(schedule.now)
        .bind(schedule.wait)
        .bind(schedule.longest_wait)
        .bind(i64::from(limit))
        .bind(schedule.future)
        .bind(schedule.first_wait)
        .bind(hold.binding())
        .fetch_all(access)
        .await?;
    due.sort_unstable_by(|one, other| one.age().cmp(&other.age()));
    Ok(due.into_iter().map(DueMessage::from).collect())
}

pub(super) async fn gauges(
    access: Access<'_>,
    now: DateTime<Utc>,
    hold: Hold,
    pool: PoolUse,
) -> Result<Gauges, StoreError> {
    let row: GaugesRow =
        sqlx::query_as(GAUGES).bind(schedule::future(now)).bind(hold.binding()).fetch_one(access).await?;
    row.with(pool)
}
