//! Leads a request to its function, with one span and one line of log around it.

use std::sync::Arc;

use axum_core::{extract::Request, response::Response};
use http::request::Parts;
use tokio::time::Instant;
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

use super::{
    Answer, Call, Function, OnCall, Refusal,
    answer::{self, Outputs},
    direct, envelope,
    server::{Entrance, Serving},
};
use crate::{
    Body, Invocation, ids, invocation,
    outcome::{CutShort, Outcome, log_defect, with_deadline},
};

/// Leads a request to its entrance and logs how it ended. No path, query, header or body is ever logged.
pub(super) async fn invocation<A: Send + Sync + 'static>(
    serving: Arc<Serving<A>>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let (parts, wire) = request.into_parts();
    let body = Body::arriving(&parts.headers, wire, serving.host.limits.body);
    let id = ids::invocation_id(&parts.headers);
    let entrance = serving.entrance(&parts);
    let (function, trigger) = entrance.names();
    let span = span(id, function);
    async { enter(&serving, entrance, started, (id, parts, body)).await.log(trigger, started) }
        .instrument(span)
        .await
}

/// The log span of an invocation.
pub(super) fn span(id: Uuid, function: &'static str) -> Span {
    tracing::info_span!(
        "invocation",
        invocation_id = %id,
        function,
        trace_id = Empty,
        span_id = Empty,
        parent_span_id = Empty,
        tenant_id = Empty,
        object_id = Empty,
        caller_kind = Empty,
        denied = Empty,
    )
}

async fn enter<A: Send + Sync + 'static>(
    serving: &Serving<A>,
    entrance: Entrance<'_, A>,
    started: Instant,
    (id, parts, body): (Uuid, Parts, Body),
) -> Outcome {
    let name = entrance.names().0;
    let refusal = match entrance {
        Entrance::Nowhere => Refusal::NotFound,
        Entrance::Direct(function, run, params) => match serving.host.concurrency.try_direct() {
            // Held here too, so that a place is never free before its answer is made.
            Some(slot) => {
                let slot = Arc::new(slot);
                let of_call = Arc::clone(&slot);
                return direct::call(serving, function, run, params, of_call, (id, parts, body)).await;
            }
            None => Refusal::Busy,
        },
        Entrance::Envelope(function) => {
            let whole_by = started + serving.host.limits.body;
            return match serving.host.concurrency.envelope(whole_by).await {
                Some(slot) => envelope::call(serving, function, slot, whole_by, (id, parts, body)).await,
                None => envelope::busy(serving, function, (id, &parts)),
            };
        }
    };
    let invocation = begun(serving, (id, name), ids::traceparent(&parts.headers));
    let answer = (serving.host.refuse)(refusal, &invocation);
    let is_counted = refusal == Refusal::Busy;
    Outcome { is_counted, ..Outcome::of(answer::plain(answer)) }
}

/// Fixes which invocation and which trace this is, for handlers, for the log and for whoever keeps spans.
pub(super) fn begun<A>(
    serving: &Serving<A>,
    (id, function): (Uuid, &'static str),
    traceparent: Option<String>,
) -> Invocation {
    invocation::start(id, function, traceparent, serving.host.spans)
}

/// Runs an HTTP handler; always gives an answer that can travel, with its messages.
pub(super) async fn answered<A>(
    serving: &Serving<A>,
    function: &Function<A>,
    run: OnCall<A>,
    call: Call,
    deadline: Instant,
) -> (Answer, Outputs) {
    let invocation = call.invocation.clone();
    let app = Arc::clone(&serving.host.app);
    let refusal = match with_deadline(deadline, async { run(app, call).await }).await {
        Err(cut) => cut.into(),
        Ok(answer) => match answer::checked(&answer, function.outputs) {
            Ok(outputs) => return (answer, outputs),
            Err(defect) => {
                log_defect(&defect);
                Refusal::Panicked
            }
        },
    };
    ((serving.host.refuse)(refusal, &invocation), Outputs::new())
}

impl From<CutShort> for Refusal {
    fn from(cut: CutShort) -> Self {
        match cut {
            CutShort::Panic => Self::Panicked,
            CutShort::Deadline => Self::Late,
        }
    }
}
