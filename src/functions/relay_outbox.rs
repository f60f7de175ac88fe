//! `RelayOutbox`: every minute.

use std::sync::Arc;

use azure_functions_handler::{Invocation, InvocationFailed, Outputs, State};
use chrono::{DateTime, Utc};

use super::{app_state::AppState, dead_letter_ceiling};
use crate::{
    identity::Identity,
    limits::LIMITS,
    store::{Gauges, WriteContext},
    telemetry::Event,
};

mod due_messages;
#[cfg(test)]
mod tests;

use due_messages::due_messages;

/// Transactions that delete dead letters in one tick, at most.
const MAX_DROP_TRANSACTIONS: usize = 5;

/// Logs the gauges, and sends the messages again that were not acknowledged in time. A message that its reader could
/// not parse is not sent: a replayed message that is still broken becomes a dead letter once more. Without a backend
/// its messages stay where they are.
///
/// # Errors
/// [`InvocationFailed`], when the database is unavailable and nothing was taken from it before.
pub async fn relay_outbox(
    State(app): State<Arc<AppState>>,
    invocation: Invocation,
) -> Result<Outputs, InvocationFailed> {
    let start = app.clock.instant();
    let context = app.write_context(&invocation);
    check_gauges(&app, context).await;
    let elapsed = || app.clock.instant().duration_since(start);
    Ok(due_messages(&app, context, LIMITS.messages.relay, elapsed).await?)
}

/// Logs the gauges, and deletes dead letters when there are too many of them. The relay runs once a minute anyway, so
/// this needs no timer of its own.
async fn check_gauges(app: &AppState, context: WriteContext) {
    // The store has logged why it cannot count; due messages are sent all the same, if possible.
    let Ok(gauges) = app.store.gauges(context.at, app.relay_hold()).await else { return };
    log_gauges(app, &gauges, context.at).await;
    app.dead_letter_ceiling.warn_once_if_near(&gauges, context.at);
    if app.dead_letter_ceiling.is_exceeded(&gauges) {
        drop(
            app.dead_letter_ceiling
                .enforce(app.store.as_ref(), context.retention_at, MAX_DROP_TRANSACTIONS)
                .await,
        );
    }
}

async fn log_gauges(app: &AppState, gauges: &Gauges, now: DateTime<Utc>) {
    // A certificate that cannot be read is logged where it is used.
    let certificate_expires_at = match &app.backend {
        Some(backend) => backend.certificate_expires_at(now).await.ok().flatten(),
        None => None,
    };
    Event::Metrics {
        oldest_open_seconds: gauges.oldest_open.map(|oldest| (now - oldest).num_seconds().max(0)),
        open_rows: gauges.open_rows,
        open_rows_from_future: gauges.open_rows_from_future,
        open_rows_without_backend: gauges.open_rows_on_hold,
        unreplayed_dead_letters: gauges.unreplayed_dead_letters,
        oldest_dead_letter_days: dead_letter_ceiling::oldest_days(gauges, now),
        pool_in_use: gauges.pool_in_use,
        pool_size: gauges.pool_size,
        certificate_days: certificate_expires_at.map(|end| (end - now).num_days()),
        waiting_for_keys: app.identity.as_ref().and_then(Identity::waiting_for_keys),
    }
    .log();
}
