//! An order, its lines and its statuses.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Currency, Money, Note, Owner, Quantity, Reference, Sku, UnitPrice, id, string_enum::string_enum,
};

/// Names an order; a version 7 UUID, so ids sort by the time of their making.
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[schemars(inline)]
#[serde(transparent)]
pub struct OrderId(Uuid);

/// The text is no UUID in its hyphenated form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be a UUID such as 0197a3c5-7b1e-7c3a-9f00-0123456789ab")]
pub struct OrderIdError;

impl OrderId {
    /// A new id for an order that is placed at `at`; two orders of one process sort by their microseconds.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(id::new_uuid(at))
    }

    /// The UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for OrderId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl FromStr for OrderId {
    type Err = OrderIdError;

    fn from_str(text: &str) -> Result<Self, OrderIdError> {
        id::parse_uuid(text).map(Self).ok_or(OrderIdError)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

string_enum! {
    /// The status of an order.
    pub enum Status {
        /// Kept, and still the creator's to change.
        Placed = "placed",
        /// Handed to fulfilment.
        Queued = "queued",
        /// The backend carries it out.
        Fulfilled = "fulfilled",
        /// The backend refuses it for good.
        Rejected = "rejected",
        /// The backend could not be reached in all attempts.
        Failed = "failed",
        /// Taken back by its creator or an administrator.
        Cancelled = "cancelled",
    }
}

impl Status {
    /// Whether an order may go from this status to `next`. `failed → queued` is a replay.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        use Status::{Cancelled, Failed, Fulfilled, Placed, Queued, Rejected};
        matches!(
            (self, next),
            (Placed, Queued | Cancelled) | (Queued, Fulfilled | Rejected | Failed) | (Failed, Queued)
        )
    }
}

/// One line of an order, priced when the order was placed or last updated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The product.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// The price of one, in the order's currency.
    pub unit_price: UnitPrice,
    /// The price of all of them.
    pub line_total: Money,
}

impl Line {
    /// A line at today's price.
    #[must_use]
    pub fn new(sku: Sku, quantity: Quantity, unit_price: UnitPrice) -> Self {
        Self { sku, quantity, unit_price, line_total: unit_price.times(quantity) }
    }
}

/// An order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Its name.
    pub id: OrderId,
    /// Who created it.
    pub owner: Owner,
    /// The customer's own name for it.
    pub reference: Reference,
    /// Where it stands.
    pub status: Status,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The lines, in the customer's sequence.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
    /// What the customer added.
    pub note: Option<Note>,
    /// 1 at first; rises with every change.
    pub version: u64,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone};

    use super::*;

    #[test]
    fn only_listed_transitions_are_allowed() {
        let allowed: Vec<_> = Status::ALL
            .iter()
            .flat_map(|from| Status::ALL.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| from.can_become(*to))
            .map(|(from, to)| (from.as_str(), to.as_str()))
            .collect();
        let table = [
            ("placed", "queued"),
            ("placed", "cancelled"),
            ("queued", "fulfilled"),
            ("queued", "rejected"),
            ("queued", "failed"),
            ("failed", "queued"),
        ];
        assert_eq!(allowed, table);
    }

    #[test]
    fn every_status_reads_as_it_is_written() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse::<Status>().as_ref(), Ok(status));
        }
        assert!("Placed".parse::<Status>().is_err());
    }

    #[test]
    fn ids_of_later_microseconds_sort_later() {
        let noon = Utc.with_ymd_and_hms(2026, 5, 4, 12, 0, 0).unwrap();
        let ids: Vec<_> =
            (0..5000).map(|micros| OrderId::new(noon + TimeDelta::microseconds(micros))).collect();
        assert!(ids.is_sorted_by(|earlier, later| earlier < later));
        assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
    }

    #[test]
    fn an_id_is_read_in_its_hyphenated_form_only() {
        let id = OrderId::new(Utc.with_ymd_and_hms(2026, 5, 4, 12, 0, 0).unwrap());
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        for other in [
            id.uuid().simple().to_string(),
            id.uuid().braced().to_string(),
            id.uuid().urn().to_string(),
            format!("{id} "),
            String::new(),
        ] {
            assert_eq!(other.parse::<OrderId>(), Err(OrderIdError), "{other}");
        }
    }
}
