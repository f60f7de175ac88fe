//! The ceiling of unreplayed dead letters (contract §4): told before it is reached, and each letter that goes is
//! told of before it goes. A message that is given up is never refused for it: the host would lose it.

use chrono::{DateTime, Utc};

use super::App;
use crate::{
    audit,
    limits::LIMITS,
    store::{Gauges, LetterCeiling, StoreError},
    telemetry::Event,
};

/// The most letters of one transaction.
const AT_ONCE: u32 = 1000;

/// Drops what is over the ceiling, oldest first, in so many transactions at most.
pub(super) async fn enforce(app: &App, now: DateTime<Utc>, transactions: usize) -> Result<(), StoreError> {
    let limits = LIMITS.dead_letters;
    let ceiling = LetterCeiling { most: limits.unreplayed, recorded_after: now - limits.age };
    for _ in 0..transactions {
        let excess = app.store.excess_dead_letters(ceiling, AT_ONCE).await?;
        if excess.is_empty() {
            break;
        }
        // Told first: a letter that is told of and still there is told of again, and none goes untold.
        for letter in &excess {
            audit::dropped(letter, letter.recorded_at <= ceiling.recorded_after);
        }
        let ids: Vec<_> = excess.iter().map(|letter| letter.id).collect();
        app.store.drop_dead_letters(&ids).await?;
    }
    Ok(())
}

/// Warns when the ceiling is near.
pub(super) fn warn_if_near(gauges: &Gauges, now: DateTime<Utc>) {
    let limits = LIMITS.dead_letters;
    let (unreplayed, oldest_days) = (gauges.unreplayed_dead_letters, oldest_days(gauges, now));
    let is_near = unreplayed >= limits.near_unreplayed() || oldest_days >= Some(limits.near_days());
    if is_near {
        let (most, most_days) = (limits.unreplayed, limits.age.num_days());
        Event::DeadLettersNearCeiling { unreplayed, most, oldest_days, most_days }.log();
    }
}

/// How many days the oldest letter has waited for its replay.
pub(super) fn oldest_days(gauges: &Gauges, now: DateTime<Utc>) -> Option<i64> {
    gauges.oldest_dead_letter.map(|oldest| (now - oldest).num_days().max(0))
}
