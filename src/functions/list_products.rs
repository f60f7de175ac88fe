//! `ListProducts`: `GET /api/products`.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::Response,
};
use azure_functions_handler::State;

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Parameter, Tag, schema},
    view::{PageView, ProductView},
};
use crate::{
    policy::{Permit, ReadProducts},
    problem::Problem,
    response,
    validation::{PagedList, Query},
};

/// How long clients may cache the list.
const CACHE_POLICY: &str = "private, max-age=60";

/// Lists the products that can be ordered. Callers who may change products also see those that cannot be ordered any
/// more.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#listproducts`.
pub async fn list_products(
    State(app): State<Arc<AppState>>,
    permit: Permit<ReadProducts>,
    query: Query,
) -> Result<Response, Problem> {
    let page = query.page(PagedList::Products, &[])?;
    let listed = app.store.list_products(&permit, &page).await?;
    let page = PageView::of(&listed, ProductView::from, |product| PagedList::Products.cursor(&product.sku));
    let mut answer = response::json(StatusCode::OK, &page);
    response::set_header(&mut answer, header::CACHE_CONTROL, CACHE_POLICY);
    Ok(answer)
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Products, "Lists what can be ordered, by sku.")
        .parameters([Parameter::Limit, Parameter::Cursor(&[PagedList::Products])])
        .cacheable_response(
            CACHE_POLICY,
            StatusCode::OK,
            "A page of products.",
            schema::<PageView<ProductView<'static>>>,
            [],
        )
}
