//! The state that all handlers share, and the steps that many of them take.

use std::sync::Arc;

use azure_functions_handler::{Bytes, Concurrency, Invocation};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::dead_letter_ceiling::DeadLetterCeiling;
use crate::{
    audit::{self, Audit, Denial, DeniedCaller},
    clock::{Clock, RetentionClock},
    fulfilment::Backend,
    identity::Identity,
    orders::{self, DeadLetter, FulfilmentMessage, OrderId, Owner, Status},
    policy::{AccessScope, Permit},
    problem::Problem,
    rate_limit::RateLimiter,
    secret::SecretName,
    store::{Hold, MonitoredStore, Store, StoreError, WriteContext, WriteError},
    telemetry::Event,
    vault::Vault,
};

/// The state that all handlers share.
pub struct AppState {
    /// Tells the time.
    pub clock: Clock,
    /// The clock for retention, which ignores jumps of the system's clock.
    pub retention_clock: RetentionClock,
    /// Authenticates callers; none in a process whose functions do not need it.
    pub identity: Option<Identity>,
    /// Logs who was refused what.
    pub audit: Audit,
    /// Counts the calls of each caller; none when callers are not limited.
    pub limiter: Option<RateLimiter>,
    /// The requests of this process.
    pub concurrency: Concurrency,
    /// The only tenant that a message may name an owner of; without it no message places an order.
    pub tenant: Option<Uuid>,
    /// The database.
    pub store: Arc<dyn Store>,
    /// Carries orders out; while there is none, orders wait.
    pub backend: Option<Backend>,
    /// The vault of secrets; none where none is configured.
    pub vault: Option<Vault>,
    /// The secret that is looked up when a caller names none.
    pub secret_name: Option<SecretName>,
    /// How long an outbox message may stay unacknowledged before it is sent again.
    pub outbox_deadline: Duration,
    /// How many unreplayed dead letters are stored.
    pub dead_letter_ceiling: DeadLetterCeiling,
    /// The OpenAPI document of the HTTP functions, if callers may read it.
    pub openapi_document: Option<fn() -> Bytes>,
    /// Whether the store does what the functions need.
    pub health: Arc<MonitoredStore>,
}

impl AppState {
    /// Counts a call against this caller's rate limit.
    pub(super) fn check_rate_limit(&self, caller: Owner) -> Result<(), Problem> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.take(caller, self.clock.instant()).map_err(Problem::RateLimited)
    }

    /// The answer to a caller whose permit reaches no such order. A caller who sees only their own orders may have asked
    /// for another's, so the audit records a denial.
    pub fn not_found_or_hidden<A>(&self, permit: &Permit<A>, id: OrderId) -> Problem {
        if matches!(permit.scope(), AccessScope::Owner(_)) {
            let caller =
                DeniedCaller::Authenticated { owner: permit.caller(), kind: permit.actor().kind.as_str() };
            self.record_denial(caller, "not-in-sight", Some(id.uuid()), false);
        }
        Problem::NotFound
    }

    /// Turns the result of a write of an order into what its caller gets. An order that the permit does not reach is
    /// [`not_found_or_hidden`](Self::not_found_or_hidden).
    ///
    /// # Errors
    /// The [`Problem`] of the error.
    pub fn map_write_result<A, T>(
        &self,
        permit: &Permit<A>,
        id: OrderId,
        result: Result<T, WriteError>,
    ) -> Result<T, Problem> {
        result.map_err(|error| match error {
            WriteError::NotFound => self.not_found_or_hidden(permit, id),
            error => error.into(),
        })
    }

    pub(super) fn record_denial(
        &self,
        caller: DeniedCaller,
        reason: &'static str,
        order: Option<Uuid>,
        identity_mismatch: bool,
    ) {
        self.audit.record_denial(Denial { reason, caller, order, identity_mismatch }, self.clock.instant());
    }

    /// Records a message that can never succeed as a dead letter, fails the order of `fail_order_of`, and audits both.
    ///
    /// # Errors
    /// When the database is unavailable.
    pub async fn dead_letter(
        &self,
        letter: DeadLetter,
        fail_order_of: Option<&FulfilmentMessage>,
        context: WriteContext,
    ) -> Result<(), StoreError> {
        let recorded = self.store.record_dead_letter(&letter, fail_order_of, context).await?;
        if let Some(reason) = recorded.recorded {
            audit::message_dead_lettered(&DeadLetter { reason, ..letter });
        }
        if let Some(message) = fail_order_of.filter(|_| recorded.order_failed) {
            audit::queued_order_finished(orders::Action::Fail, message.order_id, Status::Failed);
        }
        Ok(())
    }

    /// Which outbox messages the relay does not send, because this process has no backend for them.
    #[must_use]
    pub fn relay_hold(&self) -> Hold {
        if self.backend.is_none() { Hold::Fulfilment } else { Hold::None }
    }

    /// The time that decides what has expired, when the clock shows `now`. Logs a jump of the clock.
    pub fn retention_time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let observed = self.retention_clock.observe(now, self.clock.instant());
        if let Some(jump) = observed.jump {
            Event::ClockJumped { seconds: jump.num_seconds() }.log();
        }
        observed.now
    }

    /// The time and the invocation that a write of this handler records.
    #[must_use]
    pub fn write_context(&self, invocation: &Invocation) -> WriteContext {
        let at = self.clock.now();
        WriteContext { at, retention_at: self.retention_time(at), invocation: invocation.id }
    }
}
