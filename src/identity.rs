//! Who is calling: evidence in, an immutable [`Caller`] out, or a refusal. Read once, at the door.

use axum::http::HeaderMap;
use uuid::Uuid;

use crate::{config::IdentitySettings, orders::Owner};

mod bearer;
mod claims;
mod easyauth;
mod refusal;

#[cfg(test)]
mod tests;

pub use refusal::Unauthenticated;

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

/// Decides who a caller is, by the settings of this deployment.
#[derive(Clone, Debug)]
pub struct Identity {
    settings: IdentitySettings,
}

impl Identity {
    /// An identity check by these settings.
    #[must_use]
    pub fn new(settings: IdentitySettings) -> Self {
        Self { settings }
    }

    /// Reads the evidence in `headers`: those of the caller, as the platform let them through, repeated ones
    /// repeated. Writes `tenant_id` and `object_id`, or the reason as `denied`, into the current span's fields
    /// of these names.
    ///
    /// The bearer token is demanded but not read: the platform has checked it, and the principal header holds
    /// its claims (contract §6, mode `easyauth`).
    ///
    /// # Errors
    /// [`Unauthenticated`] unless every piece of evidence is there exactly once, well formed, and agrees.
    pub fn caller(&self, headers: &HeaderMap) -> Result<Caller, Unauthenticated> {
        let caller = bearer::token(headers)
            .and_then(|_unread| easyauth::claims(headers))
            .and_then(|claims| claims.caller(&self.settings));
        let span = tracing::Span::current();
        match &caller {
            Ok(caller) => {
                span.record("tenant_id", tracing::field::display(caller.tenant));
                span.record("object_id", tracing::field::display(caller.object));
            }
            Err(reason) => {
                span.record("denied", reason.text());
            }
        }
        caller.map_err(Unauthenticated)
    }
}
