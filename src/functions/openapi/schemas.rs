//! The schemas that the document needs.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// One type has two schemas, for requests and for answers: a member that is optional in a request can be required in
/// an answer.
pub(super) struct Schemas {
    /// Of requests.
    pub(super) requests: SchemaGenerator,
    /// Of answers.
    pub(super) responses: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        let requests = settings.clone().for_deserialize().into_generator();
        Self { requests, responses: settings.for_serialize().into_generator() }
    }

    pub(super) fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.requests.take_definitions(true);
        all.extend(self.responses.take_definitions(true));
        all
    }
}
