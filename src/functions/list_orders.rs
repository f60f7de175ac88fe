//! `ListOrders`: `GET /api/orders`.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use azure_functions_handler::State;

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Parameter, Tag, schema},
    view::{OrderView, PageView},
};
use crate::{
    policy::{ListAllOrders, ListOwnOrders, Permit},
    problem::Problem,
    response,
    validation::{PagedList, Query},
};

/// The permit for the orders that the query asks for.
#[derive(Debug)]
pub enum OrdersPermit {
    /// The caller's own orders.
    Own(Permit<ListOwnOrders>),
    /// All orders of the caller's tenant, with `scope=all`.
    All(Permit<ListAllOrders>),
}

impl FromRequestParts<Arc<AppState>> for OrdersPermit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Problem> {
        if Query::parse(parts.uri.query().unwrap_or_default()).value("scope") == Some("all") {
            Permit::from_request_parts(parts, app).await.map(Self::All)
        } else {
            Permit::from_request_parts(parts, app).await.map(Self::Own)
        }
    }
}

/// Lists the caller's own orders, or with `scope=all` those of the caller's tenant.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#listorders`.
pub async fn list_orders(
    State(app): State<Arc<AppState>>,
    permit: OrdersPermit,
    query: Query,
) -> Result<Response, Problem> {
    let (list, scope, caller) = match permit {
        OrdersPermit::All(permit) => (PagedList::AllOrders, permit.scope(), permit.caller()),
        OrdersPermit::Own(permit) => (PagedList::OwnOrders, permit.scope(), permit.caller()),
    };
    let page = query.page(list, &["scope"])?;
    if !matches!(query.value("scope"), None | Some("own" | "all")) {
        return Err(Problem::Malformed("`scope` must be `own` or `all`."));
    }
    let listed = app.store.list_orders(scope, &page).await?;
    let page = PageView::of(&listed, |order| OrderView::of(order, caller), |order| list.cursor(&order.id));
    Ok(response::json(StatusCode::OK, &page))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Orders, "Lists orders, the newest first.")
        .parameters([
            Parameter::Limit,
            Parameter::Cursor(&[PagedList::OwnOrders, PagedList::AllOrders]),
            Parameter::Scope,
        ])
        .response(StatusCode::OK, "A page of orders.", schema::<PageView<OrderView<'static>>>, [])
}
