//! `CancelOrder`: `POST /api/orders/{id}/cancel`.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::{Invocation, Path, State};

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Tag, headers::etag, schema},
    view::OrderView,
};
use crate::{
    audit,
    orders::Action,
    policy::{Permit, WithdrawOrder},
    problem::Problem,
    response,
    store::Change,
    validation::{self, Query},
};

/// Cancels an order that is still `placed`; an order that is cancelled already stays so. A body or a precondition is
/// ignored: cancelling means the same for every version of the order.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#cancelorder`.
pub async fn cancel_order(
    State(app): State<Arc<AppState>>,
    permit: Permit<WithdrawOrder>,
    Path(id): Path<String>,
    query: Query,
    invocation: Invocation,
) -> Result<Response, Problem> {
    query.allow_only(&[])?;
    let id = validation::parse_order_id(&id)?;
    let cancelled = app.store.cancel_order(&permit, id, app.write_context(&invocation)).await;
    let change = app.map_write_result(&permit, id, cancelled)?;
    if let Change::Done(order) = &change {
        audit::order_changed(Action::Cancel, order, permit.actor().kind);
    }
    let order = change.into_inner();
    Ok(response::with_etag(StatusCode::OK, &order, &OrderView::of(&order, permit.caller())))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Orders, "Takes an order back while it is placed. Needs no body.")
        .response(
            StatusCode::OK,
            "It is cancelled, perhaps since long.",
            schema::<OrderView<'static>>,
            [etag()],
        )
        .problems([Problem::NotFound, Problem::Conflict("")])
}
