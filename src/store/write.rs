//! How writes end.

use crate::orders::InvalidLine;

use super::StoreError;

/// What a successful write did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change<T, U = T> {
    /// This call changed it.
    Done(T),
    /// An earlier call had the same effect. This one changed nothing.
    Unchanged(U),
}

impl<T> Change<T> {
    /// The value, whether it changed or not.
    pub fn into_inner(self) -> T {
        match self {
            Self::Done(value) | Self::Unchanged(value) => value,
        }
    }
}

/// Why a write has no effect. Nothing changed, unless the connection to the database failed while it committed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is no such order, product or dead letter within the permit's scope.
    #[error("not found")]
    NotFound,
    /// The current status does not allow the change.
    #[error("its state does not allow this: {0:?}")]
    Conflict(Conflict),
    /// The current version is another one, or the resource exists and must not.
    #[error("another version is there")]
    PreconditionFailed,
    /// The resource exists, and the caller named no version.
    #[error("no version was named")]
    PreconditionRequired,
    /// Another request or message with other content has used its key before.
    #[error("its key belongs to another request")]
    KeyReused,
    /// The same request still runs after two seconds. SQLite detects only a duplicate within this process; the wait
    /// for another process ends in [`StoreError::Unavailable`].
    #[error("the same request is still under way")]
    InProgress,
    /// These lines cannot be ordered.
    #[error("{} of its lines cannot be ordered", .0.len())]
    InvalidLines(Vec<InvalidLine>),
    /// The store cannot answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which change the current state of an order or dead letter does not allow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Conflict {
    /// To change an order that is not `placed`.
    Update,
    /// To cancel an order that is neither `placed` nor `cancelled`.
    Cancel,
    /// To queue an order that is neither `placed` nor `queued`.
    Process,
    /// An attempt to replay a dead letter that was replayed before.
    Replay,
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The error of a unit of work. A unit that fails because of the database is retried, and counts as failed. A unit
/// that was refused counts as a success.
pub(super) trait UnitError: From<StoreError> + Send {
    /// The failure of the database, if it is one.
    fn store_error(&self) -> Option<&StoreError>;

    /// The failure of the database.
    ///
    /// # Errors
    /// The error itself, when it is a refusal.
    fn into_store_error(self) -> Result<StoreError, Self>;
}

impl UnitError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }

    fn into_store_error(self) -> Result<StoreError, Self> {
        Ok(self)
    }
}

impl UnitError for WriteError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn into_store_error(self) -> Result<StoreError, Self> {
        match self {
            Self::Store(error) => Ok(error),
            refusal => Err(refusal),
        }
    }
}
