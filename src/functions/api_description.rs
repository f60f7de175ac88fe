//! `ApiDescription`: `GET /api/openapi.json`.

use axum::http::StatusCode;

use super::App;
use crate::{
    host::{Answer, Call},
    problem::Problem,
    reply,
    validation::Query,
};

mod document;
mod headers;
mod operation;
mod operations;
mod parameters;

#[cfg(test)]
mod tests;

/// Describes the HTTP functions as OpenAPI 3.1, unless the deployment keeps that to itself. Asks nobody who they are.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn api_description(app: &App, call: Call) -> Result<Answer, Problem> {
    if !app.described {
        return Err(Problem::NotFound);
    }
    Query::of(&call.query).only(&[])?;
    Ok(reply::text(StatusCode::OK, document::bytes()))
}
