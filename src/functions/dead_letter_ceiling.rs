//! The ceiling of unreplayed dead letters (`docs/reference/api.md#dead-letter-ceiling`): a warning is logged before it
//! is reached, and each dead letter is logged before it is deleted. A new dead letter is always stored, even over the
//! ceiling: otherwise its message would be lost.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use chrono::{DateTime, Utc};

use crate::{
    audit,
    limits::DeadLetterLimits,
    store::{DeadLetterLimit, Gauges, Store, StoreError},
    telemetry::Event,
};

/// The most dead letters of one transaction.
const BATCH_SIZE: u32 = 1000;

/// The limits of unreplayed dead letters, and whether they were nearly reached at the last check.
#[derive(Debug)]
pub struct DeadLetterCeiling {
    limits: DeadLetterLimits,
    was_near: AtomicBool,
}

impl DeadLetterCeiling {
    /// The ceiling of a process that has not checked it yet.
    #[must_use]
    pub const fn new(limits: DeadLetterLimits) -> Self {
        Self { limits, was_near: AtomicBool::new(false) }
    }

    /// Whether more dead letters are stored than allowed.
    pub(super) fn is_exceeded(&self, gauges: &Gauges) -> bool {
        gauges.unreplayed_dead_letters > self.limits.max_unreplayed
    }

    /// Warns once when the number or age of dead letters comes near the ceiling; warns again only after it was far from
    /// it.
    pub(super) fn warn_once_if_near(&self, gauges: &Gauges, now: DateTime<Utc>) {
        let was_near = self.was_near.swap(self.is_near(gauges, now), Relaxed);
        if !was_near {
            self.warn_if_near(gauges, now);
        }
    }

    /// Warns at every call while the number or the age of dead letters is near the ceiling.
    pub(super) fn warn_if_near(&self, gauges: &Gauges, now: DateTime<Utc>) {
        let is_near = self.is_near(gauges, now);
        self.was_near.store(is_near, Relaxed);
        if is_near {
            let (unreplayed, oldest_days) = (gauges.unreplayed_dead_letters, oldest_days(gauges, now));
            let (max_unreplayed, max_days) = (self.limits.max_unreplayed, self.limits.max_age.num_days());
            Event::DeadLettersNearCeiling { unreplayed, max_unreplayed, oldest_days, max_days }.log();
        }
    }

    /// Deletes dead letters over the ceiling, oldest first, in at most this many transactions.
    pub(super) async fn enforce(
        &self,
        store: &dyn Store,
        now: DateTime<Utc>,
        transactions: usize,
    ) -> Result<(), StoreError> {
        let limits = self.limits;
        let ceiling =
            DeadLetterLimit { max_count: limits.max_unreplayed, recorded_after: now - limits.max_age };
        for _ in 0..transactions {
            let excess = store.excess_dead_letters(ceiling, BATCH_SIZE).await?;
            if excess.is_empty() {
                break;
            }
            // Logs before it deletes: a dead letter that is logged and not deleted is logged again, and none is
            // deleted without a log line.
            for letter in &excess {
                audit::dead_letter_dropped(letter, letter.recorded_at <= ceiling.recorded_after);
            }
            let ids: Vec<_> = excess.iter().map(|letter| letter.id).collect();
            store.drop_dead_letters(&ids).await?;
        }
        Ok(())
    }

    fn is_near(&self, gauges: &Gauges, now: DateTime<Utc>) -> bool {
        gauges.unreplayed_dead_letters >= self.limits.warning_unreplayed()
            || oldest_days(gauges, now) >= Some(self.limits.warning_days())
    }
}

/// How many days the oldest dead letter has waited for its replay.
pub(super) fn oldest_days(gauges: &Gauges, now: DateTime<Utc>) -> Option<i64> {
    gauges.oldest_dead_letter.map(|oldest| (now - oldest).num_days().max(0))
}

#[cfg(test)]
mod tests;
