//! Who is calling, once the evidence is checked.

use uuid::Uuid;

use crate::orders::Owner;

/// A caller whose evidence has been checked. Nothing downstream reads headers again.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) tenant: Uuid,
    /// Whether `ORDERS_ENTRA_TENANT_ID` is set; then it is the caller's tenant.
    pub(crate) tenant_is_configured: bool,
    pub(crate) object: Uuid,
    pub(crate) kind: CallerKind,
    pub(crate) roles: Vec<Role>,
    pub(crate) certified: Certified,
}

/// People and programs are told apart: a program never owns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallerKind {
    /// A person, through some client.
    User {
        /// Whether the token carries the required scope.
        in_scope: bool,
    },
    /// A program with an identity of its own.
    App,
}

/// Whether a caller showed a certificate. One that was shown and is wrong has no caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Certified {
    /// Certificates are not looked at here.
    NotAsked,
    /// None was shown.
    No,
    /// One that is right, and the token's client's own.
    Yes,
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
    /// Tenant and object id: whose orders these would be.
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
