//! `GetOrder`: `GET /api/orders/{id}`.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::{Path, State};

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Tag, headers::etag, schema},
    view::OrderView,
};
use crate::{
    policy::{Permit, ReadOrder},
    problem::Problem,
    response,
    validation::{self, Query},
};

/// Shows an order to its creator, and to those whose role reads every order.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#getorder`.
pub async fn get_order(
    State(app): State<Arc<AppState>>,
    permit: Permit<ReadOrder>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    query.allow_only(&[])?;
    let id = validation::parse_order_id(&id)?;
    let order =
        app.store.read_order(&permit, id).await?.ok_or_else(|| app.not_found_or_hidden(&permit, id))?;
    Ok(response::with_etag(StatusCode::OK, &order, &OrderView::of(&order, permit.caller())))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Orders, "Shows an order to its creator, and to those who work on it.")
        .response(StatusCode::OK, "The order.", schema::<OrderView<'static>>, [etag()])
        .problems([Problem::NotFound])
}
