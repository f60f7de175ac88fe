//! What the worker sends to the backend for an order: what it needs to fulfil it. It contains neither who placed the
//! order nor what it costs.

use serde::Serialize;

use crate::orders::{Line, Note, Order, OrderId, Quantity, Reference, Sku};

/// `{"orderId","reference","lines":[{"sku","quantity"}],"note"}`; `note` is null where there is none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FulfilmentRequest<'o> {
    order_id: OrderId,
    reference: &'o Reference,
    lines: Vec<RequestedLine<'o>>,
    note: Option<&'o Note>,
}

#[derive(Serialize)]
struct RequestedLine<'o> {
    sku: &'o Sku,
    quantity: Quantity,
}

impl<'o> FulfilmentRequest<'o> {
    pub(super) fn new(order: &'o Order) -> Self {
        let line = |line: &'o Line| RequestedLine { sku: &line.sku, quantity: line.quantity };
        Self {
            order_id: order.id,
            reference: &order.reference,
            lines: order.lines.iter().map(line).collect(),
            note: order.note.as_ref(),
        }
    }
}
