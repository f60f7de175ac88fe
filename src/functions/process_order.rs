//! `ProcessOrder`: `POST /api/orders/{id}/process`.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::{CarriesOutputs, Invocation, Outputs, Path, State};

use super::{
    app_state::AppState,
    names::FULFILMENT_OUTPUT,
    openapi::{OpenApiOperation, Tag, headers::etag, schema},
    view::OrderView,
};
use crate::{
    audit,
    orders::{Action, FulfilmentMessage},
    policy::{Permit, QueueOrder},
    problem::Problem,
    response,
    store::Change,
    validation::{self, Query},
};

/// Hands an order to fulfilment. If the call came in an envelope, its message leaves with the answer. If the call came
/// directly, the message's outbox row is due at once, and the next relay sends it.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#processorder`.
pub async fn process_order(
    State(app): State<Arc<AppState>>,
    permit: Permit<QueueOrder>,
    Path(id): Path<String>,
    query: Query,
    invocation: Invocation,
    CarriesOutputs(carries_outputs): CarriesOutputs,
) -> Result<(Outputs, Response), Problem> {
    query.allow_only(&[])?;
    let id = validation::parse_order_id(&id)?;
    let context = app.write_context(&invocation);
    let trace = Some(invocation.trace.clone());
    let message = FulfilmentMessage::new(id, trace, context.at);
    let relay_at = if carries_outputs { context.at + app.outbox_deadline } else { context.at };
    let queued = app.store.queue_order(&permit, &message, relay_at, context).await;
    let change = app.map_write_result(&permit, id, queued)?;
    let mut outputs = Outputs::new();
    if let Change::Done(order) = &change {
        audit::order_changed(Action::Process, order, permit.actor().kind);
        if carries_outputs {
            outputs = outputs.message(FULFILMENT_OUTPUT.binding, message.encode());
        }
    }
    let order = change.into_inner();
    let view = OrderView::of(&order, permit.caller());
    Ok((outputs, response::with_etag(StatusCode::ACCEPTED, &order, &view)))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Orders, "Hands an order to fulfilment. Needs no body.")
        .response(
            StatusCode::ACCEPTED,
            "It is queued, perhaps since long.",
            schema::<OrderView<'static>>,
            [etag()],
        )
        // An envelope has a size limit, whether or not the function reads the body that the host puts into it.
        .problems([Problem::NotFound, Problem::Conflict(""), Problem::TooLarge])
}
