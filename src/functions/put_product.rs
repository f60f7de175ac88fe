//! `PutProduct`: `PUT /api/products/{sku}`.

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
    view::ProductView,
};
use crate::{
    audit,
    policy::{Permit, WriteProduct},
    problem::Problem,
    response,
    validation::{self, Query, new_product_schema},
};

/// Creates a product, or replaces the version that the caller names.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#putproduct`.
pub async fn put_product(
    State(app): State<Arc<AppState>>,
    permit: Permit<WriteProduct>,
    Path(sku): Path<String>,
    query: Query,
    headers: HeaderMap,
    invocation: Invocation,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    query.allow_only(&[])?;
    let requested = validation::parse_precondition(&headers)?;
    let form = validation::parse_product(&body)?;
    let precondition = requested.require()?;
    let sku = validation::parse_sku(&sku)?;
    let context = app.write_context(&invocation);
    let product = app.store.put_product(&permit, &form.with_sku(sku), precondition, context).await?;
    let (status, action) =
        if product.is_new() { (StatusCode::CREATED, "create") } else { (StatusCode::OK, "replace") };
    audit::product_changed(action, &product, permit.actor().kind);
    Ok(response::with_etag(status, &product, &ProductView::from(&product)))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    let mug = json!({"name": "Mug, 350 ml", "currency": "EUR", "unitPrice": 990, "active": true});
    OpenApiOperation::new(Tag::Products, "Creates a product, or replaces the version that is named.")
        .parameters([Parameter::OptionalIfMatch, Parameter::IfNoneMatch])
        .request_body(new_product_schema, mug)
        .response(StatusCode::OK, "It is replaced.", schema::<ProductView<'static>>, [etag()])
        .response(StatusCode::CREATED, "It is created.", schema::<ProductView<'static>>, [etag()])
        .problems([Problem::NotFound, Problem::PreconditionRequired, Problem::Stale])
}
