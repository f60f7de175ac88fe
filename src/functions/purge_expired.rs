//! `PurgeExpired`: every night.

use std::sync::Arc;

use azure_functions_handler::{InvocationFailed, State};

use super::app_state::AppState;
use crate::telemetry::Event;

/// The most rows of one kind that one transaction forgets: others wait for it where there is one writer.
const BATCH_SIZE: u32 = 1000;

/// Transactions that delete dead letters in one night, at most: enough for more dead letters than the ceiling allows.
const MAX_DROP_TRANSACTIONS: usize = 200;

/// Deletes rows whose retention period is over (`docs/reference/api.md#retention`), and dead letters that were not
/// replayed in time. If it is cut short, the next night's run continues. A jump of the clock makes nothing look older
/// for a day; after that, the clock is trusted again.
///
/// # Errors
/// [`InvocationFailed`], when the database is unavailable.
pub async fn purge_expired(State(app): State<Arc<AppState>>) -> Result<(), InvocationFailed> {
    let (now, mut all) = (app.retention_time(app.clock.now()), 0);
    loop {
        match app.store.purge_expired(now, BATCH_SIZE).await? {
            0 => break,
            some => all += some,
        }
    }
    Event::RetentionPurged { rows: all }.log();
    app.dead_letter_ceiling.warn_if_near(&app.store.gauges(now, app.relay_hold()).await?, now);
    app.dead_letter_ceiling.enforce(app.store.as_ref(), now, MAX_DROP_TRANSACTIONS).await?;
    Ok(())
}
