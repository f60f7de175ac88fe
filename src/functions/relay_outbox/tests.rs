//! What ends a run, with smaller bounds and a clock that the test hands in.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use azure_functions_handler::Outputs;
use sqlx::{Connection as _, SqliteConnection};

use super::due_messages::due_messages;
use crate::{
    functions::{
        FULFILMENT_OUTPUT,
        test_process::{TestProcess, invocation},
    },
    limits::{LIMITS, RelayLimits},
    orders::{FulfilmentMessage, OrderId},
};

/// Five batches of two.
const LIMIT: RelayLimits = RelayLimits {
    max_messages: 10,
    batch_messages: 2,
    max_time: Duration::from_secs(30),
    ..LIMITS.messages.relay
};

const INSERT: &str = "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
    VALUES ($1, 'fulfilment', $2, $3, 0, 1)";

/// A process with so many due messages, and their payloads, oldest first.
async fn with_due_messages(count: i64) -> (TestProcess, Vec<Vec<u8>>) {
    let process = TestProcess::new(LIMITS.dead_letters).await;
    let mut file = SqliteConnection::connect(&process.database().display().to_string()).await.unwrap();
    let now = process.app.clock.now();
    let mut payloads = Vec::new();
    for age in 1..=count {
        let message = FulfilmentMessage::new(OrderId::new(now), None, now);
        let insert = sqlx::query(INSERT).bind(message.message_id.to_string()).bind(message.encode());
        insert.bind(now.timestamp_micros() - age).execute(&mut file).await.unwrap();
        payloads.insert(0, message.encode());
    }
    (process, payloads)
}

async fn run(process: &TestProcess, elapsed: impl Fn() -> Duration + Send) -> Option<Outputs> {
    let context = process.app.write_context(&invocation());
    due_messages(&process.app, context, LIMIT, elapsed).await.ok()
}

fn outputs(payloads: &[Vec<u8>]) -> Outputs {
    let add =
        |outputs: Outputs, payload: &Vec<u8>| outputs.message(FULFILMENT_OUTPUT.binding, payload.clone());
    payloads.iter().fold(Outputs::new(), add)
}

#[tokio::test]
async fn a_run_takes_batches_up_to_its_messages() {
    let (process, payloads) = with_due_messages(13).await;
    assert_eq!(run(&process, Duration::default).await, Some(outputs(&payloads[..10])));
    assert_eq!(run(&process, Duration::default).await, Some(outputs(&payloads[10..])));
    assert_eq!(run(&process, Duration::default).await, Some(outputs(&[])));
}

#[tokio::test]
async fn no_batch_is_taken_after_half_of_the_deadline() {
    assert_eq!(LIMITS.messages.relay.max_time * 2, LIMITS.requests.trigger_timeout);
    let (process, payloads) = with_due_messages(10).await;
    let seconds = AtomicU64::new(0);
    let slow = || Duration::from_secs(seconds.fetch_add(10, Relaxed));
    assert_eq!(run(&process, slow).await, Some(outputs(&payloads[..6])));
    assert_eq!(run(&process, Duration::default).await, Some(outputs(&payloads[6..])));
}

#[tokio::test]
async fn taken_messages_leave_although_the_store_fails() {
    let (process, payloads) = with_due_messages(10).await;
    let batches = AtomicU64::new(0);
    let lose_the_file = || {
        if batches.fetch_add(1, Relaxed) == 2 {
            fs::remove_file(process.database()).unwrap();
        }
        Duration::ZERO
    };
    assert_eq!(run(&process, lose_the_file).await, Some(outputs(&payloads[..4])));
    assert_eq!(run(&process, Duration::default).await, None);
}
