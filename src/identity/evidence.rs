//! What a piece of evidence says of its bearer, whether it is the platform's header or the token itself.

use uuid::Uuid;

use super::{
    caller::{Caller, CallerKind, Certified, Role},
    refusal::Reason,
    settings::IdentitySettings,
};

/// Ids, kind and rights, as one header or one token states them.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) tenant: Uuid,
    pub(super) object: Uuid,
    /// The client that asked for the token.
    pub(super) client: Option<Uuid>,
    pub(super) scope: Option<String>,
    /// `idtyp`.
    pub(super) kind: Option<String>,
    pub(super) roles: Vec<Role>,
}

impl Evidence {
    /// The caller that it describes, if these settings let them in.
    pub(super) fn caller(&self, settings: &IdentitySettings) -> Result<Caller, Reason> {
        if settings.tenant.is_some_and(|ours| ours != self.tenant) {
            return Err(Reason::TenantForeign);
        }
        let kind = self.kind(&settings.required_scope)?;
        if let (CallerKind::User { .. }, Some(allowed)) = (kind, &settings.allowed_clients) {
            let client = self.client.ok_or(Reason::ClientMissing)?;
            if !allowed.contains(&client) {
                return Err(Reason::ClientNotAllowed);
            }
        }
        let (roles, certified) = (self.roles.clone(), Certified::NotAsked);
        let tenant_is_configured = settings.tenant.is_some();
        Ok(Caller { tenant: self.tenant, tenant_is_configured, object: self.object, kind, roles, certified })
    }

    /// A token with roles may be a person's as well as a program's, so only scope and kind tell them apart.
    fn kind(&self, required: &str) -> Result<CallerKind, Reason> {
        match (self.scope.as_deref(), self.kind.as_deref()) {
            (Some(scope), None | Some("user")) if !scope.trim_matches(' ').is_empty() => {
                Ok(CallerKind::User { in_scope: scope.split(' ').any(|granted| granted == required) })
            }
            (None, Some("app")) => Ok(CallerKind::App),
            _ => Err(Reason::KindUnclear),
        }
    }

    /// Whether the other piece names the same tenant, the same person or program, and the same client.
    pub(super) fn agrees_with(&self, other: &Self) -> Result<(), Reason> {
        if self.tenant != other.tenant {
            Err(Reason::TenantDisagrees)
        } else if self.object != other.object {
            Err(Reason::ObjectDisagrees)
        } else if self.client != other.client {
            Err(Reason::ClientDisagrees)
        } else {
            Ok(())
        }
    }
}

/// The roles that we know among those that are held.
pub(super) fn roles(held: impl Fn(&str) -> bool) -> Vec<Role> {
    [("OrderProcessor", Role::OrderProcessor), ("OrderAdmin", Role::OrderAdmin)]
        .into_iter()
        .filter_map(|(name, role)| held(name).then_some(role))
        .collect()
}
