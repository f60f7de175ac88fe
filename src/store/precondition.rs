//! What follows from a precondition and the version that is there.

use crate::orders::{Precondition, Product, Status};

use super::{Conflict, WriteError};

/// What a precondition looks at of an order that is there.
#[derive(Clone, Copy)]
pub(super) struct Existing {
    pub(super) version: u64,
    pub(super) status: Status,
}

impl Precondition {
    /// Holds the demand against the product that is there: `Ok` says that the write may go on. Engines ask inside
    /// the transaction that writes.
    pub(super) fn hold(self, there: Option<&Product>) -> Result<(), WriteError> {
        match (there.map(|product| product.version), self) {
            (None, Self::None | Self::Absent) => Ok(()),
            (None, Self::Version(_) | Self::NoVersion) => Err(WriteError::NotFound),
            (Some(_), Self::None) => Err(WriteError::PreconditionRequired),
            (Some(version), Self::Version(wanted)) if version == wanted => Ok(()),
            (Some(_), Self::Absent | Self::Version(_) | Self::NoVersion) => Err(WriteError::Stale),
        }
    }

    /// Holds the demand against version and status of the order that is in scope, and gives the version that the
    /// write replaces.
    pub(super) fn hold_order(self, there: Option<Existing>) -> Result<u64, WriteError> {
        let wanted = match self {
            Self::None | Self::Absent => return Err(WriteError::PreconditionRequired),
            Self::Version(version) => Some(version),
            Self::NoVersion => None,
        };
        match there {
            None => Err(WriteError::NotFound),
            Some(order) if Some(order.version) != wanted => Err(WriteError::Stale),
            Some(order) if order.status != Status::Placed => Err(WriteError::Conflict(Conflict::Update)),
            Some(order) => Ok(order.version),
        }
    }
}
