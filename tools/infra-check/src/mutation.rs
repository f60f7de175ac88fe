//! Deployments with one change each. A wrong change must turn the line of the table red that is about it, and a harmless
//! change must not.

use crate::{
    assertions::{Assertion, Expectation},
    deployment::{Deployment, Resource},
    value::{Value, steps},
};

/// A deployment with one changed value.
#[derive(Debug)]
pub struct Mutation {
    /// The change, in words.
    pub description: &'static str,
    /// Whether the assertion must notice the change. One change for each assertion is harmless, and proves that the
    /// others are not noticed for some other reason.
    pub is_wrong: bool,
    /// The deployment with it.
    pub deployment: Deployment,
}

/// Why an assertion has no mutation: the deployment has no resource that it is about.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MutationError(String);

/// Every single change that violates an assertion: of the value, the property, the resource and a second resource.
///
/// # Errors
/// When one of them cannot be made.
pub fn mutations(deployment: &Deployment, line: &Assertion) -> Result<Vec<Mutation>, MutationError> {
    let about: Vec<usize> = places(deployment, line);
    let nothing = |why: &str| MutationError(format!("{}: {why}", line.id));
    let first = about.first().and_then(|place| deployment.resources.get(*place));
    let first = first.ok_or_else(|| nothing("no resource"))?;
    let (target, path) = target(deployment, line, &about).ok_or_else(|| nothing("no companion"))?;
    let path = steps(path);
    let wrong = |description, deployment| Mutation { description, is_wrong: true, deployment };
    let mut all = vec![
        wrong("another value", deployment.changed(target, |body| body.with(&path, line.want.opposite()))),
        wrong("no such resource", deployment.without(&about)),
        wrong("a second resource without it", second(deployment, line, first)),
        Mutation {
            description: "another tag",
            is_wrong: false,
            deployment: deployment
                .changed(target, |body| body.with(&steps("tags.another"), Value::exact("tag"))),
        },
    ];
    if !matches!(line.want, Expectation::Absent) {
        all.push(wrong("no such property", deployment.changed(target, |body| body.without(&path))));
    }
    Ok(all)
}

impl Deployment {
    fn changed(&self, place: usize, change: impl Fn(&Value) -> Value) -> Self {
        let mut changed = self.clone();
        if let Some(resource) = changed.resources.get_mut(place) {
            resource.body = change(&resource.body);
        }
        changed
    }

    fn without(&self, places: &[usize]) -> Self {
        let kept = self.resources.iter().enumerate().filter(|(place, _)| !places.contains(place));
        Self { resources: kept.map(|(_, one)| one.clone()).collect() }
    }
}

/// The positions of an assertion's resources.
fn places(deployment: &Deployment, line: &Assertion) -> Vec<usize> {
    let is_about = |one: &Resource| one.kind == line.kind && line.selects(one) == Ok(true);
    let places = deployment.resources.iter().enumerate().filter(|(_, one)| is_about(one));
    places.map(|(place, _)| place).collect()
}

/// The position of the resource with the asserted property, and the property: the companion, if the assertion is about
/// one.
fn target<'l>(deployment: &Deployment, line: &'l Assertion, about: &[usize]) -> Option<(usize, &'l str)> {
    let first = *about.first()?;
    let Expectation::ReferencedBy(companion) = &line.want else { return Some((first, line.path)) };
    let resource = deployment.resources.get(first)?;
    let found = deployment.resources.iter().position(|other| companion.is_of(other, resource))?;
    Some((found, companion.by))
}

/// Another resource of the type, which matches the assertion's filters and has nothing else.
fn second(deployment: &Deployment, line: &Assertion, first: &Resource) -> Deployment {
    let mut body = Value::Object(Vec::new());
    for (path, value) in line.only {
        body = body.with(&steps(path), Value::exact(*value));
    }
    if matches!(line.want, Expectation::Absent) {
        body = body.with(&steps(line.path), line.want.opposite());
    }
    let name = body.get("name").and_then(Value::text).unwrap_or("second").to_owned();
    let mut changed = deployment.clone();
    // Its id contains no parent and no scope.
    changed.resources.push(Resource::new("second", &first.kind, &first.version, &name, &body));
    changed
}
