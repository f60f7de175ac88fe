//! `UpdateOrder`: `PUT /api/orders/{id}`.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use azure_functions_handler::{Invocation, Path, State};
use serde_json::json;

use super::{
    app_state::AppState,
    json_body::JsonBody,
    openapi::{OpenApiOperation, Parameter, Tag, headers::etag, schema},
    view::OrderView,
};
use crate::{
    audit,
    orders::{Action, Precondition},
    policy::{ChangeOrder, Permit},
    problem::Problem,
    response,
    validation::{self, Query, changed_order_schema},
};

/// Replaces the contents of an order that is still `placed`, every line at today's price.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#updateorder`.
pub async fn update_order(
    State(app): State<Arc<AppState>>,
    permit: Permit<ChangeOrder>,
    Path(id): Path<String>,
    query: Query,
    headers: HeaderMap,
    invocation: Invocation,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    query.allow_only(&[])?;
    let precondition = validation::parse_if_match(&headers)?;
    let revision = validation::parse_revision(&body)?;
    let id = match (validation::parse_order_id(&id), precondition) {
        (Err(_), Precondition::None) => return Err(Problem::PreconditionRequired),
        (id, _) => id?,
    };
    let context = app.write_context(&invocation);
    let updated = app.store.update_order(&permit, id, &revision, precondition, context).await;
    let order = app.map_write_result(&permit, id, updated)?;
    audit::order_changed(Action::Update, &order, permit.actor().kind);
    Ok(response::with_etag(StatusCode::OK, &order, &OrderView::of(&order, permit.caller())))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    let changed =
        json!({"reference": "PO-18", "lines": [{"sku": "FILTER-250G", "quantity": 3}], "note": null});
    OpenApiOperation::new(Tag::Orders, "Replaces what an order says while it is placed.")
        .parameters([Parameter::IfMatch])
        .request_body(changed_order_schema, changed)
        .response(
            StatusCode::OK,
            "It is changed, every line at today's price.",
            schema::<OrderView<'static>>,
            [etag()],
        )
        .problems([Problem::NotFound, Problem::PreconditionRequired, Problem::Stale, Problem::Conflict("")])
}
