//! `ProcessOrder`: `POST /api/orders/{id}/process`.

use axum::http::StatusCode;

use super::{App, FULFILMENT_OUTPUT, view::OrderView};
use crate::{
    audit,
    host::{Answer, Call, Output},
    orders::{Action, FulfilmentMessage},
    policy::ProcessOrder,
    problem::Problem,
    reply,
    store::Queued,
    validation::{self, Query},
};

/// Hands an order to fulfilment. Its message leaves with the answer where the entrance can carry it; else its outbox
/// row is due at once, and the next relay sends it.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn process_order(app: &App, call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<ProcessOrder>(&call).await?;
    Query::of(&call.query).only(&[])?;
    let id = validation::order_id(&call)?;
    let stamp = app.stamp(&call.invocation);
    let trace = call.invocation.traceparent.parse().ok();
    let message = FulfilmentMessage::new(id, trace, stamp.at);
    let relay_at = if call.carries_outputs { stamp.at + app.outbox_deadline } else { stamp.at };
    let queued = app.store.queue_order(&permit, &message, relay_at, stamp).await?;
    if let Queued::Now(order) = &queued {
        audit::order_changed(Action::Process, order, permit.actor().kind);
    }
    let (order, outputs) = match queued {
        Queued::Now(order) if call.carries_outputs => {
            let messages = vec![message.encode().into()];
            (order, vec![Output { binding: FULFILMENT_OUTPUT.0, messages }])
        }
        Queued::Now(order) | Queued::Already(order) => (order, Vec::new()),
        Queued::NotFound => return Err(app.out_of_sight(&permit, id)),
        Queued::Conflict => return Err(Problem::Conflict("Only an order that is placed can be processed.")),
    };
    let view = OrderView::of(&order, permit.caller());
    Ok(Answer { outputs, ..reply::versioned(StatusCode::ACCEPTED, &order, &view) })
}
