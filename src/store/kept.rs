//! How long things are kept that are not kept for good: `docs/reference/api.md#retention`.

use chrono::Duration;

/// A request that its caller named.
pub(super) const KEY: Duration = Duration::hours(24);
/// A message that was received.
pub(super) const INBOX: Duration = Duration::days(30);
/// A message that was consumed.
pub(super) const OUTBOX: Duration = Duration::days(7);
/// A dead letter that was replayed.
pub(super) const DEAD_LETTER: Duration = Duration::days(90);
