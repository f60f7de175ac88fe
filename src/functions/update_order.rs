//! `UpdateOrder`: `PUT /api/orders/{id}`.

use axum::http::StatusCode;

use super::{App, view::OrderView};
use crate::{
    audit,
    host::{Answer, Call},
    orders::Action,
    policy::UpdateOrder,
    problem::Problem,
    reply,
    store::{Precondition, Updated},
    validation::{self, Query},
};

/// Replaces what an order says while it is still placed, every line at today's price.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn update_order(app: &App, mut call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<UpdateOrder>(&call).await?;
    let body = validation::read(&mut call).await?;
    Query::of(&call.query).only(&[])?;
    let precondition = validation::if_match(&call.headers)?;
    let revision = validation::revision(&body)?;
    let id = match (validation::order_id(&call), precondition) {
        (Err(_), Precondition::None) => return Err(Problem::PreconditionRequired),
        (id, _) => id?,
    };
    let stamp = app.stamp(&call.invocation);
    match app.store.update_order(&permit, id, &revision, precondition, stamp).await? {
        Updated::Now(order) => {
            audit::order_changed(Action::Update, &order, permit.actor().kind);
            Ok(reply::versioned(StatusCode::OK, &order, &OrderView::of(&order, permit.caller())))
        }
        Updated::Refused(lines) => Err(validation::refused_lines(&lines)),
        Updated::PreconditionRequired => Err(Problem::PreconditionRequired),
        Updated::NotFound => Err(app.out_of_sight(&permit, id)),
        Updated::Stale => Err(Problem::Stale),
        Updated::Conflict => Err(Problem::Conflict("Only an order that is placed can be changed.")),
    }
}
