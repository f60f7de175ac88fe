//! The direct entrance: a real HTTP request on its real path.

use std::sync::Arc;

use http::request::Parts;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Call, Function, OnCall, answer, run, server::Serving};
use crate::{Body, RequestSlot, event::Event, ids, outcome::Outcome};

/// Runs one invocation and answers with what its handler gave back. Messages cannot leave this way.
pub(super) async fn call<A: Send + Sync + 'static>(
    serving: &Serving<A>,
    function: &Function<A>,
    run: OnCall<A>,
    params: Vec<(&'static str, String)>,
    slot: Arc<RequestSlot>,
    (id, parts, body): (Uuid, Parts, Body),
) -> Outcome {
    let deadline = Instant::now() + serving.host.limits.http;
    let invocation = run::begun(serving, (id, function.name), ids::traceparent(&parts.headers));
    let call = Call {
        invocation,
        method: parts.method,
        params,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        slot,
        carries_outputs: false,
    };
    let (answer, messages) = run::answered(serving, function, run, call, deadline).await;
    if !messages.is_empty() {
        Event::MessagesDropped {}.log();
    }
    Outcome::of(answer::plain(answer))
}
