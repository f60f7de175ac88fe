//! What can be ordered, and for how much.

use chrono::{DateTime, Utc};

use super::{Currency, Name, Sku, UnitPrice};

/// A product as an administrator writes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProductDraft {
    /// Its key.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// The currency of its price.
    pub currency: Currency,
    /// What one piece costs.
    pub unit_price: UnitPrice,
    /// Whether it can be ordered.
    pub active: bool,
}

/// A product of the product table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Product {
    /// Its key.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// The currency of its price.
    pub currency: Currency,
    /// What one piece costs.
    pub unit_price: UnitPrice,
    /// Whether it can be ordered.
    pub active: bool,
    /// 1 at first; rises with every change.
    pub version: u64,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Product {
    /// Whether no version came before this one.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.version == 1
    }
}
