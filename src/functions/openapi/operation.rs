//! The parameters, body and answers of one function, as an OpenAPI operation.

use std::{collections::BTreeMap, time::Duration};

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{
    headers::{self, Header},
    parameters::{self, Parameter},
    schemas::Schemas,
};
use crate::problem::{self, FieldErrors, Problem};

/// Gives a reference to a schema of the document.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of a type of the interface.
pub(crate) fn schema<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

/// What operations are grouped by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tag {
    Orders,
    Products,
    DeadLetters,
    Service,
}

impl Tag {
    const fn name(self) -> &'static str {
        match self {
            Self::Orders => "Orders",
            Self::Products => "Products",
            Self::DeadLetters => "Dead letters",
            Self::Service => "Service",
        }
    }
}

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// A function's entry in the OpenAPI document, without its method and route.
#[derive(Debug)]
pub struct OpenApiOperation {
    tag: Tag,
    summary: &'static str,
    requires_token: bool,
    parameters: Vec<Parameter>,
    body: Option<(SchemaOf, Value)>,
    responses: Vec<DocumentedResponse>,
    problems: Vec<Problem>,
}

/// A response other than a problem.
#[derive(Debug)]
struct DocumentedResponse {
    status: StatusCode,
    about: &'static str,
    schema: SchemaOf,
    cache: &'static str,
    headers: Vec<Header>,
}

impl OpenApiOperation {
    /// The operation of a function that anyone may call.
    pub(crate) fn new(tag: Tag, summary: &'static str) -> Self {
        Self {
            tag,
            summary,
            requires_token: false,
            parameters: Vec::new(),
            body: None,
            responses: Vec::new(),
            problems: vec![
                Problem::Malformed(""),
                Problem::UriTooLong,
                Problem::HeadersTooLarge,
                Problem::Internal,
                Problem::Unavailable,
            ],
        }
    }

    /// Adds to the operation what holds for every function that authenticates its caller.
    pub(crate) fn authenticated(self) -> Self {
        self.requires_token().problems([
            Problem::Unauthenticated,
            Problem::Forbidden,
            Problem::InsufficientScope,
            Problem::RateLimited(Duration::ZERO),
            Problem::TooManyConcurrent,
        ])
    }

    /// Adds to the operation that EasyAuth demands a token, although the function does not authenticate its caller.
    pub(crate) fn requires_token(self) -> Self {
        Self { requires_token: true, ..self }
    }

    pub(crate) fn parameters(self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        Self { parameters: parameters.into_iter().collect(), ..self }
    }

    /// Adds a required body to the operation.
    pub(crate) fn request_body(self, schema: SchemaOf, example: Value) -> Self {
        let problems = [
            Problem::BodyMissing,
            Problem::BodyTimeout,
            Problem::UnsupportedMediaType,
            Problem::TooLarge,
            Problem::InvalidFields(FieldErrors::default()),
        ];
        Self { body: Some((schema, example)), ..self.problems(problems) }
    }

    pub(crate) fn response(
        self,
        status: StatusCode,
        about: &'static str,
        schema: SchemaOf,
        headers: impl IntoIterator<Item = Header>,
    ) -> Self {
        self.cacheable_response("no-store", status, about, schema, headers)
    }

    /// An answer that may be cached.
    pub(crate) fn cacheable_response(
        mut self,
        cache: &'static str,
        status: StatusCode,
        about: &'static str,
        schema: SchemaOf,
        headers: impl IntoIterator<Item = Header>,
    ) -> Self {
        let headers = headers.into_iter().collect();
        self.responses.push(DocumentedResponse { status, about, schema, cache, headers });
        self
    }

    pub(crate) fn problems(mut self, problems: impl IntoIterator<Item = Problem>) -> Self {
        self.problems.extend(problems);
        self
    }

    /// The function as the document has it.
    pub(super) fn to_openapi(&self, function: &str, route: &str, schemas: &mut Schemas) -> Value {
        let mut object = json!({
            "operationId": function,
            "tags": [self.tag.name()],
            "summary": self.summary,
            "security": if self.requires_token { json!([{"bearer": []}]) } else { json!([]) },
        });
        let own = self.parameters.iter().map(|parameter| parameter.to_openapi());
        let parameters: Vec<Value> = parameters::route_parameters(route).chain(own).collect();
        if !parameters.is_empty() {
            object["parameters"] = parameters.into();
        }
        if let Some((schema, example)) = &self.body {
            let example = json!({"typical": {"value": example}});
            let content = json!({JSON: {"schema": schema(&mut schemas.requests), "examples": example}});
            object["requestBody"] = json!({"required": true, "content": content});
        }
        object["responses"] = self.responses(schemas);
        object
    }

    fn responses(&self, schemas: &mut Schemas) -> Value {
        let mut responses = BTreeMap::new();
        for response in &self.responses {
            responses.insert(response.status.as_u16(), response.to_openapi(schemas));
        }
        let mut problems: BTreeMap<u16, Vec<&Problem>> = BTreeMap::new();
        for problem in &self.problems {
            problems.entry(problem.status().as_u16()).or_default().push(problem);
        }
        for (status, problems) in problems {
            let refused = problem_response(&problems, schemas);
            // A function may answer 503 with its own description; the handler crate's 503 has the one of every
            // problem.
            match responses.get_mut(&status) {
                Some(known) => add_problem_content(known, &refused),
                None => drop(responses.insert(status, refused)),
            }
        }
        let responses = responses.into_iter().map(|(status, response)| (status.to_string(), response));
        responses.collect::<Map<_, _>>().into()
    }
}

impl DocumentedResponse {
    fn to_openapi(&self, schemas: &mut Schemas) -> Value {
        let cache = headers::cache_control(self.cache);
        json!({
            "description": self.about,
            "headers": headers::to_openapi(self.headers.iter().cloned().chain([cache])),
            "content": {JSON: {"schema": (self.schema)(&mut schemas.responses)}},
        })
    }
}

/// All problems of one status.
fn problem_response(problems: &[&Problem], schemas: &mut Schemas) -> Value {
    let about: Vec<String> =
        problems.iter().map(|problem| format!("`{}`: {}.", problem.slug(), problem.title())).collect();
    let own = [headers::retry_after(), headers::www_authenticate()].into_iter().filter_map(|header| {
        let carrying = problems
            .iter()
            .filter(|problem| problem.header().is_some_and(|(name, _)| header.has_name(name.as_str())));
        match carrying.count() {
            0 => None,
            all if all == problems.len() => Some(header),
            _ => Some(header.optional()),
        }
    });
    let cache = headers::cache_control("no-store");
    json!({
        "description": about.join(" "),
        "headers": headers::to_openapi(own.chain([cache])),
        "content": {PROBLEM: {"schema": schemas.responses.subschema_for::<problem::ProblemDocument<'static>>()}},
    })
}

/// One status with two descriptions: only one of them may carry the refusal's own headers.
fn add_problem_content(known: &mut Value, refused: &Value) {
    known["content"][PROBLEM] = refused["content"][PROBLEM].clone();
    for (name, header) in refused["headers"].as_object().into_iter().flatten() {
        if known["headers"].get(name).is_none() {
            known["headers"][name] = header.clone();
            known["headers"][name]["required"] = false.into();
        }
    }
}
