//! The first argument of every handler that identifies its callers: the policy's permit.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use azure_functions_handler::{CallerId, Path, Refused, Slot};
use serde::Deserialize;
use uuid::Uuid;

use super::app_state::AppState;
use crate::{
    audit::DeniedCaller,
    orders::{OrderId, Owner},
    policy::{Action, Permit},
    problem::Problem,
};

/// Authenticates the caller, asks the policy whether the caller may take action `A`, and counts the call against the
/// rate limit, in this sequence.
///
/// Fails with `unauthenticated`, also in a process that cannot authenticate; with `unavailable`, while the issuer's
/// keys are missing; with `forbidden` or `insufficient-scope`; or with `rate-limited`. Each refusal gets an audit
/// line.
impl<A: Action> FromRequestParts<Arc<AppState>> for Permit<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Problem> {
        let permit = permit(parts, app).await;
        let refused = match &permit {
            Err(Problem::RateLimited(_)) => Some(Refused::Rate),
            Err(Problem::Overloaded) => Some(Refused::KeyWait),
            _ => None,
        };
        if let Some(refused) = refused {
            app.concurrency.count(refused);
        }
        permit
    }
}

async fn permit<A: Action>(parts: &mut Parts, app: &Arc<AppState>) -> Result<Permit<A>, Problem> {
    let order = if A::concerns_orders() { order_in_path(parts, app).await } else { None };
    let Slot(slot) = Slot::from_request_parts(parts, app).await.map_err(|_| Problem::Internal)?;
    let identity = app.identity.as_ref().ok_or(Problem::Unauthenticated)?;
    let caller = identity.authenticate(&parts.headers, app.clock.now()).await.inspect_err(|refused| {
        app.record_denial(DeniedCaller::Anonymous, refused.reason(), order, refused.is_identity_mismatch());
    })?;
    let denied_caller = DeniedCaller::Authenticated { owner: caller.owner(), kind: caller.kind() };
    let permit = caller.permit::<A>();
    let Owner { tenant, object } = caller.owner();
    let has_room = slot.identify(CallerId { tenant, object });
    // A call that the policy refuses also counts against the rate limit, and is refused as before when the limit is
    // reached.
    let admitted = app.check_rate_limit(caller.owner());
    let permit =
        permit.inspect_err(|denied| app.record_denial(denied_caller, denied.reason(), order, false))?;
    has_room.map_err(|_| Problem::TooManyConcurrent).and(admitted).inspect_err(|problem| {
        let reason = if *problem == Problem::TooManyConcurrent { "too-many-running" } else { "rate-limited" };
        app.record_denial(denied_caller, reason, order, false);
    })?;
    Ok(permit)
}

/// The parameter of a route that may name an order.
#[derive(Deserialize)]
struct OrderPath {
    id: Option<String>,
}

/// The order that the path names.
async fn order_in_path(parts: &mut Parts, app: &Arc<AppState>) -> Option<Uuid> {
    let Path(OrderPath { id }) = Path::from_request_parts(parts, app).await.ok()?;
    id?.parse().ok().map(OrderId::uuid)
}
