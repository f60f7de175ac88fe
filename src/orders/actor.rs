//! Owners and actors.

use uuid::Uuid;

use super::string_enum::string_enum;

/// The creator of an order: tenant id and object id together, never one of them alone.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Owner {
    /// The tenant.
    pub tenant: Uuid,
    /// The object id within it.
    pub object: Uuid,
}

string_enum! {
    /// What kind of actor changed something.
    pub enum ActorKind {
        /// A person.
        User = "user",
        /// A program that signs in as itself (service principal or managed identity).
        App = "app",
        /// The worker itself, without a caller.
        System = "system",
    }
}

/// Who changed something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Actor {
    /// What kind.
    pub kind: ActorKind,
    /// Object id; none for the system.
    pub object: Option<Uuid>,
}

impl Actor {
    /// The worker itself.
    pub const SYSTEM: Self = Self { kind: ActorKind::System, object: None };
}
