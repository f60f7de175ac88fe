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

/// Lists the caller's own orders, or with `scope=all` everybody's.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn list_orders(app: &App, call: Call) -> Result<Answer, Problem> {
    let caller = app.caller(&call.headers).await?;
    let query = Query::of(&call.query);
    let (list, sight) = if query.value("scope") == Some("all") {
        (List::AllOrders, caller.permit::<ListAllOrders>()?.sight())
    } else {
        (List::OwnOrders, caller.permit::<ListOwnOrders>()?.sight())
    };
    let slice = query.slice(list, &["scope"])?;
    if !matches!(query.value("scope"), None | Some("own" | "all")) {
        return Err(Problem::Malformed("scope is own or all."));
    }
    let listed = app.store.list_orders(sight, &slice).await?;
    let page =
        Page::of(&listed, |order| OrderView::of(order, caller.owner()), |order| list.cursor(&order.id));
    Ok(reply::json(StatusCode::OK, &page))
}
