//! An order that is to be inserted.

use crate::orders::{Actor, OrderDraft, OrderId, Owner};

use super::WriteContext;

/// What the rows of a new order say, without the prices.
#[derive(Clone, Copy)]
pub(super) struct NewOrder<'d> {
    pub(super) id: OrderId,
    pub(super) owner: Owner,
    /// Who placed it.
    pub(super) actor: Actor,
    pub(super) draft: &'d OrderDraft,
    pub(super) context: WriteContext,
}
