//! `RelayOutbox`: every minute.

use bytes::Bytes;

use super::{App, FULFILMENT_OUTPUT, INCOMING_OUTPUT};
use crate::host::{Output, Retry, Tick};

/// The most messages of one tick (contract §4).
const AT_MOST: u32 = 500;

/// Sends the messages again that nobody has acknowledged in time.
///
/// # Errors
/// [`Retry`], when the store is away.
pub async fn relay_outbox(app: &App, _tick: Tick) -> Result<Vec<Output>, Retry> {
    let due = app.store.take_due_messages(app.clock.now(), app.outbox_deadline, AT_MOST).await?;
    let output = |binding: &'static str| {
        let messages = due.iter().filter(|message| message.binding == binding);
        Output { binding, messages: messages.map(|message| Bytes::from(message.payload.clone())).collect() }
    };
    Ok(vec![output(FULFILMENT_OUTPUT.0), output(INCOMING_OUTPUT.0)])
}
