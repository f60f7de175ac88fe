//! Who may do what: one table. A [`Permit`] is the proof that it was asked.

use std::marker::PhantomData;

use uuid::Uuid;

use crate::{
    identity::{Caller, CallerKind, ClientCertificate, Role},
    orders::{Actor, ActorKind, Owner},
};

/// Which users may take an action.
#[derive(Clone, Copy, Debug)]
enum Users {
    /// Every user in scope.
    Any,
    /// Holders of one of these roles.
    WithRole(&'static [Role]),
}

/// Whether programs with the role `OrderProcessor` may take an action.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Apps {
    Processor,
    /// Programs with the role `OrderProcessor` may, if they show a certificate where client certificates are required.
    ProcessorWithCertificate,
    No,
}

/// What an action is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Resource {
    /// Orders: each has an owner, and so a tenant.
    Orders,
    /// What belongs to the deployment and to no tenant: products, dead letters, secrets.
    Deployment,
}

/// One row of the access table.
#[derive(Clone, Copy, Debug)]
pub struct AccessRule {
    resource: Resource,
    users: Users,
    /// Users who reach more than their own: for orders those of their tenant.
    unrestricted_roles: &'static [Role],
    apps: Apps,
}

/// An action that the access table allows or denies to callers.
pub trait Action {
    /// The action's row of the access table.
    const RULE: AccessRule;

    /// Whether the action is about orders, so that an id in the path of its function is an order's.
    #[must_use]
    fn concerns_orders() -> bool {
        Self::RULE.resource == Resource::Orders
    }
}

macro_rules! policy {
    ($($(#[$doc:meta])* $action:ident | $resource:ident, $users:expr, $unrestricted:expr, $apps:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $action {}
        impl Action for $action {
            const RULE: AccessRule =
                AccessRule { resource: Resource::$resource, users: $users, unrestricted_roles: $unrestricted, apps: $apps };
        }
    )+ };
}

const NO_ROLE: &[Role] = &[];
const PROCESSOR: &[Role] = &[Role::OrderProcessor];
const ADMIN: &[Role] = &[Role::OrderAdmin];
const STAFF: &[Role] = &[Role::OrderProcessor, Role::OrderAdmin];

// What it is about · who may at all · who reaches beyond their own · programs.
#[rustfmt::skip]
policy! {
    /// Place an order for oneself.
    PlaceOrder       | Orders,     Users::Any,                 NO_ROLE,   Apps::No;
    /// Read an order.
    ReadOrder        | Orders,     Users::Any,                 STAFF,     Apps::Processor;
    /// Change an order that is still placed.
    ChangeOrder      | Orders,     Users::Any,                 NO_ROLE,   Apps::No;
    /// Take an order back.
    WithdrawOrder      | Orders,     Users::Any,                 ADMIN,     Apps::No;
    /// Read what happened to an order.
    ReadHistory      | Orders,     Users::Any,                 ADMIN,     Apps::No;
    /// List one's own orders.
    ListOwnOrders    | Orders,     Users::Any,                 NO_ROLE,   Apps::No;
    /// List the orders of the caller's tenant.
    ListAllOrders    | Orders,     Users::WithRole(STAFF),     STAFF,     Apps::Processor;
    /// Hand an order to fulfilment.
    QueueOrder     | Orders,     Users::WithRole(PROCESSOR), PROCESSOR, Apps::ProcessorWithCertificate;
    /// Read the product table; beyond one's own means inactive products too.
    ReadProducts     | Deployment, Users::Any,                 ADMIN,     Apps::No;
    /// Write the product table.
    WriteProduct       | Deployment, Users::WithRole(ADMIN),     ADMIN,     Apps::No;
    /// Read the dead letters.
    ReadDeadLetters  | Deployment, Users::WithRole(ADMIN),     ADMIN,     Apps::No;
    /// Send a dead letter's message again.
    ResendDeadLetter | Deployment, Users::WithRole(ADMIN),     ADMIN,     Apps::No;
    /// Learn what a secret of the vault is.
    ReadSecret       | Deployment, Users::WithRole(ADMIN),     ADMIN,     Apps::No;
}

/// Why the policy denies an action to a caller. The client gets 401 for a missing certificate and 403 otherwise, and
/// learns no more than whether a scope is missing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AccessDenied {
    /// The token lacks the required scope.
    #[error("the required scope is missing")]
    ScopeMissing,
    /// The program has to show a certificate for this.
    #[error("the certificate is missing")]
    CertificateMissing,
    /// The caller's role or kind does not allow it.
    #[error("the caller's role does not allow this")]
    RoleMissing,
    /// No tenant is configured, so no role reaches what belongs to the deployment.
    #[error("no tenant is configured, so no role reaches this")]
    TenantNotConfigured,
}

impl AccessDenied {
    /// A short name, for the log.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::ScopeMissing => "scope-missing",
            Self::CertificateMissing => "certificate-missing",
            Self::RoleMissing => "role-missing",
            Self::TenantNotConfigured => "tenant-not-configured",
        }
    }
}

/// Proof that the policy allowed action `A` to a caller. Only [`Caller::permit`] makes one.
#[derive(Debug)]
pub struct Permit<A> {
    caller: Owner,
    kind: ActorKind,
    scope: AccessScope,
    action: PhantomData<fn() -> A>,
}

/// Whose orders a permit reaches; goes into the SQL that reads or writes them. The scope never includes more than one
/// tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccessScope {
    /// Orders of this owner.
    Owner(Owner),
    /// Orders of every owner of this tenant, which is the caller's.
    Tenant(Uuid),
}

impl<A> Permit<A> {
    /// The tenant and object id of the caller, who owns what this action creates.
    #[must_use]
    pub fn caller(&self) -> Owner {
        self.caller
    }

    /// The caller as the actor of a history row.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { kind: self.kind, object: Some(self.caller.object) }
    }

    /// The scope of orders that this permit reaches.
    #[must_use]
    pub fn scope(&self) -> AccessScope {
        self.scope
    }
}

impl Permit<ReadProducts> {
    /// Whether it also reaches products that cannot be ordered any more.
    #[must_use]
    pub fn includes_inactive(&self) -> bool {
        matches!(self.scope, AccessScope::Tenant(_))
    }
}

impl Caller {
    /// Asks the access table whether the caller may take action `A`.
    ///
    /// # Errors
    /// [`AccessDenied`], when no row allows it: everything is denied by default.
    pub fn permit<A: Action>(&self) -> Result<Permit<A>, AccessDenied> {
        let rule = A::RULE;
        // Where no tenant is configured, users of any tenant have these roles, and only the order shows its tenant.
        let roles_count = rule.resource == Resource::Orders || self.tenant_is_configured;
        let holds = |wanted: &[Role]| roles_count && self.roles.iter().any(|role| wanted.contains(role));
        let refusal = if roles_count { AccessDenied::RoleMissing } else { AccessDenied::TenantNotConfigured };
        let (own, tenant) = (AccessScope::Owner(self.owner()), AccessScope::Tenant(self.tenant));
        let scope = match self.kind {
            CallerKind::User { has_scope: false } => return Err(AccessDenied::ScopeMissing),
            CallerKind::User { has_scope: true } => match rule.users {
                Users::WithRole(roles) if !holds(roles) => return Err(refusal),
                Users::WithRole(_) | Users::Any if holds(rule.unrestricted_roles) => tenant,
                Users::WithRole(_) | Users::Any => own,
            },
            CallerKind::App
                if rule.apps == Apps::ProcessorWithCertificate
                    && self.certificate == ClientCertificate::Missing =>
            {
                return Err(AccessDenied::CertificateMissing);
            }
            CallerKind::App if rule.apps != Apps::No && holds(PROCESSOR) => tenant,
            CallerKind::App => return Err(AccessDenied::RoleMissing),
        };
        let kind = match self.kind {
            CallerKind::User { .. } => ActorKind::User,
            CallerKind::App => ActorKind::App,
        };
        Ok(Permit { caller: self.owner(), kind, scope, action: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Kinds of caller, in the columns of the table below.
    const CALLERS: [(CallerKind, &[Role]); 8] = [
        (CallerKind::User { has_scope: false }, STAFF),
        (CallerKind::User { has_scope: true }, NO_ROLE),
        (CallerKind::User { has_scope: true }, PROCESSOR),
        (CallerKind::User { has_scope: true }, ADMIN),
        (CallerKind::User { has_scope: true }, STAFF),
        (CallerKind::App, NO_ROLE),
        (CallerKind::App, PROCESSOR),
        (CallerKind::App, ADMIN),
    ];

    fn caller((kind, roles): (CallerKind, &[Role])) -> Caller {
        let (roles, certificate) = (roles.to_vec(), ClientCertificate::NotChecked);
        let (tenant, object) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Caller { tenant, tenant_is_configured: true, object, kind, roles, certificate }
    }

    fn without_a_tenant(kind: (CallerKind, &[Role])) -> Caller {
        Caller { tenant_is_configured: false, ..caller(kind) }
    }

    fn row<A: Action>() -> [&'static str; 8] {
        row_of::<A>(caller)
    }

    fn row_of<A: Action>(caller: fn((CallerKind, &[Role])) -> Caller) -> [&'static str; 8] {
        CALLERS.map(|kind| match caller(kind).permit::<A>() {
            Ok(permit) if permit.scope() == AccessScope::Tenant(caller(kind).tenant) => "all",
            Ok(permit) => {
                assert_eq!(permit.scope(), AccessScope::Owner(caller(kind).owner()));
                "own"
            }
            Err(AccessDenied::ScopeMissing) => "scope",
            Err(AccessDenied::RoleMissing) => "role",
            Err(AccessDenied::CertificateMissing) => "certificate",
            Err(AccessDenied::TenantNotConfigured) => "tenant",
        })
    }

    #[test]
    #[rustfmt::skip]
    fn every_action_allows_what_the_access_table_says() {
        // Out of scope, then users: without a role, processor, admin, both; apps: without, processor, admin. `all` is
        // all of the caller's tenant.
        assert_eq!(row::<PlaceOrder>(),      ["scope", "own",  "own",  "own",  "own", "role", "role", "role"]);
        assert_eq!(row::<ReadOrder>(),       ["scope", "own",  "all",  "all",  "all", "role", "all",  "role"]);
        assert_eq!(row::<ChangeOrder>(),     ["scope", "own",  "own",  "own",  "own", "role", "role", "role"]);
        assert_eq!(row::<WithdrawOrder>(),     ["scope", "own",  "own",  "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<ReadHistory>(),     ["scope", "own",  "own",  "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<ListOwnOrders>(),   ["scope", "own",  "own",  "own",  "own", "role", "role", "role"]);
        assert_eq!(row::<ListAllOrders>(),   ["scope", "role", "all",  "all",  "all", "role", "all",  "role"]);
        assert_eq!(row::<QueueOrder>(),    ["scope", "role", "all",  "role", "all", "role", "all",  "role"]);
        assert_eq!(row::<ReadProducts>(),    ["scope", "own",  "own",  "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<WriteProduct>(),      ["scope", "role", "role", "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<ReadDeadLetters>(), ["scope", "role", "role", "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<ResendDeadLetter>(), ["scope", "role", "role", "all", "all", "role", "role", "role"]);
        assert_eq!(row::<ReadSecret>(),      ["scope", "role", "role", "all",  "all", "role", "role", "role"]);
    }

    #[test]
    #[rustfmt::skip]
    fn without_a_tenant_no_role_reaches_the_deployment() {
        assert_eq!(row_of::<ReadOrder>(without_a_tenant),        ["scope", "own",    "all",    "all",    "all",    "role", "all",  "role"]);
        assert_eq!(row_of::<WithdrawOrder>(without_a_tenant),      ["scope", "own",    "own",    "all",    "all",    "role", "role", "role"]);
        assert_eq!(row_of::<ListAllOrders>(without_a_tenant),    ["scope", "role",   "all",    "all",    "all",    "role", "all",  "role"]);
        assert_eq!(row_of::<QueueOrder>(without_a_tenant),     ["scope", "role",   "all",    "role",   "all",    "role", "all",  "role"]);
        assert_eq!(row_of::<ReadProducts>(without_a_tenant),     ["scope", "own",    "own",    "own",    "own",    "role", "role", "role"]);
        assert_eq!(row_of::<WriteProduct>(without_a_tenant),       ["scope", "tenant", "tenant", "tenant", "tenant", "role", "role", "role"]);
        assert_eq!(row_of::<ReadDeadLetters>(without_a_tenant),  ["scope", "tenant", "tenant", "tenant", "tenant", "role", "role", "role"]);
        assert_eq!(row_of::<ResendDeadLetter>(without_a_tenant), ["scope", "tenant", "tenant", "tenant", "tenant", "role", "role", "role"]);
        assert_eq!(row_of::<ReadSecret>(without_a_tenant),       ["scope", "tenant", "tenant", "tenant", "tenant", "role", "role", "role"]);
    }

    #[test]
    fn the_log_tells_the_denials_apart() {
        let denials = [
            AccessDenied::ScopeMissing,
            AccessDenied::CertificateMissing,
            AccessDenied::RoleMissing,
            AccessDenied::TenantNotConfigured,
        ];
        let reasons = ["scope-missing", "certificate-missing", "role-missing", "tenant-not-configured"];
        assert_eq!(denials.map(AccessDenied::reason), reasons);
    }

    #[test]
    fn the_history_tells_a_person_from_a_program() {
        let actor = |kind| {
            let permit = caller((kind, STAFF)).permit::<ReadOrder>().unwrap();
            assert_eq!(permit.caller(), caller((kind, STAFF)).owner());
            permit.actor()
        };
        let object = Some(Uuid::from_u128(2));
        assert_eq!(actor(CallerKind::User { has_scope: true }), Actor { kind: ActorKind::User, object });
        assert_eq!(actor(CallerKind::App), Actor { kind: ActorKind::App, object });
    }

    #[test]
    fn only_an_app_needs_a_certificate_to_process() {
        let without = |kind| Caller { certificate: ClientCertificate::Missing, ..caller(kind) };
        for roles in [NO_ROLE, PROCESSOR, ADMIN] {
            let program = without((CallerKind::App, roles));
            assert_eq!(program.permit::<QueueOrder>().err(), Some(AccessDenied::CertificateMissing));
            let certificate = Caller { certificate: ClientCertificate::Valid, ..program };
            let role = (roles != PROCESSOR).then_some(AccessDenied::RoleMissing);
            assert_eq!(certificate.permit::<QueueOrder>().err(), role);
        }
        assert!(without((CallerKind::App, PROCESSOR)).permit::<ReadOrder>().is_ok());
        let person = without((CallerKind::User { has_scope: true }, PROCESSOR));
        assert!(person.permit::<QueueOrder>().is_ok());
    }
}
