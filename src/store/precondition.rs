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

    /// Holds the demand against version and status of the order that is in scope, and gives the version that the
    /// write replaces.
    pub(super) fn hold_order(self, there: Option<(u64, Status)>) -> Result<u64, Unmet> {
        let wanted = match self {
            Self::None | Self::Absent => return Err(Unmet::PreconditionRequired),
            Self::Version(version) => Some(version),
            Self::NoVersion => None,
        };
        match there {
            None => Err(Unmet::NotFound),
            Some((version, _)) if Some(version) != wanted => Err(Unmet::Stale),
            Some((_, status)) if status != Status::Placed => Err(Unmet::Conflict),
            Some((version, _)) => Ok(version),
        }
    }
}

/// Why an order cannot be changed.
pub(super) enum Unmet {
    PreconditionRequired,
    NotFound,
    Stale,
    Conflict,
}

impl From<Unmet> for Updated {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::PreconditionRequired => Self::PreconditionRequired,
            Unmet::NotFound => Self::NotFound,
            Unmet::Stale => Self::Stale,
            Unmet::Conflict => Self::Conflict,
        }
    }
}
