//! From queued to fulfilled: messages through the queues of the emulator, a few at a time as host.json says, to the
//! stub of the backend.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde::Serialize;
use serde_json::json;

use crate::{
    app::App,
    database::Database,
    process,
    requests::{READER, TENANT},
};

/// What host.json lets run at a time: a batch, and a new one when half of it is left.
const AT_A_TIME: u32 = 24;
/// Messages that lie ready while the worker is busy; the queue in memory grows slow when it is long.
const READY: usize = 96;
const QUEUE: &str = "orders-fulfilment";
/// Given up after this time.
const TIMEOUT: Duration = Duration::from_mins(2);

/// Messages a second, and the processor time of one in microseconds where the system reports it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct QueueThroughput {
    pub(crate) rate: f64,
    pub(crate) worker: Option<f64>,
    pub(crate) database: Option<f64>,
    /// Of the emulator, which holds the queues.
    pub(crate) host: Option<f64>,
}

/// Queues this many orders and lets the worker fulfil them all.
pub(crate) async fn run(
    root: &Path,
    worker: &Path,
    database: &Database,
    round: u32,
    messages: u32,
) -> anyhow::Result<QueueThroughput> {
    queue_orders(database, round, messages).await?;
    let app = App::start(root, worker, &database.url(), AT_A_TIME).await?;
    let worker = app.host.worker_pid().unwrap_or_default();
    let times = || {
        let own = process::processor_time(std::process::id());
        [process::processor_time(worker), database.processor_time(), own]
    };
    let (before, began) = (times(), Instant::now());
    let passed = async {
        for batch in (0..messages).collect::<Vec<_>>().chunks(READY / 2) {
            app.queues.wait_until(|queues| held(queues) <= READY / 2).await;
            for &number in batch {
                app.queues.put(QUEUE, message(round, number))?;
            }
        }
        app.queues.wait_until(|queues| held(queues) == 0).await;
        anyhow::Ok(())
    };
    tokio::time::timeout(TIMEOUT, passed).await.map_err(|_| anyhow::anyhow!("messages were left over"))??;
    let (took, after) = (began.elapsed().as_secs_f64(), times());
    app.stop().await;
    let fulfilled = fulfilled(database, round).await?;
    ensure!(fulfilled == i64::from(messages), "{fulfilled} of {messages} orders were fulfilled");
    let each = |of: usize| {
        let spent = after[of]?.saturating_sub(before[of]?);
        Some(spent.as_secs_f64() * 1e6 / f64::from(messages))
    };
    let (worker, database, host) = (each(0), each(1), each(2));
    Ok(QueueThroughput { rate: f64::from(messages) / took, worker, database, host })
}

fn held(queues: &functions_emulator::queues::MemoryQueues) -> usize {
    let counts = queues.counts(QUEUE);
    counts.visible + counts.hidden
}

/// What `ProcessOrder` sends.
fn message(round: u32, number: u32) -> String {
    let message = json!({
        "version": 1,
        "messageId": message_id(round, number),
        "orderId": order_id(round, number),
        "traceparent": null,
    });
    message.to_string()
}

fn order_id(round: u32, number: u32) -> String {
    format!("0080{round:04x}-0000-7000-8000-{number:012x}")
}

fn message_id(round: u32, number: u32) -> String {
    format!("0081{round:04x}-0000-7000-8000-{number:012x}")
}

/// Orders as `ProcessOrder` leaves them, with an open outbox row that is not due for a long time.
async fn queue_orders(database: &Database, round: u32, messages: u32) -> anyhow::Result<()> {
    let numbers = 0..messages;
    let ids: Vec<String> = numbers.clone().map(|number| order_id(round, number)).collect();
    let message_ids: Vec<String> = numbers.clone().map(|number| message_id(round, number)).collect();
    let payloads: Vec<Vec<u8>> = numbers.map(|number| message(round, number).into_bytes()).collect();
    let mut connection = database.connect().await?;
    let orders =
        "INSERT INTO orders (id, owner_tenant, owner_object, reference, status, currency, total, note,
             version, created_at, updated_at)
         SELECT CAST(id AS UUID), CAST($2 AS UUID), CAST($3 AS UUID), 'PO-17', 'queued', 'EUR', 2500, NULL, 2, 0, 0 FROM unnest($1) AS id";
    sqlx::query(orders).bind(&ids).bind(TENANT).bind(READER).execute(&mut connection).await?;
    let lines = "INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
         SELECT CAST(id AS UUID), 0, 'ESPRESSO-1KG', 2, 1250, 2500 FROM unnest($1) AS id";
    sqlx::query(lines).bind(&ids).execute(&mut connection).await?;
    let outbox = "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
         SELECT CAST(id AS UUID), 'fulfilment', payload, 0, 9000000000000000, 1 FROM unnest($1, $2) AS sent (id, payload)";
    sqlx::query(outbox).bind(&message_ids).bind(&payloads).execute(&mut connection).await?;
    sqlx::query("ANALYZE orders, order_lines, outbox, inbox").execute(&mut connection).await?;
    Ok(())
}

/// Orders of the round that are fulfilled, and whose outbox row is closed.
async fn fulfilled(database: &Database, round: u32) -> anyhow::Result<i64> {
    let counted = "SELECT count(*) FROM orders WHERE status = 'fulfilled' AND CAST(id AS TEXT) LIKE $1
         AND EXISTS (SELECT 1 FROM outbox WHERE consumed_at IS NOT NULL
             AND message_id = CAST('0081' || substr(CAST(id AS TEXT), 5) AS UUID))";
    let mut connection = database.connect().await?;
    Ok(sqlx::query_scalar(counted).bind(format!("0080{round:04x}-%")).fetch_one(&mut connection).await?)
}
