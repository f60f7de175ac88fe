//! `CancelOrder`: `POST /api/orders/{id}/cancel`.

use axum::http::StatusCode;

use super::{App, view::OrderView};
use crate::{
    audit,
    host::{Answer, Call},
    orders::Action,
    policy::CancelOrder,
    problem::Problem,
    reply,
    store::Cancelled,
    validation::{self, Query},
};

/// Takes an order back while it is still placed; one that was taken back stays so. A body or a precondition is not
/// looked at: taking back means the same whatever the version.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn cancel_order(app: &App, call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<CancelOrder>(&call).await?;
    Query::of(&call.query).only(&[])?;
    let id = validation::order_id(&call)?;
    let order = match app.store.cancel_order(&permit, id, app.stamp(&call.invocation)).await? {
        Cancelled::Now(order) => {
            audit::order_changed(Action::Cancel, &order, permit.actor().kind);
            order
        }
        Cancelled::Already(order) => order,
        Cancelled::NotFound => return Err(app.out_of_sight(&permit, id)),
        Cancelled::Conflict => {
            return Err(Problem::Conflict("Only an order that is placed can be cancelled."));
        }
    };
    Ok(reply::versioned(StatusCode::OK, &order, &OrderView::of(&order, permit.caller())))
}
