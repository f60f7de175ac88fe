//! `CreateOrder`: `POST /api/orders`.

use axum::http::{StatusCode, header};

use super::{App, PREFIX, view::OrderView};
use crate::{
    host::{Answer, Call},
    orders::OrderId,
    policy::PlaceOrder,
    problem::Problem,
    reply,
    store::Placed,
    validation::{self, Query},
};

/// Keeps a new order of the caller's, at the prices of the product table.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn create_order(app: &App, mut call: Call) -> Result<Answer, Problem> {
    let permit = app.caller(&call.headers)?.permit::<PlaceOrder>()?;
    let body = validation::read(&mut call).await?;
    Query::of(&call.query).only(&[])?;
    let draft = validation::order(&body)?;
    let stamp = app.stamp(&call.invocation);
    match app.store.place_order(&permit, OrderId::new(stamp.at), &draft, stamp).await? {
        Placed::Refused(lines) => Err(validation::refused_lines(&lines)),
        Placed::Placed(order) => {
            let view = OrderView::of(&order, permit.caller());
            let mut answer = reply::versioned(StatusCode::CREATED, &order, &view);
            reply::set(&mut answer, header::LOCATION, &format!("/{PREFIX}/orders/{}", order.id));
            Ok(answer)
        }
    }
}
