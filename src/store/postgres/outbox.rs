//! Messages that are on their way until their consumer has committed.

use chrono::{DateTime, Duration, Utc};
use sqlx::PgPool;

use crate::store::{DueMessage, StoreError, rows::DueRow};

use super::sql;

pub(super) async fn take_due(
    pool: &PgPool,
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
