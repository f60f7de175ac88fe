//! What handlers share, and the steps that many of them take.

use std::sync::Arc;

use axum::http::HeaderMap;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::DeadLetterCeiling;
use crate::{
    audit::{self, Audit, By, Denial},
    clock::{Clock, RetentionClock},
    fulfilment::Backend,
    host::{Answer, Call, CallerId, Concurrency, Invocation, Refused, RequestSlot},
    identity::Identity,
    limit::Limiter,
    orders::{self, DeadLetter, FulfilmentMessage, OrderId, Owner, Status},
    policy::{AccessScope, Action, Permit},
    problem::Problem,
    secret::SecretName,
    store::{Hold, Monitored, Stamp, Store, StoreError},
    telemetry::Event,
    vault::Vault,
};

/// The one function whose path names something else than an order.
const LETTERS: &str = "ReplayDeadLetter";

/// What handlers share.
pub struct App {
    /// Tells the time.
    pub clock: Clock,
    /// Judges what has expired, whatever the clock does.
    pub retention: RetentionClock,
    /// Says who is calling; a process without functions that ask has none.
    pub identity: Option<Identity>,
    /// Tells who was refused what.
    pub audit: Audit,
    /// Counts the calls of each caller; none when callers are not limited.
    pub limiter: Option<Limiter>,
    /// The requests of this process.
    pub concurrency: Concurrency,
    /// The only tenant that a message may name an owner of; without it no message places an order.
    pub tenant: Option<Uuid>,
    /// Keeps what is to be kept.
    pub store: Arc<dyn Store>,
    /// Carries orders out; while there is none, orders wait.
    pub backend: Option<Backend>,
    /// The vault of secrets; none where none is configured.
    pub vault: Option<Vault>,
    /// The secret that is looked up when a caller names none.
    pub secret_name: Option<SecretName>,
    /// How long a message may be under way before it is sent again.
    pub outbox_deadline: Duration,
    /// How many unreplayed dead letters are kept.
    pub dead_letters: DeadLetterCeiling,
    /// Whether callers may read what the HTTP functions take and give.
    pub described: bool,
    /// Whether the store does what the functions need.
    pub health: Arc<Monitored>,
}

impl App {
    /// Who is calling, whether they may do this at all, and whether not too often, in this sequence.
    ///
    /// # Errors
    /// `unauthenticated`, also in a process that cannot tell; `unavailable`, while nobody can tell; `forbidden` or
    /// `insufficient-scope`; `rate-limited`. Each of them is told to the audit.
    pub fn permit<A: Action>(&self, call: &Call) -> impl Future<Output = Result<Permit<A>, Problem>> + Send {
        // A body is in one hand at a time, so the future takes from the call what it needs.
        self.permit_to(&call.headers, &call.slot, order_of(call))
    }

    async fn permit_to<A: Action>(
        &self,
        headers: &HeaderMap,
        slot: &RequestSlot,
        order: Option<Uuid>,
    ) -> Result<Permit<A>, Problem> {
        let identity = self.identity.as_ref().ok_or(Problem::Unauthenticated)?;
        let caller = identity.caller(headers, self.clock.now()).await.inspect_err(|refused| {
            self.deny(By::Nobody, refused.reason(), order, refused.is_contradiction());
        })?;
        let by = By::Caller { owner: caller.owner(), kind: caller.kind() };
        let permit = caller.permit::<A>();
        let Owner { tenant, object } = caller.owner();
        let has_room = slot.identify(CallerId { tenant, object });
        // What the policy refuses takes from the allowance too, and is refused the same when nothing is left of it.
        let admitted = self.admit(caller.owner());
        let permit = permit.inspect_err(|denied| self.deny(by, denied.reason(), order, false))?;
        has_room.map_err(|_| Problem::Overlapping).and(admitted).inspect_err(|problem| {
            let reason = if *problem == Problem::Overlapping { "too-many-running" } else { "rate-limited" };
            self.deny(by, reason, order, false);
        })?;
        Ok(permit)
    }

    /// What a caller gets in place of an answer; counts those for whom there was no room.
    pub fn refuse(&self, problem: &Problem, invocation: &Invocation) -> Answer {
        let counted = match problem {
            Problem::RateLimited(_) => Some(Refused::Rate),
            Problem::Crowded => Some(Refused::KeyWait),
            Problem::BodyTimeout => Some(Refused::SlowBody),
            _ => None,
        };
        if let Some(refused) = counted {
            self.concurrency.count(refused);
        }
        problem.answer(invocation)
    }

    /// Takes a call from this caller's allowance.
    fn admit(&self, caller: Owner) -> Result<(), Problem> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.admit(caller, self.clock.moment()).map_err(Problem::RateLimited)
    }

    /// What a caller gets who may see no such order. One who sees their own alone was denied another's, as far as
    /// anybody can tell.
    pub fn out_of_sight<A>(&self, permit: &Permit<A>, id: OrderId) -> Problem {
        if matches!(permit.scope(), AccessScope::Own(_)) {
            let by = By::Caller { owner: permit.caller(), kind: permit.actor().kind.as_str() };
            self.deny(by, "not-in-sight", Some(id.uuid()), false);
        }
        Problem::NotFound
    }

    fn deny(&self, by: By, reason: &'static str, order: Option<Uuid>, contradiction: bool) {
        self.audit.denied(Denial { reason, by, order, contradiction }, self.clock.moment());
    }

    /// Keeps a message that can never succeed as a dead letter, and tells of what is kept.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn give_up(
        &self,
        letter: DeadLetter,
        fails: Option<&FulfilmentMessage>,
        stamp: Stamp,
    ) -> Result<(), StoreError> {
        let given_up = self.store.record_dead_letter(&letter, fails, stamp).await?;
        if let Some(reason) = given_up.kept {
            audit::given_up(&DeadLetter { reason, ..letter });
        }
        if let Some(message) = fails.filter(|_| given_up.failed) {
            audit::order_settled(orders::Action::Fail, message.order_id, Status::Failed);
        }
        Ok(())
    }

    /// Which messages nobody is sent for now.
    #[must_use]
    pub fn hold(&self) -> Hold {
        if self.backend.is_none() { Hold::Fulfilment } else { Hold::Nothing }
    }

    /// The time by which it is judged what has expired, when the clock says `now`. Logs a jump of the clock.
    pub fn retention_time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let observed = self.retention.observe(now, self.clock.moment());
        if let Some(jump) = observed.jump {
            Event::ClockJumped { seconds: jump.num_seconds() }.log();
        }
        observed.now
    }

    /// When and under which invocation a handler acts.
    #[must_use]
    pub fn stamp(&self, invocation: &Invocation) -> Stamp {
        let at = self.clock.now();
        Stamp { at, retention_at: self.retention_time(at), invocation: invocation.id }
    }
}

/// The order that a call's path names.
fn order_of(call: &Call) -> Option<Uuid> {
    let names_an_order = call.invocation.function != LETTERS;
    names_an_order.then(|| call.param("id").parse().ok()).flatten().map(OrderId::uuid)
}
