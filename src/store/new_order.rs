//! An order that is to be inserted.

use crate::orders::{Actor, OrderDraft, OrderId, Owner};

use super::WriteContext;

/// The columns of a new order's rows, without the prices.
#[derive(Clone, Copy)]
pub(super) struct NewOrder<'d> {
    pub(super) id: OrderId,
    pub(super) owner: Owner,
    /// Who placed it.
    pub(super) actor: Actor,
    pub(super) draft: &'d OrderDraft,
    pub(super) context: WriteContext,
}
