//! `Health`: `GET /api/health`.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Tag, schema},
};
use crate::{problem::Problem, response, validation::Query};

/// Whether the functions can do their work.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Health")]
pub struct HealthView {
    status: HealthWord,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
#[serde(rename_all = "lowercase")]
enum HealthWord {
    Ok,
    Degraded,
}

/// Says whether the database does what the functions need, from the last probe and the last calls: no I/O in the call, no
/// identity, no versions.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#health`.
pub async fn health(State(app): State<Arc<AppState>>, query: Query) -> Result<Response, Problem> {
    query.allow_only(&[])?;
    let (code, status) = if app.health.is_healthy() {
        (StatusCode::OK, HealthWord::Ok)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, HealthWord::Degraded)
    };
    Ok(response::json(code, &HealthView { status }))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Service, "Says whether the functions can do their work.")
        .response(StatusCode::OK, "They answer.", schema::<HealthView>, [])
        .response(
            StatusCode::SERVICE_UNAVAILABLE,
            "They do not, or the worker is busy.",
            schema::<HealthView>,
            [],
        )
}
