//! `CreateOrder`: `POST /api/orders`.

use axum::http::{HeaderName, StatusCode, header};

use super::{App, PREFIX, view::OrderView};
use crate::{
    audit,
    host::{Answer, Call},
    orders::{Action, Order, OrderId},
    policy::PlaceOrder,
    problem::Problem,
    reply,
    store::Placed,
    validation::{self, Query},
};

/// Says that the answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Keeps a new order of the caller's, at the prices of the product table; with an `Idempotency-Key` once, and the same
/// request again gets the same answer again.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn create_order(app: &App, mut call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<PlaceOrder>(&call).await?;
    let body = validation::read(&mut call).await?;
    Query::of(&call.query).only(&[])?;
    let key = validation::request_key(&call.headers)?;
    let draft = validation::order(&body)?;
    let stamp = app.stamp(&call.invocation);
    let created = |order: &Order| {
        let mut answer = reply::versioned(StatusCode::CREATED, order, &OrderView::of(order, permit.caller()));
        reply::set(&mut answer, header::LOCATION, &format!("/{PREFIX}/orders/{}", order.id));
        answer
    };
    match app.store.place_order(&permit, OrderId::new(stamp.at), &draft, key.as_ref(), stamp).await? {
        Placed::Placed(order) => {
            audit::order_changed(Action::Place, &order, permit.actor().kind);
            Ok(created(&order))
        }
        Placed::Again(order) => {
            let mut answer = created(&order);
            reply::set(&mut answer, REPLAYED, "true");
            Ok(answer)
        }
        Placed::KeyReused => Err(Problem::KeyReused),
        Placed::Twin => Err(Problem::Twin),
        Placed::Refused(lines) => Err(validation::refused_lines(&lines)),
    }
}
