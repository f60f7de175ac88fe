//! Takes due messages from the outbox in batches, oldest first, until a bound of the run is reached.

use std::time::Duration;

use azure_functions_handler::Outputs;
use chrono::{DateTime, Utc};

use crate::{
    functions::{
        app_state::AppState,
        names::{FULFILMENT_OUTPUT, INCOMING_OUTPUT, OutputQueue},
    },
    limits::{LIMITS, RelayLimits},
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::{DueMessage, RelayBatch, StoreError, WriteContext},
    validation,
};

/// The output bindings by which messages of the outbox are sent.
const OUTPUTS: [OutputQueue; 2] = [FULFILMENT_OUTPUT, INCOMING_OUTPUT];
/// The quotes and the comma around a message in the answer.
const SEPARATOR_BYTES: usize = 3;

/// The messages of one run. Each batch is a transaction of its own. All of them are taken at the time of `context`, so a
/// message that was taken is not due again within the run.
///
/// A message that was taken has to leave: when the store fails later, what was taken before goes out all the same.
pub(super) async fn due_messages(
    app: &AppState,
    context: WriteContext,
    limits: RelayLimits,
    elapsed: impl Fn() -> Duration + Send,
) -> Result<Outputs, StoreError> {
    let mut answer = Answer::new(limits);
    let mut failure = None;
    while failure.is_none() && elapsed() < limits.max_time {
        let Some(batch) = answer.next_batch() else { break };
        match app.store.take_due_messages(context.at, app.outbox_deadline, batch, app.relay_hold()).await {
            Ok(due) if due.is_empty() => break,
            Ok(due) => failure = answer.add(app, context, due).await.err(),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if answer.outputs.is_empty() => Err(error),
        _ => Ok(answer.outputs),
    }
}

/// The messages that the run has taken so far, and their size in the answer.
struct Answer {
    outputs: Outputs,
    limits: RelayLimits,
    messages: u32,
    bytes: usize,
    newest: Option<DateTime<Utc>>,
}

impl Answer {
    fn new(limits: RelayLimits) -> Self {
        Self { outputs: Outputs::new(), limits, messages: 0, bytes: 0, newest: None }
    }

    /// What the next transaction may take; none when the answer is full. Escapes at most double a payload, and a batch
    /// may pass its bytes by one message, so no batch can overfill the answer.
    fn next_batch(&self) -> Option<RelayBatch> {
        let RelayLimits { max_messages, max_answer_bytes, batch_messages, batch_bytes, .. } = self.limits;
        let reserve =
            2 * LIMITS.messages.max_payload_bytes + SEPARATOR_BYTES * usize::try_from(batch_messages).ok()?;
        let room = usize::try_from(max_answer_bytes).ok()?.checked_sub(self.bytes + reserve)?;
        let left = max_messages.checked_sub(self.messages).filter(|left| *left > 0)?;
        Some(RelayBatch {
            max_messages: left.min(batch_messages),
            max_bytes: u32::try_from(room / 2).unwrap_or(u32::MAX).clamp(1, batch_bytes),
            created_from: self.newest,
        })
    }

    /// Adds a batch. After a failure to record a dead letter the remaining messages still leave, and unreadable ones wait
    /// for their next time.
    async fn add(
        &mut self,
        app: &AppState,
        context: WriteContext,
        due: Vec<DueMessage>,
    ) -> Result<(), StoreError> {
        let mut recorded = Ok(());
        for message in due {
            self.messages += 1;
            self.newest = Some(message.created_at);
            match dead_letter_if_unreadable(&message, context) {
                Some(letter) if recorded.is_ok() => recorded = app.dead_letter(letter, None, context).await,
                Some(_) => (),
                None => self.push(message),
            }
        }
        recorded
    }

    fn push(&mut self, message: DueMessage) {
        let Some(output) = OUTPUTS.iter().find(|output| output.binding == message.binding) else { return };
        self.bytes += bytes_in_answer(&message.payload);
        self.outputs = std::mem::take(&mut self.outputs).message(output.binding, message.payload);
    }
}

/// The bytes of a JSON string with this text: a backslash stands before what JSON escapes.
fn bytes_in_answer(payload: &[u8]) -> usize {
    let escaped = payload.iter().filter(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t'));
    payload.len() + escaped.count() + SEPARATOR_BYTES
}

/// The dead letter that its reader would make of a message.
fn dead_letter_if_unreadable(message: &DueMessage, context: WriteContext) -> Option<DeadLetter> {
    let (queue, reason, message_id): (_, Reason, _) = if message.binding == FULFILMENT_OUTPUT.binding {
        (FULFILMENT_OUTPUT.queue, FulfilmentMessage::decode(&message.payload).err()?.reason(), None)
    } else {
        let invalid = validation::parse_incoming_order(&message.payload).err()?;
        (INCOMING_OUTPUT.queue, invalid.reason, invalid.message_id)
    };
    Some(DeadLetter::new(queue, &message.payload, reason, context.at).with_message_id(message_id))
}
