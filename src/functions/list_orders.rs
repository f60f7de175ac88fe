//! `ListOrders`: `GET /api/orders`.

use axum::http::StatusCode;

use super::{
    App,
    view::{OrderView, Page},
};
use crate::{
    host::{Answer, Call},
    policy::{ListAllOrders, ListOwnOrders},
    problem::Problem,
    reply,
    validation::{List, Query},
};

/// Lists the caller's own orders, or with `scope=all` those of the caller's tenant.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn list_orders(app: &App, call: Call) -> Result<Answer, Problem> {
    let query = Query::of(&call.query);
    let (list, scope, caller) = if query.value("scope") == Some("all") {
        let permit = app.permit::<ListAllOrders>(&call).await?;
        (List::AllOrders, permit.scope(), permit.caller())
    } else {
        let permit = app.permit::<ListOwnOrders>(&call).await?;
        (List::OwnOrders, permit.scope(), permit.caller())
    };
    let slice = query.slice(list, &["scope"])?;
    if !matches!(query.value("scope"), None | Some("own" | "all")) {
        return Err(Problem::Malformed("scope is own or all."));
    }
    let listed = app.store.list_orders(scope, &slice).await?;
    let page = Page::of(&listed, |order| OrderView::of(order, caller), |order| list.cursor(&order.id));
    Ok(reply::json(StatusCode::OK, &page))
}
