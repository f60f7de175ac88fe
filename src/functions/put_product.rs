//! `PutProduct`: `PUT /api/products/{sku}`.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use azure_functions_handler::{Invocation, Path, State};
use serde_json::json;

use super::{
    app::App,
    description::{Operation, Parameter, Tag, headers::etag, schema},
    json_body::JsonBody,
    view::ProductView,
};
use crate::{
    audit,
    policy::{Permit, WriteProduct},
    problem::Problem,
    response,
    validation::{self, Query, new_product},
};

/// Creates a product, or replaces the version that the caller names.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#putproduct`.
pub async fn put_product(
    State(app): State<Arc<App>>,
    permit: Permit<WriteProduct>,
    Path(sku): Path<String>,
    query: Query,
    headers: HeaderMap,
    invocation: Invocation,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    query.only(&[])?;
    let said = validation::precondition(&headers)?;
    let form = validation::product(&body)?;
    let precondition = said.demanded()?;
    let sku = validation::sku(&sku)?;
    let stamp = app.stamp(&invocation);
    let product = app.store.put_product(&permit, &form.of(sku), precondition, stamp).await?;
    let (status, action) =
        if product.is_new() { (StatusCode::CREATED, "create") } else { (StatusCode::OK, "replace") };
    audit::product_changed(action, &product, permit.actor().kind);
    Ok(response::with_etag(status, &product, &ProductView::from(&product)))
}

/// What the API description says of it.
#[must_use]
pub fn operation() -> Operation {
    let mug = json!({"name": "Mug, 350 ml", "currency": "EUR", "unitPrice": 990, "active": true});
    Operation::new(Tag::Products, "Creates a product, or replaces the version that is named.")
        .taking([Parameter::IfMatchOrNew, Parameter::IfNoneMatch])
        .reading(new_product, mug)
        .giving(StatusCode::OK, "It is replaced.", schema::<ProductView<'static>>, [etag()])
        .giving(StatusCode::CREATED, "It is created.", schema::<ProductView<'static>>, [etag()])
        .refusing([Problem::NotFound, Problem::PreconditionRequired, Problem::Stale])
}
