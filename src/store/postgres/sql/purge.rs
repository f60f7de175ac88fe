//! The statements that delete rows whose retention period is over.

/// Deletes at most `$2` rows that are as old as `$1`. They are found by their place: by their keys, the planner would
/// rather read a table of this size from end to end.
macro_rules! purge {
    ($table:literal, $time:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ctid = ANY (ARRAY(SELECT ctid FROM ",
            $table,
            " WHERE ",
            $time,
            " <= $1 LIMIT $2))"
        )
    };
}

pub(in crate::store::postgres) const PURGE_KEYS: &str = purge!("idempotency_keys", "created_at");
pub(in crate::store::postgres) const PURGE_INBOX: &str = purge!("inbox", "received_at");
pub(in crate::store::postgres) const PURGE_OUTBOX: &str = purge!("outbox", "consumed_at");
pub(in crate::store::postgres) const PURGE_DEAD_LETTERS: &str = purge!("dead_letters", "replayed_at");
