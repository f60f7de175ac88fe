//! Environment → settings, once; every fault named at once.

use uuid::Uuid;

/// Whom this deployment lets in (contract §6).
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// `ORDERS_ENTRA_TENANT_ID`: the only tenant whose people and programs are let in; any when none.
    pub tenant: Option<Uuid>,
    /// `ORDERS_ENTRA_ALLOWED_CLIENTS`: client ids that may call on a user's behalf; any when none.
    pub allowed_clients: Option<Vec<Uuid>>,
    /// `ORDERS_REQUIRED_SCOPE`: compared exactly.
    pub required_scope: String,
}
