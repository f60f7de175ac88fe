//! `PutProduct`: `PUT /api/products/{sku}`.

use axum::http::StatusCode;

use super::{App, view::ProductView};
use crate::{
    audit,
    host::{Answer, Call},
    policy::PutProduct,
    problem::Problem,
    reply,
    store::ProductWritten,
    validation::{self, Query},
};

/// Creates a product, or replaces the version that the caller names.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn put_product(app: &App, mut call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<PutProduct>(&call).await?;
    let body = validation::read(&mut call).await?;
    Query::of(&call.query).only(&[])?;
    let said = validation::precondition(&call.headers)?;
    let form = validation::product(&body)?;
    let precondition = said.demanded()?;
    let sku = validation::sku(&call)?;
    let stamp = app.stamp(&call.invocation);
    let (status, product) = match app.store.put_product(&permit, &form.of(sku), precondition, stamp).await? {
        ProductWritten::Created(product) => (StatusCode::CREATED, product),
        ProductWritten::Replaced(product) => (StatusCode::OK, product),
        ProductWritten::PreconditionRequired => return Err(Problem::PreconditionRequired),
        ProductWritten::NotFound => return Err(Problem::NotFound),
        ProductWritten::Stale => return Err(Problem::Stale),
    };
    let action = if status == StatusCode::CREATED { "create" } else { "replace" };
    audit::product_changed(action, &product, permit.actor().kind);
    Ok(reply::versioned(status, &product, &ProductView::from(&product)))
}
