//! `GetOrder`: `GET /api/orders/{id}`.

use axum::http::StatusCode;

use super::{App, view::OrderView};
use crate::{
    host::{Answer, Call},
    policy::ReadOrder,
    problem::Problem,
    reply,
    validation::{self, Query},
};

/// Shows an order to its creator, and to those whose role reads every order.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn get_order(app: &App, call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<ReadOrder>(&call).await?;
    Query::of(&call.query).only(&[])?;
    let id = validation::order_id(&call)?;
    let order = app.store.read_order(&permit, id).await?.ok_or_else(|| app.out_of_sight(&permit, id))?;
    Ok(reply::versioned(StatusCode::OK, &order, &OrderView::of(&order, permit.caller())))
}
