//! The body of a request, where a function takes one.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use azure_functions_handler::{Body, Bytes, Refused};

use super::app_state::AppState;
use crate::{problem::Problem, validation};

/// A body whose content type is JSON and that is not empty; it is not parsed yet.
///
/// Fails with `media-type`, then `too-large`, `body-timeout` or `malformed`, then `body-missing`.
#[derive(Debug)]
pub struct JsonBody(pub Bytes);

impl FromRequest<Arc<AppState>> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<AppState>) -> Result<Self, Problem> {
        validation::require_json(request.headers())?;
        let body = Body::from_request(request, app).await.map_err(|_| Problem::Internal)?;
        let body = validation::read_body(body).await.inspect_err(|problem| {
            if *problem == Problem::BodyTimeout {
                app.concurrency.count(Refused::SlowBody);
            }
        })?;
        Ok(Self(body))
    }
}
