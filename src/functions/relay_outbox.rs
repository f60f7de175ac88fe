//! `RelayOutbox`: every minute.

use std::sync::Arc;

use azure_functions_handler::{Invocation, InvocationFailed, Outputs, State};
use chrono::{DateTime, Utc};

use super::{
    app::App,
    letter_ceiling,
    names::{FULFILMENT_OUTPUT, INCOMING_OUTPUT, OutputQueue},
};
use crate::{
    identity::Identity,
    limits::LIMITS,
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::{DueMessage, Gauges, WriteContext},
    telemetry::Event,
    validation,
};

/// The most messages of one tick: `docs/reference/api.md#relayoutbox`.
const AT_MOST: u32 = LIMITS.messages.max_relayed;
/// Where messages of the outbox go.
const OUTPUTS: [OutputQueue; 2] = [FULFILMENT_OUTPUT, INCOMING_OUTPUT];
/// Transactions that drop dead letters in one tick, at most.
const DROPS: usize = 5;

/// Logs the gauges, and sends the messages again that were not acknowledged in time. What its reader could not read
/// does not leave: a replayed message that is as broken as it was becomes a dead letter once more. Without a backend
/// its messages stay where they are.
///
/// # Errors
/// [`InvocationFailed`], when the store is away.
pub async fn relay_outbox(
    State(app): State<Arc<App>>,
    invocation: Invocation,
) -> Result<Outputs, InvocationFailed> {
    let stamp = app.stamp(&invocation);
    watch(&app, stamp).await;
    let due = app.store.take_due_messages(stamp.at, app.outbox_deadline, AT_MOST, app.hold()).await?;
    let mut outputs = Outputs::new();
    for message in due {
        if let Some(letter) = unreadable(&message, stamp) {
            app.give_up(letter, None, stamp).await?;
        } else if let Some(output) = OUTPUTS.iter().find(|output| output.binding == message.binding) {
            outputs = outputs.message(output.binding, message.payload);
        }
    }
    Ok(outputs)
}

/// Tells the gauges, and drops dead letters when there are too many of them. The relay looks once a minute anyway, so its
/// process needs no second clock.
async fn watch(app: &App, stamp: WriteContext) {
    // The store has told why it cannot count; what is due goes out all the same if it can.
    let Ok(gauges) = app.store.gauges(stamp.at, app.hold()).await else { return };
    tell_gauges(app, &gauges, stamp.at).await;
    app.dead_letters.warn_when_nearing(&gauges, stamp.at);
    if app.dead_letters.is_passed(&gauges) {
        drop(app.dead_letters.enforce(app.store.as_ref(), stamp.retention_at, DROPS).await);
    }
}

async fn tell_gauges(app: &App, gauges: &Gauges, now: DateTime<Utc>) {
    // One that cannot be read is logged where it is to be shown.
    let certificate_ends = match &app.backend {
        Some(backend) => backend.certificate_ends(now).await.ok().flatten(),
        None => None,
    };
    Event::Gauges {
        oldest_open_seconds: gauges.oldest_open.map(|oldest| (now - oldest).num_seconds().max(0)),
        open_rows: gauges.open_rows,
        open_rows_from_future: gauges.open_rows_from_future,
        open_rows_without_backend: gauges.open_rows_on_hold,
        unreplayed_dead_letters: gauges.unreplayed_dead_letters,
        oldest_dead_letter_days: letter_ceiling::oldest_days(gauges, now),
        pool_in_use: gauges.pool_in_use,
        pool_size: gauges.pool_size,
        certificate_days: certificate_ends.map(|end| (end - now).num_days()),
        waiting_for_keys: app.identity.as_ref().and_then(Identity::waiting_for_keys),
    }
    .log();
}

/// The dead letter that its reader would make of a message.
fn unreadable(message: &DueMessage, stamp: WriteContext) -> Option<DeadLetter> {
    let (queue, reason, message_id): (_, Reason, _) = if message.binding == FULFILMENT_OUTPUT.binding {
        (FULFILMENT_OUTPUT.queue, FulfilmentMessage::decode(&message.payload).err()?.reason(), None)
    } else {
        let unusable = validation::incoming(&message.payload).err()?;
        (INCOMING_OUTPUT.queue, unusable.reason, unusable.message_id)
    };
    Some(DeadLetter::new(queue, &message.payload, reason, stamp.at).with_message_id(message_id))
}
