//! Who is calling: evidence in, an immutable [`Caller`] out, or a refusal. Read once, at the door.

use uuid::Uuid;

use crate::orders::Owner;

/// A caller whose evidence has been checked. Nothing downstream reads headers again.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) tenant: Uuid,
    pub(crate) object: Uuid,
    pub(crate) kind: CallerKind,
    pub(crate) roles: Vec<Role>,
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
}
