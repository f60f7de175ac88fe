//! What a conditional write demands, and what follows from the version that is there.

use crate::orders::{Product, Status};

use super::{ProductWritten, Updated};

/// What the caller of a conditional write demands of the version that is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Precondition {
    /// Nothing was said.
    None,
    /// `If-None-Match: *`.
    Absent,
    /// `If-Match` with this version.
    Version(u64),
    /// `If-Match` with a tag that no version of ours ever had.
    NoVersion,
}

impl Precondition {
    /// Holds the demand against the product that is there: `Ok` says that the write may go on. Engines ask inside
    /// the transaction that writes.
    pub(super) fn hold(self, there: Option<&Product>) -> Result<(), ProductWritten> {
        match (there.map(|product| product.version), self) {
            (None, Self::None | Self::Absent) => Ok(()),
            (None, Self::Version(_) | Self::NoVersion) => Err(ProductWritten::NotFound),
            (Some(_), Self::None) => Err(ProductWritten::PreconditionRequired),
            (Some(version), Self::Version(wanted)) if version == wanted => Ok(()),
            (Some(_), Self::Absent | Self::Version(_) | Self::NoVersion) => Err(ProductWritten::Stale),
        }
    }

    /// Holds the demand against version and status of the order that is in sight, and gives the version that the write replaces.
    pub(super) fn hold_order(self, there: Option<(u64, Status)>) -> Result<u64, Updated> {
        let wanted = match self {
            Self::None | Self::Absent => return Err(Updated::PreconditionRequired),
            Self::Version(version) => Some(version),
            Self::NoVersion => None,
        };
        match there {
            None => Err(Updated::NotFound),
            Some((version, _)) if Some(version) != wanted => Err(Updated::Stale),
            Some((_, status)) if status != Status::Placed => Err(Updated::Conflict),
            Some((version, _)) => Ok(version),
        }
    }
}
