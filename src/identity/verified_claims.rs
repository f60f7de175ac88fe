//! The verified claims of a caller, whether they come from the platform's header or from the token.

use uuid::Uuid;

use super::{
    authentication_error::Reason,
    caller::{Caller, CallerKind, ClientCertificate, Role},
    settings::IdentitySettings,
};

/// Ids, kind and roles, as one header or one token states them.
#[derive(Clone, Debug)]
pub(super) struct VerifiedClaims {
    pub(super) tenant: Uuid,
    pub(super) object: Uuid,
    /// The client that asked for the token.
    pub(super) client: Option<Uuid>,
    pub(super) scope: Option<String>,
    /// `idtyp`.
    pub(super) kind: Option<String>,
    pub(super) roles: Vec<Role>,
}

impl VerifiedClaims {
    /// The caller that the claims describe, if these settings let them in.
    pub(super) fn to_caller(&self, settings: &IdentitySettings) -> Result<Caller, Reason> {
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
        let (roles, certificate) = (self.roles.clone(), ClientCertificate::NotChecked);
        let tenant_is_configured = settings.tenant.is_some();
        Ok(Caller {
            tenant: self.tenant,
            tenant_is_configured,
            object: self.object,
            kind,
            roles,
            certificate,
        })
    }

    /// A token with roles may be a user's as well as a program's, so only scope and `idtyp` tell which.
    fn kind(&self, required: &str) -> Result<CallerKind, Reason> {
        match (self.scope.as_deref(), self.kind.as_deref()) {
            (Some(scope), None | Some("user")) if !scope.trim_matches(' ').is_empty() => {
                Ok(CallerKind::User { has_scope: scope.split(' ').any(|granted| granted == required) })
            }
            (None, Some("app")) => Ok(CallerKind::App),
            _ => Err(Reason::KindUnclear),
        }
    }

    /// The header and the token must name the same tenant, the same user or app, and the same client.
    pub(super) fn ensure_same_principal(&self, other: &Self) -> Result<(), Reason> {
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
pub(super) fn known_roles(held: impl Fn(&str) -> bool) -> Vec<Role> {
    [("OrderProcessor", Role::OrderProcessor), ("OrderAdmin", Role::OrderAdmin)]
        .into_iter()
        .filter_map(|(name, role)| held(name).then_some(role))
        .collect()
}
