//! How long the store waits, and for what.

use std::time::Duration;

use crate::limits::LIMITS;

/// How long a unit of work waits for a connection: `docs/reference/api.md#limits`.
pub(super) const POOL_WAIT: Duration = LIMITS.dependencies.connect_timeout;

/// How long a statement may take, or wait for another that writes: `docs/reference/api.md#limits`.
pub(super) const STATEMENT: Duration = LIMITS.dependencies.statement_timeout;

/// How long a migration waits for a lock before it says so.
pub(super) const WAIT_UNREPORTED: Duration = Duration::from_secs(2);

/// How often it says so again.
pub(super) const WAIT_REMINDER: Duration = Duration::from_secs(10);
