//! `ApiDescription`: `GET /api/openapi.json`.

use std::{borrow::Cow, sync::Arc};

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::State;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Tag, schema},
};
use crate::{problem::Problem, response, validation::Query};

/// Serves the OpenAPI 3.1 document of the HTTP functions, unless the deployment turns that off. Asks no caller who
/// they are.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#apidescription`.
pub async fn api_description(State(app): State<Arc<AppState>>, query: Query) -> Result<Response, Problem> {
    let openapi_document = app.openapi_document.ok_or(Problem::NotFound)?;
    query.allow_only(&[])?;
    Ok(response::json_bytes(StatusCode::OK, openapi_document()))
}

/// An OpenAPI document.
enum OpenApiDocument {}

impl JsonSchema for OpenApiDocument {
    fn schema_name() -> Cow<'static, str> {
        "Description".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An OpenAPI document.",
            "type": "object",
            "properties": {"openapi": {"type": "string", "enum": ["3.1.0"]}},
            "required": ["openapi", "info", "paths", "components"],
        })
    }
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Service, "Gives this document.")
        .requires_token()
        .response(StatusCode::OK, "This document.", schema::<OpenApiDocument>, [])
        .problems([Problem::NotFound])
}
