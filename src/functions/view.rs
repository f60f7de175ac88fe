//! What clients see of orders, products and dead letters: explicit fields, nothing internal.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::{
    orders::{Currency, DeadLetter, Money, Name, Note, Order, OrderId, Owner, Product, Quantity, Reason, Reference, Sku, Status, UnitPrice},
    store::Listed,
};

fn time<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

fn maybe_time<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// An order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderView<'a> {
    id: OrderId,
    reference: &'a Reference,
    status: Status,
    currency: &'a Currency,
    lines: Vec<LineView<'a>>,
    total: Money,
    note: Option<&'a Note>,
    version: u64,
    #[serde(serialize_with = "time")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "time")]
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<CreatorView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineView<'a> {
    sku: &'a Sku,
    quantity: Quantity,
    unit_price: UnitPrice,
    line_total: Money,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreatorView {
    object_id: Uuid,
}

impl<'a> OrderView<'a> {
    /// An order as `viewer` may see it: who reads another's order, by role, also sees whose it is.
    #[must_use]
    pub fn of(order: &'a Order, viewer: Owner) -> Self {
        let foreign = order.owner != viewer;
        Self {
            id: order.id,
            reference: &order.reference,
            status: order.status,
            currency: &order.currency,
            lines: order
                .lines
                .iter()
                .map(|line| LineView {
                    sku: &line.sku,
                    quantity: line.quantity,
                    unit_price: line.unit_price,
                    line_total: line.line_total,
                })
                .collect(),
            total: order.total,
            note: order.note.as_ref(),
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
            created_by: foreign.then_some(CreatorView { object_id: order.owner.object }),
        }
    }
}

/// A product.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductView<'a> {
    sku: &'a Sku,
    name: &'a Name,
    currency: &'a Currency,
    unit_price: UnitPrice,
    active: bool,
    version: u64,
    #[serde(serialize_with = "time")]
    updated_at: DateTime<Utc>,
}

impl<'a> From<&'a Product> for ProductView<'a> {
    fn from(product: &'a Product) -> Self {
        Self {
            sku: &product.sku,
            name: &product.name,
            currency: &product.currency,
            unit_price: product.unit_price,
            active: product.active,
            version: product.version,
            updated_at: product.updated_at,
        }
    }
}

/// A dead letter, without its payload.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterView<'a> {
    id: Uuid,
    queue: &'a str,
    message_id: Option<Uuid>,
    order_id: Option<OrderId>,
    reason: Reason,
    dequeue_count: u32,
    #[serde(serialize_with = "time")]
    recorded_at: DateTime<Utc>,
    #[serde(serialize_with = "maybe_time")]
    replayed_at: Option<DateTime<Utc>>,
}

impl<'a> From<&'a DeadLetter> for DeadLetterView<'a> {
    fn from(letter: &'a DeadLetter) -> Self {
        Self {
            id: letter.id,
            queue: &letter.queue,
            message_id: letter.message_id,
            order_id: letter.order_id,
            reason: letter.reason,
            dequeue_count: letter.dequeue_count.unwrap_or_default(),
            recorded_at: letter.recorded_at,
            replayed_at: letter.replayed_at,
        }
    }
}

/// A page of a list.
#[derive(Serialize)]
pub struct Page<V> {
    items: Vec<V>,
    next: Option<String>,
}

impl<V> Page<V> {
    /// Shows a slice; `cursor` makes the next page's from the last item.
    #[must_use]
    pub fn of<'a, T>(
        listed: &'a Listed<T>,
        view: impl Fn(&'a T) -> V,
        cursor: impl Fn(&'a T) -> String,
    ) -> Self {
        let next = listed.items.last().filter(|_| listed.more).map(cursor);
        Self { items: listed.items.iter().map(view).collect(), next }
    }
}
