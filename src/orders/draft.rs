//! Input of callers: an order to place, or the new content of one. The fields are validated already; prices come from
//! the product table, never from callers.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Currency, Digest, Line, Money, Note, Order, OrderId, Owner, Quantity, Reference, Sku, Status, UnitPrice,
};

/// An order to place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrderDraft {
    /// The customer's own name for it.
    pub reference: Reference,
    /// The currency of all lines.
    pub currency: Currency,
    /// 1 to [`MAX_ORDER_LINES`](super::money::MAX_ORDER_LINES) lines, each sku once.
    pub lines: Vec<LineDraft>,
    /// A remark of the customer.
    pub note: Option<Note>,
}

/// The new content of an order; its currency stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrderRevision {
    /// The customer's own name for it.
    pub reference: Reference,
    /// 1 to [`MAX_ORDER_LINES`](super::money::MAX_ORDER_LINES) lines, each sku once.
    pub lines: Vec<LineDraft>,
    /// A remark of the customer.
    pub note: Option<Note>,
}

/// A line of an order to place, without its price.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LineDraft {
    /// The product's key.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// A line that cannot be ordered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidLine {
    /// The line's index, from 0.
    pub index: usize,
    /// Why.
    pub error: LineError,
}

/// Why a line cannot be ordered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineError {
    /// No active product has this sku.
    UnknownProduct,
    /// The product is priced in another currency.
    CurrencyMismatch,
}

/// An order that came through a queue, for an owner named in the message: a message of the queue `orders-incoming`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IncomingOrder {
    /// The id of the message; the same however often it is sent.
    pub message_id: Uuid,
    /// The owner that the order is placed for.
    pub owner: Owner,
    /// What is wanted.
    pub draft: OrderDraft,
    /// The digest of its bytes.
    pub payload_digest: Digest,
}

impl LineDraft {
    /// The line at this price.
    #[must_use]
    pub fn at_price(&self, unit_price: UnitPrice) -> Line {
        Line::new(self.sku.clone(), self.quantity, unit_price)
    }
}

impl OrderDraft {
    /// The digest of the normalized content: two requests are the same if their digests are equal.
    /// See `docs/reference/api.md#idempotency-key`.
    #[must_use]
    pub fn content_digest(&self) -> Digest {
        Digest::of(self.to_json().to_string().as_bytes())
    }

    fn to_json(&self) -> Value {
        let line = |line: &LineDraft| json!({"sku": line.sku, "quantity": line.quantity});
        json!({
            "reference": self.reference,
            "currency": self.currency,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
            "note": self.note,
        })
    }

    /// The new order, placed at `at`; none unless there is one price a line.
    #[must_use]
    pub fn to_order(
        &self,
        id: OrderId,
        owner: Owner,
        prices: &[UnitPrice],
        at: DateTime<Utc>,
    ) -> Option<Order> {
        let lines: Vec<Line> =
            self.lines.iter().zip(prices).map(|(line, price)| line.at_price(*price)).collect();
        if self.lines.len() != prices.len() {
            return None;
        }
        Some(Order {
            id,
            owner,
            reference: self.reference.clone(),
            status: Status::Placed,
            currency: self.currency,
            total: Money::sum(lines.iter().map(|line| line.line_total))?,
            lines,
            note: self.note.clone(),
            version: 1,
            created_at: at,
            updated_at: at,
        })
    }
}

impl IncomingOrder {
    /// The digest of the normalized content: the owner, and the draft.
    #[must_use]
    pub fn content_digest(&self) -> Digest {
        let Owner { tenant, object } = self.owner;
        let json = json!({"tenantId": tenant, "objectId": object, "draft": self.draft.to_json()});
        Digest::of(json.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> OrderDraft {
        OrderDraft {
            reference: "PO-17".parse().unwrap(),
            currency: "EUR".parse().unwrap(),
            lines: vec![
                LineDraft { sku: "CUP".parse().unwrap(), quantity: Quantity::try_from(6).unwrap() },
                LineDraft { sku: "BEANS".parse().unwrap(), quantity: Quantity::try_from(2).unwrap() },
            ],
            note: None,
        }
    }

    #[test]
    fn different_drafts_have_different_digests() {
        let mut drafts = vec![draft(); 6];
        drafts[1].reference = "PO-18".parse().unwrap();
        drafts[2].currency = "USD".parse().unwrap();
        drafts[3].lines.reverse();
        drafts[4].note = Some("".parse().unwrap());
        drafts[5].lines[0].quantity = Quantity::try_from(7).unwrap();
        let contents: std::collections::HashSet<_> =
            drafts.iter().map(|draft| draft.content_digest().to_string()).collect();
        assert_eq!(contents.len(), drafts.len());
        assert_eq!(draft().content_digest(), draft().content_digest());
    }

    #[test]
    fn the_owner_is_part_of_the_digest() {
        let of = |tenant, object| {
            let owner = Owner { tenant: Uuid::from_u128(tenant), object: Uuid::from_u128(object) };
            IncomingOrder { message_id: Uuid::nil(), owner, draft: draft(), payload_digest: Digest::of(b"") }
                .content_digest()
        };
        assert_eq!(of(1, 2), of(1, 2));
        assert_ne!(of(1, 2), of(1, 3));
        assert_ne!(of(1, 2), of(3, 2));
    }

    #[test]
    fn an_order_has_one_price_a_line() {
        let owner = Owner { tenant: Uuid::from_u128(1), object: Uuid::from_u128(2) };
        let prices: Vec<_> = [399, 1250].map(|price| UnitPrice::try_from(price).unwrap()).into();
        let at = DateTime::UNIX_EPOCH;
        let order = draft().to_order(OrderId::new(at), owner, &prices, at).unwrap();
        assert_eq!((order.total.get(), order.version), (4894, 1));
        assert_eq!(draft().to_order(OrderId::new(at), owner, &prices[..1], at), None);
    }
}
