//! Finds the policies that an operation lacks although every request has to pass them.

use infra_check::policy::{AppliedPolicy, Element};

use super::{Policies, wanted};

/// What is missing from an operation or is not as it has to be, and what stands before what has to come first.
pub(super) fn gaps(policies: &Policies, operation: &str, front: Option<&str>) -> Vec<String> {
    let entry = front.map_or_else(wanted::by_address, wanted::by_front_door);
    let inbound = policies.steps(operation, "inbound");
    let mut gaps = Vec::new();
    // What the gateway does about a section that is left out is not written down, so none is.
    for section in ["inbound", "backend", "outbound", "on-error"] {
        if policies.scopes(operation).any(|scope| scope.child(section).is_none()) {
            gaps.push(format!("{operation}: a policy without {section}"));
        }
    }
    let own = policies.operations.get(&operation.to_lowercase()).map(comparable);
    if own != wanted::own(operation).as_ref().map(comparable) {
        gaps.push(format!("{operation}: its own policy is another than the reviewed one"));
    }
    let checked = passes(&inbound, &wanted::inbound(entry), operation, &mut gaps);
    let outbound = policies.steps(operation, "outbound");
    passes(&outbound, &wanted::outbound(), operation, &mut gaps);
    let backend = policies.steps(operation, "backend");
    passes(&backend, &wanted::backend(), operation, &mut gaps);
    if backend.len() != 1 {
        gaps.push(format!("{operation}: not forwarded once"));
    }
    let cached = |step: &AppliedPolicy| step.policy.name.starts_with("cache-");
    let early = inbound.iter().take(checked).any(cached);
    if early || (operation != "ListProducts" && inbound.iter().chain(&outbound).any(cached)) {
        gaps.push(format!("{operation}: an answer from the cache to somebody who was not checked"));
    }
    let replaces_caller = |step: &AppliedPolicy| {
        step.policy.name == "authentication-managed-identity"
            || (step.policy.name == "set-header" && step.policy.attribute("name") == Some("Authorization"))
    };
    if inbound.iter().any(replaces_caller) {
        gaps.push(format!("{operation}: the caller's token does not reach the worker"));
    }
    gaps
}

/// Holds the policies that no condition is around against the wanted ones, which may stand further apart but in no other
/// sequence and in no other form. Returns the position of the last one.
fn passes(steps: &[AppliedPolicy], wanted: &[Element], operation: &str, gaps: &mut Vec<String>) -> usize {
    let always: Vec<_> = steps.iter().enumerate().filter(|(_, step)| step.conditions.is_empty()).collect();
    let mut before = 0;
    for want in wanted {
        let is_it = |policy: &Element| comparable(policy) == comparable(want);
        let label = label(want);
        match always.iter().find(|(_, step)| is_it(&step.policy)) {
            None => gaps.push(format!("{operation}: no {label} as it has to be")),
            Some((place, _)) if *place < before => gaps.push(format!("{operation}: {label} comes too early")),
            Some((place, _)) => before = *place,
        }
        // A second one of the kind could let through what the first one stops.
        let same = always.iter().filter(|(_, step)| self::label(&step.policy) == label).count();
        if same > 1 {
            gaps.push(format!("{operation}: {label} more than once"));
        }
    }
    before
}

/// How a policy is called in a fault: one of headers by its header.
fn label(policy: &Element) -> String {
    let header = policy.attribute("name").filter(|_| policy.name == "set-header");
    [Some(policy.name.as_str()), header].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The policy without the sequence of attributes, which means nothing.
fn comparable(policy: &Element) -> Element {
    let mut attributes = policy.attributes.clone();
    attributes.sort();
    let children = policy.children.iter().map(comparable).collect();
    Element { name: policy.name.clone(), attributes, text: policy.text.clone(), children }
}
