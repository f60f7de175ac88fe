//! What clients see of orders, products and dead letters: explicit fields, nothing internal.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::{
    orders::{
        Action, ActorKind, Currency, DeadLetter, HistoryEntry, Money, Name, Note, Order, OrderId, Owner,
        Page, Product, Quantity, Reason, Reference, Sku, Status, UnitPrice,
    },
    vault::SecretProperties,
};

/// A time as clients read it: RFC 3339, UTC, with `Z`.
struct Time(DateTime<Utc>);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "pattern": "Z$"})
    }
}

/// An order. Amounts are whole numbers of the currency's minor unit.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Order")]
#[serde(rename_all = "camelCase")]
pub struct OrderView<'a> {
    id: OrderId,
    reference: &'a Reference,
    status: Status,
    currency: &'a Currency,
    lines: Vec<LineView<'a>>,
    total: Money,
    note: Option<&'a Note>,
    #[schemars(range(min = 1))]
    version: u64,
    created_at: Time,
    updated_at: Time,
    /// Only for those who see another's order by their role.
    #[schemars(with = "CreatorView")]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<CreatorView>,
}

/// A line of an order, at the price of the moment when it was placed or last changed.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Line")]
#[serde(rename_all = "camelCase")]
struct LineView<'a> {
    sku: &'a Sku,
    quantity: Quantity,
    unit_price: UnitPrice,
    line_total: Money,
}

/// Who placed an order.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Creator")]
#[serde(rename_all = "camelCase")]
struct CreatorView {
    object_id: Uuid,
}

impl<'a> OrderView<'a> {
    /// An order as `viewer` may see it: a viewer who reads another owner's order by role also sees the owner's object
    /// id.
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
            created_at: Time(order.created_at),
            updated_at: Time(order.updated_at),
            created_by: foreign.then_some(CreatorView { object_id: order.owner.object }),
        }
    }
}

/// A change of an order.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Change")]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    at: Time,
    action: Action,
    from: Option<Status>,
    to: Status,
    actor: ActorView,
    invocation_id: Uuid,
}

/// Who changed an order; the system has no id.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Actor")]
#[serde(rename_all = "camelCase")]
struct ActorView {
    kind: ActorKind,
    object_id: Option<Uuid>,
}

impl From<&HistoryEntry> for ChangeView {
    fn from(HistoryEntry { item, .. }: &HistoryEntry) -> Self {
        Self {
            at: Time(item.at),
            action: item.action,
            from: item.from,
            to: item.to,
            actor: ActorView { kind: item.actor.kind, object_id: item.actor.object },
            invocation_id: item.invocation,
        }
    }
}

/// A product.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Product")]
#[serde(rename_all = "camelCase")]
pub struct ProductView<'a> {
    sku: &'a Sku,
    name: &'a Name,
    currency: &'a Currency,
    unit_price: UnitPrice,
    active: bool,
    #[schemars(range(min = 1))]
    version: u64,
    updated_at: Time,
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
            updated_at: Time(product.updated_at),
        }
    }
}

/// A dead letter, without its payload.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "DeadLetter")]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterView<'a> {
    id: Uuid,
    queue: &'a str,
    message_id: Option<Uuid>,
    order_id: Option<OrderId>,
    reason: Reason,
    dequeue_count: u32,
    recorded_at: Time,
    replayed_at: Option<Time>,
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
            recorded_at: Time(letter.recorded_at),
            replayed_at: letter.replayed_at.map(Time),
        }
    }
}

/// A page of a list.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "{V}Page")]
pub struct PageView<V> {
    items: Vec<V>,
    /// The cursor of the next page; null at the end of the list.
    next: Option<String>,
}

impl<V> PageView<V> {
    /// Shows a page; `cursor` makes the next page's from the last item.
    #[must_use]
    pub fn of<'a, T>(page: &'a Page<T>, view: impl Fn(&'a T) -> V, cursor: impl Fn(&'a T) -> String) -> Self {
        let next = page.items.last().filter(|_| page.has_more).map(cursor);
        Self { items: page.items.iter().map(view).collect(), next }
    }
}

/// A secret, without its value.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Secret")]
#[serde(rename_all = "camelCase")]
pub struct SecretView<'a> {
    name: &'a str,
    version: &'a str,
    enabled: bool,
    created_at: Time,
    updated_at: Time,
    expires_at: Option<Time>,
    content_type: Option<&'a str>,
}

impl<'a> From<&'a SecretProperties> for SecretView<'a> {
    fn from(properties: &'a SecretProperties) -> Self {
        Self {
            name: &properties.name,
            version: &properties.version,
            enabled: properties.enabled,
            created_at: Time(properties.created_at),
            updated_at: Time(properties.updated_at),
            expires_at: properties.expires_at.map(Time),
            content_type: properties.content_type.as_deref(),
        }
    }
}
