//! Timeouts that are set on the server, and for locks.

use std::time::Duration;

use crate::store::timeouts::STATEMENT_TIMEOUT;

/// How long a change waits for another one of the same resource, and a request for its duplicate.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(2);

/// How long a statement waits for a lock. Statements of other clients end sooner; for longer locks a call waits
/// between its attempts, without a connection. Until the row is known to be locked, the statement may take any
/// connection, so this is short.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_millis(25);

/// How long the server works on a statement. The server cancels a statement before the wait for its answer ends, so
/// that a slow statement is not taken for a silent server.
pub(super) const SERVER_STATEMENT_TIMEOUT: Duration =
    STATEMENT_TIMEOUT.saturating_sub(Duration::from_millis(500));
