//! `CreateOrder`: `POST /api/orders`.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::Response,
};
use azure_functions_handler::{Invocation, State};
use serde_json::json;

use super::{
    app_state::AppState,
    json_body::JsonBody,
    names::ROUTE_PREFIX,
    openapi::{
        OpenApiOperation, Parameter, Tag,
        headers::{etag, location, replayed},
        schema,
    },
    view::OrderView,
};
use crate::{
    audit,
    orders::{Action, OrderId},
    policy::{Permit, PlaceOrder},
    problem::Problem,
    response,
    store::Change,
    validation::{self, Query, new_order_schema},
};

/// The response header that marks an answer as replayed for an idempotency key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Stores a new order of the caller's, at the prices of the product table. With an `Idempotency-Key` it does so once:
/// the same request again gets the same answer.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#createorder`.
pub async fn create_order(
    State(app): State<Arc<AppState>>,
    permit: Permit<PlaceOrder>,
    query: Query,
    headers: HeaderMap,
    invocation: Invocation,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    query.allow_only(&[])?;
    let key = validation::parse_idempotency_key(&headers)?;
    let draft = validation::parse_order(&body)?;
    let context = app.write_context(&invocation);
    let id = OrderId::new(context.at);
    let change = app.store.place_order(&permit, id, &draft, key.as_ref(), context).await?;
    let is_replayed = matches!(change, Change::Unchanged(_));
    let order = change.into_inner();
    if !is_replayed {
        audit::order_changed(Action::Place, &order, permit.actor().kind);
    }
    let view = OrderView::of(&order, permit.caller());
    let mut answer = response::with_etag(StatusCode::CREATED, &order, &view);
    response::set_header(&mut answer, header::LOCATION, &format!("/{ROUTE_PREFIX}/orders/{}", order.id));
    if is_replayed {
        response::set_header(&mut answer, REPLAYED, "true");
    }
    Ok(answer)
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    let wanted = json!({
        "reference": "PO-17", "currency": "EUR", "lines": [{"sku": "ESPRESSO-1KG", "quantity": 2}],
        "note": "ring twice",
    });
    OpenApiOperation::new(Tag::Orders, "Places an order at the prices of the product table.")
        .parameters([Parameter::IdempotencyKey])
        .request_body(new_order_schema, wanted)
        .response(
            StatusCode::CREATED,
            "It is placed.",
            schema::<OrderView<'static>>,
            [etag(), location(), replayed()],
        )
        .problems([Problem::InProgress, Problem::KeyReused])
}
