//! Messages that were received.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    orders::Digest,
    store::{WriteContext, sql},
};

/// Stores a message's id, with its content where the id alone does not identify it; false when it was received before.
pub(super) async fn receive(
    connection: &mut SqliteConnection,
    binding: &str,
    message_id: Uuid,
    digest: Option<&Digest>,
    context: WriteContext,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(sql::RECEIVE_MESSAGE)
        .bind(binding)
        .bind(message_id.to_string())
        .bind(context.at.timestamp_micros())
        .bind(digest.map(Digest::to_string))
        .execute(connection)
        .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The content of a message that was received before.
pub(super) async fn content(
    connection: &mut SqliteConnection,
    binding: &str,
    message_id: Uuid,
) -> Result<Option<String>, sqlx::Error> {
    let found: Option<Option<String>> = sqlx::query_scalar(sql::RECEIVED_CONTENT)
        .bind(binding)
        .bind(message_id.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.map(Option::unwrap_or_default))
}
