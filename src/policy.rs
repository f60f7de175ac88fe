//! Who may do what: one table. A [`Permit`] is the proof that it was asked.

use std::marker::PhantomData;

use crate::{
    identity::{Caller, CallerKind, Certified, Role},
    orders::{Actor, ActorKind, Owner},
};

/// Which users may take an action at all.
#[derive(Clone, Copy, Debug)]
enum Users {
    /// Everyone who is in scope.
    Any,
    /// Holders of one of these roles.
    With(&'static [Role]),
}

/// Whether programs with the role `OrderProcessor` may take it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Apps {
    Processor,
    /// And with a certificate, where certificates are looked at.
    CertifiedProcessor,
    No,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    users: Users,
    /// Users who reach everybody's objects, not only their own.
    beyond_own: &'static [Role],
    apps: Apps,
}

/// Something that a caller may or may not do.
pub trait Action {
    /// Its row of the table.
    const RULE: Rule;
}

macro_rules! policy {
    ($($(#[$doc:meta])* $action:ident | $users:expr, $beyond:expr, $apps:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $action {}
        impl Action for $action {
            const RULE: Rule = Rule { users: $users, beyond_own: $beyond, apps: $apps };
        }
    )+ };
}

const NOBODY: &[Role] = &[];
const PROCESSOR: &[Role] = &[Role::OrderProcessor];
const ADMIN: &[Role] = &[Role::OrderAdmin];
const STAFF: &[Role] = &[Role::OrderProcessor, Role::OrderAdmin];

// The table of contract §2: who may at all · who reaches beyond their own · programs.
policy! {
    /// Place an order of one's own.
    PlaceOrder      | Users::Any,             NOBODY,    Apps::No;
    /// Read an order.
    ReadOrder       | Users::Any,             STAFF,     Apps::Processor;
    /// Change an order that is still placed.
    UpdateOrder     | Users::Any,             NOBODY,    Apps::No;
    /// Take an order back.
    CancelOrder     | Users::Any,             ADMIN,     Apps::No;
    /// Read what happened to an order.
    ReadHistory     | Users::Any,             ADMIN,     Apps::No;
    /// List one's own orders.
    ListOwnOrders   | Users::Any,             NOBODY,    Apps::No;
    /// List everybody's orders.
    ListAllOrders   | Users::With(STAFF),     STAFF,     Apps::Processor;
    /// Hand an order to fulfilment.
    ProcessOrder    | Users::With(PROCESSOR), PROCESSOR, Apps::CertifiedProcessor;
    /// Read the product table; beyond one's own means inactive products too.
    ListProducts    | Users::Any,             ADMIN,     Apps::No;
    /// Write the product table.
    PutProduct      | Users::With(ADMIN),     ADMIN,     Apps::No;
    /// Read the dead letters.
    ListDeadLetters | Users::With(ADMIN),     ADMIN,     Apps::No;
    /// Send a dead letter's message again.
    ReplayDeadLetter | Users::With(ADMIN),    ADMIN,     Apps::No;
    /// Learn what a secret of the vault is.
    ReadSecret      | Users::With(ADMIN),     ADMIN,     Apps::No;
}

/// A caller was refused. The client learns which of the two, nothing else.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Denied {
    /// The token lacks the required scope.
    #[error("the required scope is missing")]
    Scope,
    /// The program has to show a certificate for this.
    #[error("the certificate is missing")]
    Certificate,
    /// The caller's role or kind does not allow it.
    #[error("the caller's role does not allow this")]
    Role,
}

impl Denied {
    /// A short name, for the log.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Scope => "scope-missing",
            Self::Certificate => "certificate-missing",
            Self::Role => "role-missing",
        }
    }
}

/// Proof that the policy allowed action `A` to a caller. Only [`Caller::permit`] makes one.
#[derive(Debug)]
pub struct Permit<A> {
    caller: Owner,
    kind: ActorKind,
    sight: Sight,
    action: PhantomData<fn() -> A>,
}

/// Whose objects a permit reaches; goes into the SQL that reads or writes them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sight(Option<Owner>);

impl Sight {
    /// The owner to whom the statement is confined; none when it reaches everybody's.
    #[must_use]
    pub fn confined_to(self) -> Option<Owner> {
        self.0
    }
}

impl<A> Permit<A> {
    /// Who acts: the creator of what is created.
    #[must_use]
    pub fn caller(&self) -> Owner {
        self.caller
    }

    /// Who acts, for the history.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { kind: self.kind, object: Some(self.caller.object) }
    }

    /// Whose objects it reaches.
    #[must_use]
    pub fn sight(&self) -> Sight {
        self.sight
    }
}

impl Caller {
    /// Asks the table.
    ///
    /// # Errors
    /// [`Denied`], when no row allows it: everything is denied by default.
    pub fn permit<A: Action>(&self) -> Result<Permit<A>, Denied> {
        let holds = |wanted: &[Role]| self.roles.iter().any(|role| wanted.contains(role));
        let sight = match self.kind {
            CallerKind::User { in_scope: false } => return Err(Denied::Scope),
            CallerKind::User { in_scope: true } => match A::RULE.users {
                Users::With(roles) if !holds(roles) => return Err(Denied::Role),
                Users::With(_) | Users::Any if holds(A::RULE.beyond_own) => Sight(None),
                Users::With(_) | Users::Any => Sight(Some(self.owner())),
            },
            CallerKind::App
                if A::RULE.apps == Apps::CertifiedProcessor && self.certified == Certified::No =>
            {
                return Err(Denied::Certificate);
            }
            CallerKind::App if A::RULE.apps != Apps::No && holds(PROCESSOR) => Sight(None),
            CallerKind::App => return Err(Denied::Role),
        };
        let kind = match self.kind {
            CallerKind::User { .. } => ActorKind::User,
            CallerKind::App => ActorKind::App,
        };
        Ok(Permit { caller: self.owner(), kind, sight, action: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Kinds of caller, in the columns of the table below.
    const CALLERS: [(CallerKind, &[Role]); 8] = [
        (CallerKind::User { in_scope: false }, STAFF),
        (CallerKind::User { in_scope: true }, NOBODY),
        (CallerKind::User { in_scope: true }, PROCESSOR),
        (CallerKind::User { in_scope: true }, ADMIN),
        (CallerKind::User { in_scope: true }, STAFF),
        (CallerKind::App, NOBODY),
        (CallerKind::App, PROCESSOR),
        (CallerKind::App, ADMIN),
    ];

    fn caller((kind, roles): (CallerKind, &[Role])) -> Caller {
        let (roles, certified) = (roles.to_vec(), Certified::NotAsked);
        Caller { tenant: Uuid::from_u128(1), object: Uuid::from_u128(2), kind, roles, certified }
    }

    fn row<A: Action>() -> [&'static str; 8] {
        CALLERS.map(|kind| match caller(kind).permit::<A>() {
            Ok(permit) if permit.sight() == Sight(None) => "all",
            Ok(permit) => {
                assert_eq!(permit.sight().confined_to(), Some(caller(kind).owner()));
                "own"
            }
            Err(Denied::Scope) => "scope",
            Err(Denied::Role) => "role",
            Err(Denied::Certificate) => "certificate",
        })
    }

    #[test]
    #[rustfmt::skip]
    fn every_action_allows_each_kind_of_caller_what_the_contract_says() {
        // Out of scope, then users: without a role, processor, admin, both; apps: without, processor, admin.
        assert_eq!(row::<PlaceOrder>(),      ["scope", "own",  "own",  "own",  "own", "role", "role", "role"]);
        assert_eq!(row::<ReadOrder>(),       ["scope", "own",  "all",  "all",  "all", "role", "all",  "role"]);
        assert_eq!(row::<UpdateOrder>(),     ["scope", "own",  "own",  "own",  "own", "role", "role", "role"]);
        assert_eq!(row::<CancelOrder>(),     ["scope", "own",  "own",  "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<ReadHistory>(),     ["scope", "own",  "own",  "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<ListOwnOrders>(),   ["scope", "own",  "own",  "own",  "own", "role", "role", "role"]);
        assert_eq!(row::<ListAllOrders>(),   ["scope", "role", "all",  "all",  "all", "role", "all",  "role"]);
        assert_eq!(row::<ProcessOrder>(),    ["scope", "role", "all",  "role", "all", "role", "all",  "role"]);
        assert_eq!(row::<ListProducts>(),    ["scope", "own",  "own",  "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<PutProduct>(),      ["scope", "role", "role", "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<ListDeadLetters>(), ["scope", "role", "role", "all",  "all", "role", "role", "role"]);
        assert_eq!(row::<ReplayDeadLetter>(), ["scope", "role", "role", "all", "all", "role", "role", "role"]);
        assert_eq!(row::<ReadSecret>(),      ["scope", "role", "role", "all",  "all", "role", "role", "role"]);
    }

    #[test]
    fn the_log_tells_the_three_denials_apart() {
        let reasons = [Denied::Scope, Denied::Certificate, Denied::Role].map(Denied::reason);
        assert_eq!(reasons, ["scope-missing", "certificate-missing", "role-missing"]);
    }

    #[test]
    fn the_history_tells_a_person_from_a_program() {
        let actor = |kind| {
            let permit = caller((kind, STAFF)).permit::<ReadOrder>().unwrap();
            assert_eq!(permit.caller(), caller((kind, STAFF)).owner());
            permit.actor()
        };
        let object = Some(Uuid::from_u128(2));
        assert_eq!(actor(CallerKind::User { in_scope: true }), Actor { kind: ActorKind::User, object });
        assert_eq!(actor(CallerKind::App), Actor { kind: ActorKind::App, object });
    }

    #[test]
    fn where_certificates_are_looked_at_a_program_needs_one_to_process_and_nobody_else_does() {
        let without = |kind| Caller { certified: Certified::No, ..caller(kind) };
        for roles in [NOBODY, PROCESSOR, ADMIN] {
            let program = without((CallerKind::App, roles));
            assert_eq!(program.permit::<ProcessOrder>().err(), Some(Denied::Certificate));
            let certified = Caller { certified: Certified::Yes, ..program };
            let role = (roles != PROCESSOR).then_some(Denied::Role);
            assert_eq!(certified.permit::<ProcessOrder>().err(), role);
        }
        assert!(without((CallerKind::App, PROCESSOR)).permit::<ReadOrder>().is_ok());
        let person = without((CallerKind::User { in_scope: true }, PROCESSOR));
        assert!(person.permit::<ProcessOrder>().is_ok());
    }
}
