//! What the database holds, read beside the workers and never written.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Connection as _, FromRow, SqliteConnection, sqlite::SqliteConnectOptions};

/// A connection that cannot write.
pub(super) struct Reader(SqliteConnection);

/// All that is kept of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) orders: BTreeMap<String, Kept>,
    pub(super) outbox: Vec<Message>,
    pub(super) dead_letters: Vec<Letter>,
}

/// An order.
#[derive(Clone, Debug)]
pub(super) struct Kept {
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

#[derive(Clone, Debug, FromRow)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) order_id: Option<String>,
    pub(super) reason: String,
}

impl Reader {
    /// Opens the file that workers write to meanwhile.
    pub(super) async fn open(database: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new().filename(database).read_only(true);
        let connection = options.connect().await.context("cannot open the database of the run")?;
        Ok(Self(connection))
    }

    /// Messages that nobody has acknowledged.
    pub(super) async fn open_messages(&mut self) -> anyhow::Result<i64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE consumed_at IS NULL");
        count.fetch_one(&mut self.0).await.context("cannot read the outbox")
    }

    /// Reads everything, in one state of the database.
    pub(super) async fn record(&mut self) -> anyhow::Result<Record> {
        let mut unit = self.0.begin().await?;
        let rows: Vec<OrderRow> = sqlx::query_as(
            "SELECT id, owner_object, reference, status, currency, total, note, version FROM orders",
        )
        .fetch_all(&mut *unit)
        .await?;
        let lines: Vec<LineRow> = sqlx::query_as(
            "SELECT order_id, sku, quantity, unit_price, line_total FROM order_lines ORDER BY order_id, position",
        )
        .fetch_all(&mut *unit)
        .await?;
        let history: Vec<HistoryRow> = sqlx::query_as(
            "SELECT order_id, version, action, from_status, to_status, invocation_id FROM order_history
             ORDER BY order_id, version",
        )
        .fetch_all(&mut *unit)
        .await?;
        let outbox: Vec<(String, Vec<u8>, i64, bool)> = sqlx::query_as(
            "SELECT message_id, payload, sent, consumed_at IS NULL FROM outbox ORDER BY created_at, message_id",
        )
        .fetch_all(&mut *unit)
        .await?;
        let dead_letters =
            sqlx::query_as("SELECT id, order_id, reason FROM dead_letters").fetch_all(&mut *unit).await?;
        Ok(Record {
            orders: gather(rows, lines, history),
            outbox: outbox.into_iter().map(Message::from).collect(),
            dead_letters,
        })
    }
}

fn gather(rows: Vec<OrderRow>, lines: Vec<LineRow>, history: Vec<HistoryRow>) -> BTreeMap<String, Kept> {
    let kept = |row: OrderRow| (row.id.clone(), Kept { row, lines: Vec::new(), history: Vec::new() });
    let mut orders: BTreeMap<String, Kept> = rows.into_iter().map(kept).collect();
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

impl Kept {
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
