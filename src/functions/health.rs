//! `Health`: `GET /api/health`.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::App;
use crate::{
    host::{Answer, Call},
    problem::Problem,
    reply,
    validation::Query,
};

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
/// Every [`Problem`] that contract §3 names for it.
pub async fn health(app: &App, call: Call) -> Result<Answer, Problem> {
    Query::of(&call.query).only(&[])?;
    let (code, status) = if app.health.works() {
        (StatusCode::OK, HealthWord::Ok)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, HealthWord::Degraded)
    };
    Ok(reply::json(code, &HealthView { status }))
}
