//! Converts the errors of other modules to problems for the client.

use super::Problem;
use crate::{
    identity::AuthenticationError,
    policy::AccessDenied,
    store::{Conflict, StoreError, WriteError},
    vault::VaultError,
};

impl From<AuthenticationError> for Problem {
    fn from(refusal: AuthenticationError) -> Self {
        match refusal {
            refused if refused.is_overloaded() => Self::Overloaded,
            refused if refused.is_temporary() => Self::Unavailable,
            _ => Self::Unauthenticated,
        }
    }
}

impl From<AccessDenied> for Problem {
    fn from(denied: AccessDenied) -> Self {
        match denied {
            AccessDenied::CertificateMissing => Self::Unauthenticated,
            AccessDenied::ScopeMissing => Self::InsufficientScope,
            AccessDenied::RoleMissing | AccessDenied::TenantNotConfigured => Self::Forbidden,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_)
            | StoreError::SchemaOutdated
            | StoreError::TextColumns
            | StoreError::NotInSearchPath { .. }
            | StoreError::SchemaForbidden { .. }
            | StoreError::Migration(_) => Self::Unavailable,
            StoreError::Inconsistent { .. } => Self::Internal,
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotFound => Self::NotFound,
            WriteError::Conflict(conflict) => Self::Conflict(conflict_detail(conflict)),
            WriteError::PreconditionFailed => Self::Stale,
            WriteError::PreconditionRequired => Self::PreconditionRequired,
            WriteError::KeyReused => Self::KeyReused,
            WriteError::InProgress => Self::InProgress,
            WriteError::InvalidLines(lines) => Self::InvalidFields(lines.into()),
            WriteError::Store(error) => error.into(),
        }
    }
}

/// What the caller reads of a conflict.
const fn conflict_detail(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::Update => {
            "Only an order with the status `placed` can be changed. Read the order to see its status."
        }
        Conflict::Cancel => {
            "Only an order with the status `placed` can be cancelled. Read the order to see its status."
        }
        Conflict::Process => {
            "Only an order with the status `placed` can be processed. Read the order to see its status."
        }
        Conflict::Replay => "This dead letter was already replayed. A dead letter can be replayed once.",
    }
}

/// A secret that may not be read looks missing to every caller.
impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::NotFound | VaultError::Forbidden => Self::NotFound,
            VaultError::NotValidNow | VaultError::Pkcs12 | VaultError::Unavailable { .. } => {
                Self::Unavailable
            }
        }
    }
}
