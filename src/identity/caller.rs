//! The authenticated caller.

use uuid::Uuid;

use crate::orders::Owner;

/// A caller whose credentials are verified. Nothing downstream reads headers again.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) tenant: Uuid,
    /// Whether `ORDERS_ENTRA_TENANT_ID` is set; then it is the caller's tenant.
    pub(crate) tenant_is_configured: bool,
    pub(crate) object: Uuid,
    pub(crate) kind: CallerKind,
    pub(crate) roles: Vec<Role>,
    pub(crate) certificate: ClientCertificate,
}

/// A user owns orders; an app never does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallerKind {
    /// A person, through some client.
    User {
        /// Whether the token carries the required scope.
        has_scope: bool,
    },
    /// A program that signs in as itself (service principal or managed identity).
    App,
}

/// The client certificate of a request. A request with an invalid certificate is refused as a whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientCertificate {
    /// This deployment checks no client certificates.
    NotChecked,
    /// The request has none.
    Missing,
    /// The certificate is valid, and belongs to the client that the token names.
    Valid,
}

/// App roles, compared exactly; others are ignored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// `OrderProcessor`.
    OrderProcessor,
    /// `OrderAdmin`.
    OrderAdmin,
}

impl Caller {
    /// The tenant id and object id that own the orders of this caller.
    #[must_use]
    pub fn owner(&self) -> Owner {
        Owner { tenant: self.tenant, object: self.object }
    }

    /// `user` or `app`, for the log.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.kind {
            CallerKind::User { .. } => "user",
            CallerKind::App => "app",
        }
    }
}
