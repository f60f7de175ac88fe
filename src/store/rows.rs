//! The rows of the tables, and their conversion to the domain's types. A row with invalid values is an error
//! ([`StoreError::Inconsistent`]), never a panic.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::orders::{
    Actor, DeadLetter, HistoryEntry, HistoryItem, Line, Name, Order, OrderDraft, OrderId, Owner, Product,
    Reference,
};

use super::{
    DueMessage, ExcessDeadLetter, Gauges, StoreError,
    columns::{StoredDigest, StoredNumber, StoredUuid},
};

/// The column of a value, so that an inconsistency can name it.
struct Column(&'static str, &'static str);

impl Column {
    fn inconsistent(&self) -> StoreError {
        StoreError::Inconsistent { table: self.0, column: self.1 }
    }

    fn parse<T: FromStr>(&self, text: &str) -> Result<T, StoreError> {
        text.parse().map_err(|_| self.inconsistent())
    }

    fn number<N, T: TryFrom<N>>(&self, number: N) -> Result<T, StoreError> {
        T::try_from(number).map_err(|_| self.inconsistent())
    }

    fn uuid(&self, stored: StoredUuid) -> Result<Uuid, StoreError> {
        stored.0.ok_or_else(|| self.inconsistent())
    }

    fn time(&self, micros: i64) -> Result<DateTime<Utc>, StoreError> {
        DateTime::from_timestamp_micros(micros).ok_or_else(|| self.inconsistent())
    }
}

/// An order without its lines.
#[derive(FromRow)]
pub(super) struct OrderRow {
    pub(super) id: StoredUuid,
    owner_tenant: StoredUuid,
    owner_object: StoredUuid,
    reference: String,
    status: String,
    currency: String,
    total: i64,
    note: Option<String>,
    pub(super) version: StoredNumber,
    created_at: i64,
    updated_at: i64,
}

impl OrderRow {
    /// The order, with its lines in their sequence.
    pub(super) fn into_order(self, lines: Vec<LineRow>) -> Result<Order, StoreError> {
        let at = |column| Column("orders", column);
        Ok(Order {
            id: at("id").uuid(self.id)?.into(),
            owner: Owner {
                tenant: at("owner_tenant").uuid(self.owner_tenant)?,
                object: at("owner_object").uuid(self.owner_object)?,
            },
            reference: Reference::from_stored(&self.reference).map_err(|_| at("reference").inconsistent())?,
            status: at("status").parse(&self.status)?,
            currency: at("currency").parse(&self.currency)?,
            lines: lines.into_iter().map(Line::try_from).collect::<Result<_, _>>()?,
            total: at("total").number(self.total)?,
            note: self.note.map(|note| at("note").parse(&note)).transpose()?,
            version: at("version").number(self.version.0)?,
            created_at: at("created_at").time(self.created_at)?,
            updated_at: at("updated_at").time(self.updated_at)?,
        })
    }
}

/// A line of an order.
#[derive(FromRow)]
pub(super) struct LineRow {
    pub(super) sku: String,
    pub(super) quantity: i64,
    pub(super) unit_price: i64,
    pub(super) line_total: i64,
}

impl TryFrom<LineRow> for Line {
    type Error = StoreError;

    fn try_from(row: LineRow) -> Result<Self, StoreError> {
        let at = |column| Column("order_lines", column);
        Ok(Self {
            sku: at("sku").parse(&row.sku)?,
            quantity: at("quantity").number(row.quantity)?,
            unit_price: at("unit_price").number(row.unit_price)?,
            line_total: at("line_total").number(row.line_total)?,
        })
    }
}

/// A product.
#[derive(FromRow)]
pub(super) struct ProductRow {
    sku: String,
    name: String,
    currency: String,
    unit_price: StoredNumber,
    active: bool,
    version: StoredNumber,
    updated_at: i64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let at = |column| Column("products", column);
        Ok(Self {
            sku: at("sku").parse(&row.sku)?,
            name: Name::from_stored(&row.name).map_err(|_| at("name").inconsistent())?,
            currency: at("currency").parse(&row.currency)?,
            unit_price: at("unit_price").number(row.unit_price.0)?,
            active: row.active,
            version: at("version").number(row.version.0)?,
            updated_at: at("updated_at").time(row.updated_at)?,
        })
    }
}

/// A change of an order.
#[derive(FromRow)]
pub(super) struct HistoryRow {
    version: StoredNumber,
    at: i64,
    action: String,
    from_status: Option<String>,
    to_status: String,
    actor_kind: String,
    actor_object: Option<StoredUuid>,
    invocation_id: StoredUuid,
}

impl TryFrom<HistoryRow> for HistoryEntry {
    type Error = StoreError;

    fn try_from(row: HistoryRow) -> Result<Self, StoreError> {
        let at = |column| Column("order_history", column);
        let item = HistoryItem {
            at: at("at").time(row.at)?,
            action: at("action").parse(&row.action)?,
            from: row.from_status.map(|status| at("from_status").parse(&status)).transpose()?,
            to: at("to_status").parse(&row.to_status)?,
            actor: Actor {
                kind: at("actor_kind").parse(&row.actor_kind)?,
                object: row.actor_object.map(|object| at("actor_object").uuid(object)).transpose()?,
            },
            invocation: at("invocation_id").uuid(row.invocation_id)?,
        };
        Ok(Self { version: at("version").number(row.version.0)?, item })
    }
}

/// A request that its caller named, and the order that it became.
#[derive(FromRow)]
pub(super) struct IdempotencyKeyRow {
    pub(super) content: StoredDigest,
    order_id: StoredUuid,
    unit_prices: String,
    created_at: i64,
}

impl IdempotencyKeyRow {
    /// The prices of an order, as such a row stores them.
    pub(super) fn prices_json(order: &Order) -> String {
        let prices: Vec<String> = order.lines.iter().map(|line| line.unit_price.get().to_string()).collect();
        format!("[{}]", prices.join(","))
    }

    /// The order as it was placed, from the draft with the same content.
    pub(super) fn into_order(self, draft: &OrderDraft, owner: Owner) -> Result<Order, StoreError> {
        let at = |column| Column("idempotency_keys", column);
        let fault = || at("unit_prices").inconsistent();
        let prices: Vec<i64> = serde_json::from_str(&self.unit_prices).map_err(|_| fault())?;
        let prices =
            prices.into_iter().map(|price| at("unit_prices").number(price)).collect::<Result<Vec<_>, _>>()?;
        let (id, placed_at) =
            (at("order_id").uuid(self.order_id)?.into(), at("created_at").time(self.created_at)?);
        draft.to_order(id, owner, &prices, placed_at).ok_or_else(fault)
    }
}

/// A dead letter.
#[derive(FromRow)]
pub(super) struct DeadLetterRow {
    id: StoredUuid,
    queue: String,
    message_id: Option<StoredUuid>,
    order_id: Option<StoredUuid>,
    reason: String,
    dequeue_count: Option<i64>,
    payload: Vec<u8>,
    recorded_at: i64,
    replayed_at: Option<i64>,
}

impl TryFrom<DeadLetterRow> for DeadLetter {
    type Error = StoreError;

    fn try_from(row: DeadLetterRow) -> Result<Self, StoreError> {
        let at = |column| Column("dead_letters", column);
        Ok(Self {
            id: at("id").uuid(row.id)?,
            queue: row.queue,
            message_id: row.message_id.map(|id| at("message_id").uuid(id)).transpose()?,
            order_id: row.order_id.map(|id| at("order_id").uuid(id).map(OrderId::from)).transpose()?,
            reason: at("reason").parse(&row.reason)?,
            dequeue_count: row.dequeue_count.map(|count| at("dequeue_count").number(count)).transpose()?,
            payload: row.payload,
            recorded_at: at("recorded_at").time(row.recorded_at)?,
            replayed_at: row.replayed_at.map(|time| at("replayed_at").time(time)).transpose()?,
        })
    }
}

/// A dead letter that is over the ceiling.
#[derive(FromRow)]
pub(super) struct ExcessDeadLetterRow {
    id: StoredUuid,
    queue: String,
    message_id: Option<StoredUuid>,
    order_id: Option<StoredUuid>,
    reason: String,
    recorded_at: i64,
}

impl TryFrom<ExcessDeadLetterRow> for ExcessDeadLetter {
    type Error = StoreError;

    fn try_from(row: ExcessDeadLetterRow) -> Result<Self, StoreError> {
        let at = |column| Column("dead_letters", column);
        Ok(Self {
            id: at("id").uuid(row.id)?,
            queue: row.queue,
            message_id: row.message_id.map(|id| at("message_id").uuid(id)).transpose()?,
            order_id: row.order_id.map(|id| at("order_id").uuid(id).map(OrderId::from)).transpose()?,
            reason: at("reason").parse(&row.reason)?,
            recorded_at: at("recorded_at").time(row.recorded_at)?,
        })
    }
}

/// A message that is due.
#[derive(FromRow)]
pub(super) struct DueMessageRow {
    message_id: StoredUuid,
    binding: String,
    payload: Vec<u8>,
    created_at: i64,
}

impl DueMessageRow {
    /// Orders the oldest message first; an updating statement returns its rows in no sequence.
    pub(super) fn sort_key(&self) -> (i64, StoredUuid) {
        (self.created_at, self.message_id)
    }
}

impl TryFrom<DueMessageRow> for DueMessage {
    type Error = StoreError;

    fn try_from(row: DueMessageRow) -> Result<Self, StoreError> {
        let created_at = Column("outbox", "created_at").time(row.created_at)?;
        Ok(Self { binding: row.binding, payload: row.payload, created_at })
    }
}

/// How many connections of the process's pools are busy, of how many.
#[derive(Clone, Copy)]
pub(super) struct PoolUsage {
    pub(super) in_use: u32,
    pub(super) size: u32,
}

/// What was counted.
#[derive(FromRow)]
pub(super) struct GaugesRow {
    oldest: Option<i64>,
    open_rows: i64,
    future_rows: i64,
    held_rows: i64,
    letters: i64,
    oldest_letter: Option<i64>,
}

impl GaugesRow {
    /// The counts, with the use of the pool.
    pub(super) fn into_gauges(self, pool: PoolUsage) -> Result<Gauges, StoreError> {
        let at = |column| Column("outbox", column);
        Ok(Gauges {
            oldest_open: self.oldest.map(|micros| at("created_at").time(micros)).transpose()?,
            open_rows: at("consumed_at").number(self.open_rows)?,
            open_rows_from_future: at("created_at").number(self.future_rows)?,
            open_rows_on_hold: at("binding").number(self.held_rows)?,
            unreplayed_dead_letters: Column("dead_letters", "replayed_at").number(self.letters)?,
            oldest_dead_letter: self
                .oldest_letter
                .map(|micros| Column("dead_letters", "recorded_at").time(micros))
                .transpose()?,
            pool_in_use: pool.in_use,
            pool_size: pool.size,
        })
    }
}
