//! `ReplayDeadLetter`: `POST /api/dead-letters/{id}/replay`.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::{Invocation, Path, State};

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Tag, schema},
    view::DeadLetterView,
};
use crate::{
    audit,
    policy::{Permit, ResendDeadLetter},
    problem::Problem,
    response,
    validation::{self, Query},
};

/// Sends the message of a dead letter again with the next relay; its reader handles it as a new one. An order that
/// failed with it waits to be fulfilled once more.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#replaydeadletter`.
pub async fn replay_dead_letter(
    State(app): State<Arc<AppState>>,
    permit: Permit<ResendDeadLetter>,
    Path(id): Path<String>,
    query: Query,
    invocation: Invocation,
) -> Result<Response, Problem> {
    query.allow_only(&[])?;
    let id = validation::parse_dead_letter_id(&id)?;
    let letter = app.store.replay_dead_letter(&permit, id, app.write_context(&invocation)).await?;
    audit::dead_letter_replayed(&letter, permit.actor().kind);
    Ok(response::json(StatusCode::ACCEPTED, &DeadLetterView::from(&letter)))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::DeadLetters, "Has a message sent again, once. Needs no body.")
        .response(
            StatusCode::ACCEPTED,
            "It goes out with the next relay.",
            schema::<DeadLetterView<'static>>,
            [],
        )
        .problems([Problem::NotFound, Problem::Conflict("")])
}
