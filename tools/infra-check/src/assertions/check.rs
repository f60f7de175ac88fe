//! Checks one assertion against one deployment.

use super::{Assertion, Expectation, ReferencingResource};
use crate::{
    deployment::{Deployment, Resource, ResourceId},
    value::Value,
};

/// A resource that violates an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The id of the line.
    pub id: &'static str,
    /// The resource, or none when there is none of its type.
    pub resource: Option<String>,
    /// The reason.
    pub why: String,
}

/// Checks one assertion against a deployment. A value that cannot be evaluated violates the assertion.
#[must_use]
pub fn check(assertion: &Assertion, deployment: &Deployment) -> Vec<Violation> {
    let mut broken = Vec::new();
    let mut found = 0;
    for resource in deployment.resources.iter().filter(|resource| resource.kind == assertion.kind) {
        let about = match assertion.selects(resource) {
            Ok(about) => about,
            Err(why) => {
                broken.push(assertion.broken(Some(resource), why));
                continue;
            }
        };
        if !about {
            continue;
        }
        found += 1;
        if let Expectation::ReferencedBy(companion) = &assertion.want {
            if !deployment.resources.iter().any(|other| companion.is_of(other, resource)) {
                let why = format!("no {} points at it by `{}`", companion.kind, companion.by);
                broken.push(assertion.broken(Some(resource), why));
            }
            continue;
        }
        for value in values(&resource.body, assertion.path) {
            if let Err(why) = assertion.want.holds(value) {
                let why = format!("`{}` {why}, not {:?}", assertion.path, assertion.want);
                broken.push(assertion.broken(Some(resource), why));
            }
        }
    }
    if found < assertion.least {
        let why = format!("{found} {} of at least {}", assertion.kind, assertion.least);
        broken.push(assertion.broken(None, why));
    }
    broken
}

impl Assertion {
    /// Whether the assertion is about this resource of its type.
    ///
    /// # Errors
    /// When a filter reads what cannot be worked out.
    pub fn selects(&self, resource: &Resource) -> Result<bool, String> {
        agrees(&resource.body, self.only)
    }

    /// The assertion for resources that Azure returns, whose ids differ from those of the variants.
    #[must_use]
    pub fn for_live_resources(self, least: usize) -> Self {
        Self { want: self.want.for_live_resources(), least, ..self }
    }

    fn broken(&self, resource: Option<&Resource>, why: String) -> Violation {
        let resource = resource.map(|resource| resource.name.clone());
        Violation { id: self.id, resource, why }
    }
}

impl ReferencingResource {
    /// Whether `other` is the resource that must refer to `resource`.
    #[must_use]
    pub fn is_of(&self, other: &Resource, resource: &Resource) -> bool {
        let points = other.body.at(self.by).and_then(Value::text);
        let to_it = points.is_some_and(|text| ResourceId::parse(text).text() == resource.id);
        other.kind == self.kind && to_it && agrees(&other.body, self.only) == Ok(true)
    }
}

/// Whether every filter matches; a value that cannot be evaluated is an error.
fn agrees(body: &Value, only: &[(&str, &str)]) -> Result<bool, String> {
    for (path, want) in only {
        let value = body.at(path);
        if let Some(why) = value.and_then(Value::unknown) {
            return Err(format!("`{path}` cannot be worked out: {why}"));
        }
        if value.and_then(Value::text) != Some(*want) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The value at a path; with `[*]` those of every item, and one that is missing when there is no item.
fn values<'v>(body: &'v Value, path: &str) -> Vec<Option<&'v Value>> {
    let Some((list, rest)) = path.split_once("[*]") else { return vec![body.at(path)] };
    let items = match body.at(list) {
        Some(Value::List(items)) if !items.is_empty() => items,
        other => return vec![other.filter(|value| value.unknown().is_some())],
    };
    let rest = rest.trim_start_matches('.');
    let each = items.iter().map(|item| if rest.is_empty() { Some(item) } else { item.at(rest) });
    each.collect()
}
