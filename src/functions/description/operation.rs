//! What one function takes and gives, in the words of OpenAPI.

use std::{collections::BTreeMap, time::Duration};

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{
    headers::{self, Header},
    parameters::{self, Parameter},
    schemas::Schemas,
};
use crate::problem::{self, FieldFaults, Problem};

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

/// What the document says of one function beyond its method and route.
#[derive(Debug)]
pub struct Operation {
    tag: Tag,
    summary: &'static str,
    with_token: bool,
    parameters: Vec<Parameter>,
    body: Option<(SchemaOf, Value)>,
    answers: Vec<Given>,
    refusals: Vec<Problem>,
}

/// An answer other than a refusal.
#[derive(Debug)]
struct Given {
    status: StatusCode,
    about: &'static str,
    schema: SchemaOf,
    cache: &'static str,
    headers: Vec<Header>,
}

impl Operation {
    /// A function, as far as anyone may call it.
    pub(crate) fn new(tag: Tag, summary: &'static str) -> Self {
        Self {
            tag,
            summary,
            with_token: false,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: vec![
                Problem::Malformed(""),
                Problem::UriTooLong,
                Problem::HeadTooLarge,
                Problem::Internal,
                Problem::Unavailable,
            ],
        }
    }

    /// The same where the function asks who is calling.
    pub(crate) fn identified(self) -> Self {
        self.behind_the_front().refusing([
            Problem::Unauthenticated,
            Problem::Forbidden,
            Problem::InsufficientScope,
            Problem::RateLimited(Duration::ZERO),
            Problem::Overlapping,
        ])
    }

    /// The same where the platform's front asks for a token, whatever the function does.
    pub(crate) fn behind_the_front(self) -> Self {
        Self { with_token: true, ..self }
    }

    pub(crate) fn taking(self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        Self { parameters: parameters.into_iter().collect(), ..self }
    }

    /// The same with a body that has to be there.
    pub(crate) fn reading(self, schema: SchemaOf, example: Value) -> Self {
        let refusals = [
            Problem::BodyMissing,
            Problem::BodyTimeout,
            Problem::MediaType,
            Problem::TooLarge,
            Problem::InvalidFields(FieldFaults::default()),
        ];
        Self { body: Some((schema, example)), ..self.refusing(refusals) }
    }

    pub(crate) fn giving(
        self,
        status: StatusCode,
        about: &'static str,
        schema: SchemaOf,
        headers: impl IntoIterator<Item = Header>,
    ) -> Self {
        self.giving_to_keep("no-store", status, about, schema, headers)
    }

    /// An answer that may be kept.
    pub(crate) fn giving_to_keep(
        mut self,
        cache: &'static str,
        status: StatusCode,
        about: &'static str,
        schema: SchemaOf,
        headers: impl IntoIterator<Item = Header>,
    ) -> Self {
        let headers = headers.into_iter().collect();
        self.answers.push(Given { status, about, schema, cache, headers });
        self
    }

    pub(crate) fn refusing(mut self, refusals: impl IntoIterator<Item = Problem>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// The function as the document has it.
    pub(super) fn describe(&self, function: &str, route: &str, schemas: &mut Schemas) -> Value {
        let mut described = json!({
            "operationId": function,
            "tags": [self.tag.name()],
            "summary": self.summary,
            "security": if self.with_token { json!([{"bearer": []}]) } else { json!([]) },
        });
        let said = self.parameters.iter().map(|parameter| parameter.described());
        let parameters: Vec<Value> = parameters::of_route(route).chain(said).collect();
        if !parameters.is_empty() {
            described["parameters"] = parameters.into();
        }
        if let Some((schema, example)) = &self.body {
            let example = json!({"typical": {"value": example}});
            let content = json!({JSON: {"schema": schema(&mut schemas.read), "examples": example}});
            described["requestBody"] = json!({"required": true, "content": content});
        }
        described["responses"] = self.responses(schemas);
        described
    }

    fn responses(&self, schemas: &mut Schemas) -> Value {
        let mut responses = BTreeMap::new();
        for given in &self.answers {
            responses.insert(given.status.as_u16(), given.described(schemas));
        }
        let mut refusals: BTreeMap<u16, Vec<&Problem>> = BTreeMap::new();
        for problem in &self.refusals {
            refusals.entry(problem.status().as_u16()).or_default().push(problem);
        }
        for (status, problems) in refusals {
            let refused = refused(&problems, schemas);
            // A function may say 503 in its own words, and the protocol layer says it in those of every problem.
            match responses.get_mut(&status) {
                Some(known) => also(known, &refused),
                None => drop(responses.insert(status, refused)),
            }
        }
        let responses = responses.into_iter().map(|(status, response)| (status.to_string(), response));
        responses.collect::<Map<_, _>>().into()
    }
}

impl Given {
    fn described(&self, schemas: &mut Schemas) -> Value {
        let cache = headers::cache_control(self.cache);
        json!({
            "description": self.about,
            "headers": headers::described(self.headers.iter().cloned().chain([cache])),
            "content": {JSON: {"schema": (self.schema)(&mut schemas.written)}},
        })
    }
}

/// All refusals of one status.
fn refused(problems: &[&Problem], schemas: &mut Schemas) -> Value {
    let about: Vec<String> =
        problems.iter().map(|problem| format!("`{}`: {}.", problem.slug(), problem.title())).collect();
    let own = [headers::retry_after(), headers::www_authenticate()].into_iter().filter_map(|header| {
        let carrying = problems
            .iter()
            .filter(|problem| problem.header().is_some_and(|(name, _)| header.is(name.as_str())));
        match carrying.count() {
            0 => None,
            all if all == problems.len() => Some(header),
            _ => Some(header.sometimes()),
        }
    });
    let cache = headers::cache_control("no-store");
    json!({
        "description": about.join(" "),
        "headers": headers::described(own.chain([cache])),
        "content": {PROBLEM: {"schema": schemas.written.subschema_for::<problem::Document<'static>>()}},
    })
}

/// One status, said in two ways: only one of them may carry the refusal's own headers.
fn also(known: &mut Value, refused: &Value) {
    known["content"][PROBLEM] = refused["content"][PROBLEM].clone();
    for (name, header) in refused["headers"].as_object().into_iter().flatten() {
        if known["headers"].get(name).is_none() {
            known["headers"][name] = header.clone();
            known["headers"][name]["required"] = false.into();
        }
    }
}
