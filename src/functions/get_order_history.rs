//! `GetOrderHistory`: `GET /api/orders/{id}/history`.

use axum::http::StatusCode;

use super::{
    App,
    view::{ChangeView, Page},
};
use crate::{
    host::{Answer, Call},
    policy::ReadHistory,
    problem::Problem,
    reply,
    validation::{self, List, Query},
};

/// Shows what happened to an order, newest first, to its creator and to administrators.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn get_order_history(app: &App, call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<ReadHistory>(&call).await?;
    let slice = Query::of(&call.query).slice(List::History, &[])?;
    let id = validation::order_id(&call)?;
    let slice = validation::history_of(id, &slice)?;
    let listed = app.store.order_history(&permit, id, &slice).await?;
    let listed = listed.ok_or_else(|| app.out_of_sight(&permit, id))?;
    let page = Page::of(&listed, ChangeView::from, |change| List::History.cursor(&(id, change.version)));
    Ok(reply::json(StatusCode::OK, &page))
}
