//! The deployment that the compiler predicts for a variant.

use crate::value::{PathStep, Value};

mod id;

pub use id::ResourceId;

/// A resource that would be deployed.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The id of the resource; `‹…›` contains the parts that only Azure knows.
    pub id: String,
    /// The resource type, such as `Microsoft.Web/sites`.
    pub kind: String,
    /// The API version, such as `2025-03-01`.
    pub version: String,
    /// The whole name, with the parents' names before it and slashes between.
    pub name: String,
    /// The resource's properties: `name` is its own, without its parents'; `parent` and `scope` are ids.
    pub body: Value,
}

/// Everything that would be deployed.
#[derive(Debug, Clone, Default)]
pub struct Deployment {
    /// In the sequence in which the compiler names them.
    pub resources: Vec<Resource>,
}

impl Deployment {
    /// The resources of a type.
    pub fn resources_of_type<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = &'d Resource> {
        self.resources.iter().filter(move |one| one.kind == kind)
    }

    /// The values that cannot be evaluated, each with its resource.
    #[must_use]
    pub fn unknown_values(&self) -> Vec<String> {
        let why = |one: &Resource| one.body.unknown().map(|why| format!("{} {}: {why}", one.kind, one.name));
        self.resources.iter().filter_map(why).collect()
    }
}

impl Resource {
    /// A resource as the compiler or Azure describes it, with the parts of its id.
    #[must_use]
    pub fn new(id: &str, kind: &str, version: &str, name: &str, said: &Value) -> Self {
        let own = name.rsplit('/').next().unwrap_or(name);
        let mut body = said.with(&[PathStep::Name("name")], Value::exact(own));
        let id = ResourceId::parse(id);
        for (property, value) in [("parent", id.parent()), ("scope", id.scope())] {
            if let Some(value) = value {
                body = body.with(&[PathStep::Name(property)], Value::exact(value));
            }
        }
        Self {
            id: id.text().to_owned(),
            kind: kind.to_owned(),
            version: version.to_owned(),
            name: name.to_owned(),
            body,
        }
    }
}
