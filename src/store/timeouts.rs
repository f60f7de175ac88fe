//! Timeouts of the store.

use std::time::Duration;

use crate::limits::LIMITS;

/// How long a unit of work waits for a connection: `docs/reference/api.md#limits`.
pub(super) const POOL_TIMEOUT: Duration = LIMITS.dependencies.connect_timeout;

/// How long a statement may take, or wait for another writer: `docs/reference/api.md#limits`.
pub(super) const STATEMENT_TIMEOUT: Duration = LIMITS.dependencies.statement_timeout;

/// How long a migration waits for a lock before it reports the wait.
pub(super) const FIRST_WAIT_REPORT: Duration = Duration::from_secs(2);

/// The time between two reports.
pub(super) const WAIT_REPORT_INTERVAL: Duration = Duration::from_secs(10);
