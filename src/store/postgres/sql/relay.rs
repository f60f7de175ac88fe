//! What takes messages of the outbox.

use crate::store::sql::is_due;

/// The waits are those of the other engine; rows that another relay is taking are left to it.
pub(in crate::store::postgres) const TAKE_DUE: &str = concat!(
    "WITH candidates AS (
         SELECT message_id, created_at, length(payload) AS bytes FROM outbox
         WHERE consumed_at IS NULL AND created_at >= $8 AND binding <> $7 AND ",
    is_due!(),
    " ORDER BY created_at, message_id LIMIT $4 FOR UPDATE SKIP LOCKED
     ), sized AS (
         SELECT message_id, bytes, sum(bytes) OVER (ORDER BY created_at, message_id) AS total FROM candidates
     )
     UPDATE outbox
     SET due_at = $1 + CASE WHEN sent > 12 OR ($2 << sent) > $3 THEN $3 ELSE $2 << sent END, sent = sent + 1
     FROM sized WHERE outbox.message_id = sized.message_id AND total - bytes < $9
     RETURNING outbox.message_id, binding, payload, created_at",
);
