//! What the database holds, read beside the workers and never written.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Value, json};
use sqlx::{
    ConnectOptions as _, Connection as _, FromRow, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

use super::{engine::RunDatabase as Database, request::FULFILMENT};

/// A connection that reads.
pub(super) enum Reader {
    File(SqliteConnection),
    Server(PgConnection),
}

/// All that is kept of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) orders: BTreeMap<String, StoredOrder>,
    pub(super) outbox: Vec<Message>,
    pub(super) dead_letters: Vec<Letter>,
}

/// An order.
#[derive(Clone, Debug)]
pub(super) struct StoredOrder {
    pub(super) row: OrderRow,
    pub(super) lines: Vec<LineRow>,
    /// By version.
    pub(super) history: Vec<HistoryRow>,
}

#[derive(Clone, Debug, Default, FromRow)]
pub(super) struct OrderRow {
    pub(super) id: String,
    pub(super) owner_object: String,
    pub(super) reference: String,
    pub(super) status: String,
    pub(super) currency: String,
    pub(super) total: i64,
    pub(super) note: Option<String>,
    pub(super) version: i64,
    /// Microseconds since 1970, by the clock of the worker that placed it.
    pub(super) created_at: i64,
}

#[derive(Clone, Debug, FromRow)]
pub(super) struct LineRow {
    order_id: String,
    pub(super) sku: String,
    pub(super) quantity: i64,
    pub(super) unit_price: i64,
    pub(super) line_total: i64,
}

#[derive(Clone, Debug, Default, FromRow)]
pub(super) struct HistoryRow {
    pub(super) order_id: String,
    pub(super) version: i64,
    pub(super) action: String,
    pub(super) from_status: Option<String>,
    pub(super) to_status: String,
    pub(super) invocation_id: String,
}

/// A row of the outbox.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: String,
    /// The order that its payload points at; none for a payload that points at none.
    pub(super) order: Option<String>,
    pub(super) sent: i64,
    pub(super) open: bool,
}

/// A dead letter.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) queue: String,
    pub(super) order_id: Option<String>,
    pub(super) reason: String,
    pub(super) payload: Vec<u8>,
    pub(super) replayed: bool,
}

const OPEN_MESSAGES: &str = "SELECT count(*) FROM outbox WHERE consumed_at IS NULL";

const ORDERS: &str =
    "SELECT CAST(id AS TEXT) AS id, CAST(owner_object AS TEXT) AS owner_object, reference, status, currency, total, note,
         CAST(version AS BIGINT) AS version, created_at
     FROM orders";

const LINES: &str = "SELECT CAST(order_id AS TEXT) AS order_id, sku, CAST(quantity AS BIGINT) AS quantity,
         CAST(unit_price AS BIGINT) AS unit_price, line_total
     FROM order_lines ORDER BY order_lines.order_id, position";

const HISTORY: &str =
    "SELECT CAST(order_id AS TEXT) AS order_id, CAST(version AS BIGINT) AS version, action, from_status, to_status,
         CAST(invocation_id AS TEXT) AS invocation_id
     FROM order_history ORDER BY order_history.order_id, order_history.version";

const OUTBOX: &str =
    "SELECT CAST(message_id AS TEXT), payload, CAST(sent AS BIGINT), consumed_at IS NULL FROM outbox
     ORDER BY created_at, outbox.message_id";

const DEAD_LETTERS: &str =
    "SELECT CAST(id AS TEXT) AS id, queue, CAST(order_id AS TEXT) AS order_id, reason, payload,
         replayed_at IS NOT NULL AS replayed
     FROM dead_letters";

/// The contents of a database, for every engine: the statements are the same, the types of the driver are not.
macro_rules! read {
    ($connection:expr) => {{
        let mut unit = $connection.begin().await?;
        let rows: Vec<OrderRow> = sqlx::query_as(ORDERS).fetch_all(&mut *unit).await?;
        let lines: Vec<LineRow> = sqlx::query_as(LINES).fetch_all(&mut *unit).await?;
        let history: Vec<HistoryRow> = sqlx::query_as(HISTORY).fetch_all(&mut *unit).await?;
        let outbox: Vec<(String, Vec<u8>, i64, bool)> = sqlx::query_as(OUTBOX).fetch_all(&mut *unit).await?;
        let dead_letters: Vec<Letter> = sqlx::query_as(DEAD_LETTERS).fetch_all(&mut *unit).await?;
        Record {
            orders: gather(rows, lines, history),
            outbox: outbox.into_iter().map(Message::from).collect(),
            dead_letters,
        }
    }};
}

impl Reader {
    /// Opens the database that workers write to meanwhile.
    pub(super) async fn open(database: &Database) -> anyhow::Result<Self> {
        let connection = match database {
            Database::File(file) => {
                let options = SqliteConnectOptions::new().filename(file).read_only(true);
                options.connect().await.map(Self::File)
            }
            Database::Server(server) => PgConnection::connect(&server.database.url()).await.map(Self::Server),
        };
        connection.context("cannot open the database of the run")
    }

    /// Messages that were not acknowledged.
    pub(super) async fn open_messages(&mut self) -> anyhow::Result<i64> {
        let count = match self {
            Self::File(file) => sqlx::query_scalar(OPEN_MESSAGES).fetch_one(file).await,
            Self::Server(server) => sqlx::query_scalar(OPEN_MESSAGES).fetch_one(server).await,
        };
        count.context("cannot read the outbox")
    }

    /// Reads everything of an app that is at rest.
    pub(super) async fn record(&mut self) -> anyhow::Result<Record> {
        Ok(match self {
            Self::File(file) => read!(file),
            Self::Server(server) => read!(server),
        })
    }
}

fn gather(
    rows: Vec<OrderRow>,
    lines: Vec<LineRow>,
    history: Vec<HistoryRow>,
) -> BTreeMap<String, StoredOrder> {
    let kept = |row: OrderRow| (row.id.clone(), StoredOrder { row, lines: Vec::new(), history: Vec::new() });
    let mut orders: BTreeMap<String, StoredOrder> = rows.into_iter().map(kept).collect();
    for line in lines {
        if let Some(order) = orders.get_mut(&line.order_id) {
            order.lines.push(line);
        }
    }
    for item in history {
        if let Some(order) = orders.get_mut(&item.order_id) {
            order.history.push(item);
        }
    }
    orders
}

impl From<(String, Vec<u8>, i64, bool)> for Message {
    fn from((id, payload, sent, open): (String, Vec<u8>, i64, bool)) -> Self {
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let order = payload.get("orderId").and_then(Value::as_str).map(str::to_owned);
        Self { id, order, sent, open }
    }
}

impl Letter {
    /// The order that its replay is about: a message that can be read travels under another id, everything else as it
    /// came.
    pub(super) fn readable(&self) -> Option<&str> {
        self.order_id.as_deref().filter(|_| self.queue == FULFILMENT)
    }
}

impl StoredOrder {
    /// What the caller decided, in the members of an answer.
    pub(super) fn content(&self) -> Value {
        let line = |line: &LineRow| {
            json!({
                "sku": line.sku, "quantity": line.quantity,
                "unitPrice": line.unit_price, "lineTotal": line.line_total,
            })
        };
        json!({
            "reference": self.row.reference, "currency": self.row.currency, "note": self.row.note,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(), "total": self.row.total,
        })
    }

    /// The version at which the content became what it is.
    pub(super) fn content_since(&self) -> i64 {
        let writes = self.history.iter().filter(|item| matches!(item.action.as_str(), "place" | "update"));
        writes.map(|item| item.version).max().unwrap_or_default()
    }
}
