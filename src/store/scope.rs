//! Statements limited to the orders in scope of a permit.

use sqlx::{Postgres, Sqlite, postgres::PgArguments, query::QueryAs, sqlite::SqliteArguments};

use crate::policy::AccessScope;

/// One statement for each scope. The scope's parameters are the tenant, and in `own` the object id after it. The
/// scope's parameters stand together, and last unless the statement's comment says otherwise.
pub(super) struct Scoped {
    /// Reaches the orders of one owner.
    pub(super) own: &'static str,
    /// Reaches the orders of one tenant.
    pub(super) tenant: &'static str,
}

impl Scoped {
    pub(super) const fn for_scope(&self, scope: AccessScope) -> &'static str {
        match scope {
            AccessScope::Owner(_) => self.own,
            AccessScope::Tenant(_) => self.tenant,
        }
    }
}

/// A query whose scope is still to be bound.
pub(super) trait BindScope: Sized {
    /// Binds the scope's parameters of a [`Scoped`] statement.
    fn bind_scope(self, scope: AccessScope) -> Self;
}

impl<O> BindScope for QueryAs<'_, Postgres, O, PgArguments> {
    fn bind_scope(self, scope: AccessScope) -> Self {
        match scope {
            AccessScope::Owner(owner) => self.bind(owner.tenant).bind(owner.object),
            AccessScope::Tenant(tenant) => self.bind(tenant),
        }
    }
}

impl<O> BindScope for QueryAs<'_, Sqlite, O, SqliteArguments> {
    fn bind_scope(self, scope: AccessScope) -> Self {
        match scope {
            AccessScope::Owner(owner) => self.bind(owner.tenant.to_string()).bind(owner.object.to_string()),
            AccessScope::Tenant(tenant) => self.bind(tenant.to_string()),
        }
    }
}
