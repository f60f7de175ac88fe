//! `ListProducts`: `GET /api/products`.

use axum::http::{StatusCode, header};

use super::{
    App,
    view::{Page, ProductView},
};
use crate::{
    host::{Answer, Call},
    policy::ListProducts,
    problem::Problem,
    reply,
    validation::{List, Query},
};

/// Lists what can be ordered; whoever keeps the table also sees what cannot be ordered any more.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn list_products(app: &App, call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<ListProducts>(&call).await?;
    let slice = Query::of(&call.query).slice(List::Products, &[])?;
    let listed = app.store.list_products(&permit, &slice).await?;
    let page = Page::of(&listed, ProductView::from, |product| List::Products.cursor(&product.sku));
    let mut answer = reply::json(StatusCode::OK, &page);
    reply::set(&mut answer, header::CACHE_CONTROL, "private, max-age=60");
    Ok(answer)
}
