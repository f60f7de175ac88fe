//! The document as a whole: the list of functions gives methods and paths, their entries the rest.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::{operation::OpenApiOperation, schemas::Schemas};
use crate::functions::names::ROUTE_PREFIX;

/// The version of the interface, which rises with a change that breaks callers.
const VERSION: &str = "1.0.0";

const DESCRIPTION: &str = "Takes, processes and follows orders. Amounts are whole numbers of the currency's minor unit, \
                     times are UTC, and every refusal is a problem document (RFC 9457) whose `instance` names the \
                     invocation.";

/// An HTTP function, as the document has it.
#[derive(Debug)]
pub(crate) struct HttpFunction<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its methods.
    pub(crate) methods: &'a [Method],
    /// Its route, below the prefix.
    pub(crate) route: &'a str,
    /// The parameters, body and answers of the function.
    pub(crate) operation: OpenApiOperation,
}

/// The document of these functions. Paths leave out the prefix of host.json, which is the server's: an API gateway puts its
/// own before them.
pub(crate) fn document<'a>(functions: impl IntoIterator<Item = HttpFunction<'a>>) -> Value {
    let mut schemas = Schemas::new();
    let paths = paths(functions, &mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": format!("/{ROUTE_PREFIX}")}],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions(),
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "An access token of the tenant for this interface.",
                },
            },
        },
    })
}

fn paths<'a>(functions: impl IntoIterator<Item = HttpFunction<'a>>, schemas: &mut Schemas) -> Value {
    let mut paths = Map::new();
    for HttpFunction { name, methods, route, operation } in functions {
        let path = paths.entry(format!("/{route}")).or_insert_with(|| json!({}));
        for method in methods {
            path[method.as_str().to_lowercase()] = operation.to_openapi(name, route, schemas);
        }
    }
    paths.into()
}
