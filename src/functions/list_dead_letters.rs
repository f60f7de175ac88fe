//! `ListDeadLetters`: `GET /api/dead-letters`.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::State;

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Parameter, Tag, schema},
    view::{DeadLetterView, PageView},
};
use crate::{
    policy::{Permit, ReadDeadLetters},
    problem::Problem,
    response,
    validation::{PagedList, Query},
};

/// Lists the messages that could not be carried out, without their payloads.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#listdeadletters`.
pub async fn list_dead_letters(
    State(app): State<Arc<AppState>>,
    permit: Permit<ReadDeadLetters>,
    query: Query,
) -> Result<Response, Problem> {
    let page = query.page(PagedList::DeadLetters, &[])?;
    let listed = app.store.list_dead_letters(&permit, &page).await?;
    let page =
        PageView::of(&listed, DeadLetterView::from, |letter| PagedList::DeadLetters.cursor(&letter.id));
    Ok(response::json(StatusCode::OK, &page))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::DeadLetters, "Lists messages that were given up, the newest first.")
        .parameters([Parameter::Limit, Parameter::Cursor(&[PagedList::DeadLetters])])
        .response(StatusCode::OK, "A page of dead letters.", schema::<PageView<DeadLetterView<'static>>>, [])
}
