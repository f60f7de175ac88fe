//! The statements that delete messages whose retention period is over.

/// Deletes at most `$2` rows that are as old as `$1`. They are found by their place: by their keys, the planner would
/// rather read a table of this size from end to end. The place needs the right to read every column.
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

pub(in crate::store::postgres) const PURGE_INBOX: &str = purge!("inbox", "received_at");
pub(in crate::store::postgres) const PURGE_OUTBOX: &str = purge!("outbox", "consumed_at");
