//! Retention periods: `docs/reference/api.md#retention`.

use chrono::Duration;

/// An idempotency key.
pub(super) const IDEMPOTENCY_KEYS: Duration = Duration::hours(24);
/// A received message.
pub(super) const INBOX: Duration = Duration::days(30);
/// A consumed message.
pub(super) const OUTBOX: Duration = Duration::days(7);
/// A replayed dead letter.
pub(super) const DEAD_LETTERS: Duration = Duration::days(90);
