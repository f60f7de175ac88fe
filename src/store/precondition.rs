//! Checks of preconditions.

use crate::orders::{Precondition, Product, Status};

use super::{Conflict, WriteError};

/// Version and status of an order, before a write.
#[derive(Clone, Copy)]
pub(super) struct CurrentOrder {
    pub(super) version: u64,
    pub(super) status: Status,
}

impl Precondition {
    /// Checks against the current product; none if it does not exist. Engines call this inside the transaction that
    /// writes.
    pub(super) fn check_product(self, current: Option<&Product>) -> Result<(), WriteError> {
        match (current.map(|product| product.version), self) {
            (None, Self::None | Self::Absent) => Ok(()),
            (None, Self::Version(_) | Self::UnknownVersion) => Err(WriteError::NotFound),
            (Some(_), Self::None) => Err(WriteError::PreconditionRequired),
            (Some(version), Self::Version(wanted)) if version == wanted => Ok(()),
            (Some(_), Self::Absent | Self::Version(_) | Self::UnknownVersion) => {
                Err(WriteError::PreconditionFailed)
            }
        }
    }

    /// Checks against version and status of the order in scope. Returns the version that the write replaces.
    pub(super) fn check_order(self, current: Option<CurrentOrder>) -> Result<u64, WriteError> {
        let wanted = match self {
            Self::None | Self::Absent => return Err(WriteError::PreconditionRequired),
            Self::Version(version) => Some(version),
            Self::UnknownVersion => None,
        };
        match current {
            None => Err(WriteError::NotFound),
            Some(order) if Some(order.version) != wanted => Err(WriteError::PreconditionFailed),
            Some(order) if order.status != Status::Placed => Err(WriteError::Conflict(Conflict::Update)),
            Some(order) => Ok(order.version),
        }
    }
}
