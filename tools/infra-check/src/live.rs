//! Compares Azure's answers after a deployment with the compiled deployment: some properties can be lost silently.

use crate::{
    assertions::{Assertion, Expectation, ReferencingResource, Violation, check, table},
    deployment::{Deployment, Resource},
    value::Value,
    variants::Variant,
};

mod responses;
mod compare;
mod drift;
mod describe;

pub use drift::Drift;
pub use responses::LiveError;

/// Compares some of Azure's resources with the snapshot of the deployed variant, and with the assertions about their
/// types.
///
/// Properties that the snapshot does not name are Azure's own defaults, and only the table speaks of them. Where an
/// assertion allows more values than the snapshot has, the assertion counts. A line about one resource pointing at
/// another is held only when some resource of the other's type is given too.
///
/// # Errors
/// When an answer is none of Azure's, or is of no resource of that variant.
pub fn verify(answers: &[&str], variant: Variant, expected: &Deployment) -> Result<Vec<Drift>, LiveError> {
    let found = responses::read(answers, expected)?;
    let given = |kind: &str| found.resources_of_type(kind).next().is_some();
    let lines = table().into_iter().filter(|line| line.applies_to(variant) && given(line.kind));
    let is_given =
        |other: &ReferencingResource| found.resources_of_type(other.kind).any(|one| is_one(other, one));
    let lines =
        lines.filter(|line| !matches!(&line.want, Expectation::ReferencedBy(other) if !is_given(other)));
    // Ids are plain text afterwards, so only their being there can be held; and one resource is enough.
    let lines: Vec<_> = lines.map(|line| line.for_live_resources(1)).collect();
    let mut drifts: Vec<Drift> = lines.iter().flat_map(|line| broken(line, &found)).collect();
    for resource in &found.resources {
        let of_snapshot = compare::differences(resource, expected).ok_or_else(|| LiveError::Foreign {
            kind: resource.kind.clone(),
            name: resource.name.clone(),
            variant: variant.name,
        })?;
        let is_said = |drift: &Drift| {
            let mut about =
                lines.iter().filter(|line| line.path == drift.property && concerns(line, resource));
            about.any(|line| !matches!(line.want, Expectation::Present | Expectation::NonEmptyList))
        };
        drifts.extend(of_snapshot.into_iter().filter(|drift| !is_said(drift)));
    }
    Ok(drifts)
}

/// Whether a resource is one that could point at another.
fn is_one(companion: &ReferencingResource, resource: &Resource) -> bool {
    let says = |(path, want): &(&str, &str)| resource.body.at(path).and_then(Value::text) == Some(*want);
    companion.only.iter().all(says)
}

fn concerns(line: &Assertion, resource: &Resource) -> bool {
    line.kind == resource.kind && line.selects(resource) == Ok(true)
}

/// The resources that violate an assertion. An assertion about none of the given resources is not checked.
fn broken(line: &Assertion, found: &Deployment) -> Vec<Drift> {
    if !line.only.is_empty() && !found.resources.iter().any(|one| concerns(line, one)) {
        return Vec::new();
    }
    let said = |resource: &str| {
        let one = found.resources_of_type(line.kind).find(|one| one.name == resource);
        one.filter(|_| !line.path.is_empty()).and_then(|one| one.body.at(line.path))
    };
    let is_but_for_case = |broken: &Violation| {
        let text = broken.resource.as_deref().and_then(said).and_then(Value::text);
        text.is_some_and(|text| describe::is_but_for_case(&line.want, text))
    };
    let drift = |broken: Violation| {
        let resource = broken.resource.unwrap_or_default();
        Drift {
            kind: line.kind.to_owned(),
            property: line.path.to_owned(),
            expected: describe::wanted(&line.want),
            found: said(&resource).map_or(broken.why, Value::to_string),
            controls: vec![line.id],
            resource,
        }
    };
    check(line, found).into_iter().filter(|broken| !is_but_for_case(broken)).map(drift).collect()
}
