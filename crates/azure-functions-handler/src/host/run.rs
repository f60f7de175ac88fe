//! Puts a deadline, a panic guard and one log line around an invocation.

use std::{fmt::Display, panic::AssertUnwindSafe, sync::Arc};

use axum_core::{extract::Request, response::Response};
use futures_util::FutureExt;
use http::{StatusCode, request::Parts};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

use super::{
    Answer, Call, Function, OnCall, Refusal,
    answer::{self, Defect, Outputs},
    direct, envelope,
    server::{Entrance, Serving},
};
use crate::{Body, Invocation, PARENT_SPAN_ID, SPAN_ID, event::Event, ids};

/// How an invocation ended.
pub(super) struct Ended {
    /// The status that the handler, or we in its place, gave; within an envelope too.
    pub(super) status: StatusCode,
    /// What goes on the wire.
    pub(super) response: Response,
    /// Whether it is one of many that are counted and have no line of their own.
    pub(super) is_counted: bool,
}

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
    async {
        let Ended { status, response, is_counted } =
            enter(&serving, entrance, started, (id, parts, body)).await;
        let outcome = match status {
            status if status.is_server_error() => "failed",
            status if status.is_client_error() => "refused",
            _ => "ok",
        };
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = status.as_u16();
        if is_counted {
            Event::RequestRefused { trigger, outcome, status, duration_ms }.log();
        } else {
            Event::InvocationEnded { trigger, outcome, status, duration_ms }.log();
        }
        response
    }
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
) -> Ended {
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
    Ended { status: answer.status, response: answer::plain(answer), is_counted }
}

/// Fixes which invocation and which trace this is, for handlers, for the log and for whoever keeps spans.
pub(super) fn begun<A>(
    serving: &Serving<A>,
    (id, function): (Uuid, &'static str),
    traceparent: Option<String>,
) -> Invocation {
    let span = Span::current();
    let ours = match traceparent {
        Some(theirs) if serving.host.spans => {
            span.record(PARENT_SPAN_ID, ids::span_id(&theirs));
            ids::continued(&theirs)
        }
        Some(theirs) => theirs,
        None => ids::new_traceparent(),
    };
    span.record("trace_id", ids::trace_id(&ours));
    if serving.host.spans {
        span.record(SPAN_ID, ids::span_id(&ours));
    }
    Invocation { id, function, traceparent: ours }
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
    let refusal = match guarded(deadline, async { run(app, call).await }).await {
        Err(refusal) => refusal,
        Ok(answer) => match answer::checked(&answer, function.outputs) {
            Ok(outputs) => return (answer, outputs),
            Err(defect) => {
                defective(&defect);
                Refusal::Panicked
            }
        },
    };
    ((serving.host.refuse)(refusal, &invocation), Outputs::new())
}

/// Lets work run until its deadline, and survives its panic.
pub(super) async fn guarded<T>(deadline: Instant, work: impl Future<Output = T>) -> Result<T, Refusal> {
    match timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => {
            Event::HandlerPanicked {}.log();
            Err(Refusal::Panicked)
        }
        Err(_) => Err(Refusal::Late),
    }
}

/// Tells of an answer that cannot travel.
pub(super) fn defective(defect: &Defect) {
    let why = std::error::Error::source(defect);
    Event::AnswerDefective { defect, why: why.as_ref().map(|why| why as &dyn Display) }.log();
}
