//! The document as a whole: the list of functions gives methods and paths, their entries the rest.

use std::sync::LazyLock;

use bytes::Bytes;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{operation::Operation, operations::operations};
use crate::{
    functions::{self, PREFIX},
    host::Trigger,
};

/// Rises when the interface breaks its callers.
const VERSION: &str = "1.0.0";

const ABOUT: &str = "Takes, processes and follows orders. Amounts are whole numbers of the currency's minor unit, \
                     times are UTC, and every refusal is a problem document (RFC 9457) whose `instance` names the \
                     invocation.";

/// The document, written once for the process.
pub(super) fn bytes() -> Bytes {
    static WRITTEN: LazyLock<Bytes> = LazyLock::new(|| format!("{:#}\n", document()).into());
    WRITTEN.clone()
}

/// The document. Paths leave out the prefix of host.json, which is the server's: an API gateway puts its own before
/// them.
pub(super) fn document() -> Value {
    let mut schemas = Schemas::new();
    let paths = paths(&operations(), &mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": VERSION, "description": ABOUT},
        "servers": [{"url": format!("/{PREFIX}")}],
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

/// The schemas that the document needs. One type means different things to a reader and to a writer: what may be absent
/// when it is read can always be there when it is written.
pub(super) struct Schemas {
    /// Of requests.
    pub(super) read: SchemaGenerator,
    /// Of answers.
    pub(super) written: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        let read = settings.clone().for_deserialize().into_generator();
        Self { read, written: settings.for_serialize().into_generator() }
    }

    fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.read.take_definitions(true);
        all.extend(self.written.take_definitions(true));
        all
    }
}

fn paths(operations: &[Operation], schemas: &mut Schemas) -> Value {
    let mut paths = Map::new();
    for function in functions::all() {
        let Trigger::Http { method, route, .. } = &function.trigger else { continue };
        let described = operations.iter().filter(|operation| operation.function == function.name);
        for operation in described {
            let path = paths.entry(format!("/{route}")).or_insert_with(|| json!({}));
            path[method.as_str().to_lowercase()] = operation.describe(route, schemas);
        }
    }
    paths.into()
}
