//! `GetOrderHistory`: `GET /api/orders/{id}/history`.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::{Path, State};

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Parameter, Tag, schema},
    view::{ChangeView, PageView},
};
use crate::{
    policy::{Permit, ReadHistory},
    problem::Problem,
    response,
    validation::{self, HistoryKey, PagedList, Query},
};

/// Shows what happened to an order, newest first, to its creator and to administrators.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#getorderhistory`.
pub async fn get_order_history(
    State(app): State<Arc<AppState>>,
    permit: Permit<ReadHistory>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let page = query.page(PagedList::History, &[])?;
    let id = validation::parse_order_id(&id)?;
    let page = validation::history_page(id, &page)?;
    let listed = app.store.order_history(&permit, id, &page).await?;
    let listed = listed.ok_or_else(|| app.not_found_or_hidden(&permit, id))?;
    let page = PageView::of(&listed, ChangeView::from, |change| {
        PagedList::History.cursor(&HistoryKey { order: id, version: change.version })
    });
    Ok(response::json(StatusCode::OK, &page))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Orders, "Lists what happened to an order, the newest first.")
        .parameters([Parameter::Limit, Parameter::Cursor(&[PagedList::History])])
        .response(StatusCode::OK, "A page of changes.", schema::<PageView<ChangeView>>, [])
        .problems([Problem::NotFound])
}
